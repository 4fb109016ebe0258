/** Shows browser notifications of incoming calls and new lines, if they are allowed and the tab is hidden. */

export type Permission = "granted" | "denied" | "default" | "unsupported";

export function permission(): Permission {
  return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
}

export async function askPermission(): Promise<Permission> {
  return typeof Notification === "undefined" ? "unsupported" : await Notification.requestPermission();
}

/** Shows a notification and returns a function that closes it. `stays`: it stays until somebody closes it, as for an incoming
 *  call. */
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
