/** Notifies of an incoming call or a new line through the browser, when allowed and while the tab is hidden. */

export type Permission = "granted" | "denied" | "default" | "unsupported";

export function permission(): Permission {
  return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
}

export async function askPermission(): Promise<Permission> {
  return typeof Notification === "undefined" ? "unsupported" : await Notification.requestPermission();
}

/** Shows the notification and returns a function that closes it. `stays`: until somebody closes it, as a ring does. */
export function notify(title: string, body: string, tag: string, stays = true): () => void {
  if (permission() !== "granted" || document.hasFocus()) return () => undefined;
  try {
    const shown = new Notification(title, { body, tag, requireInteraction: stays });
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
    return () => shown.close();
  } catch {
    return () => undefined; // Android only allows notifications from service workers
  }
}
