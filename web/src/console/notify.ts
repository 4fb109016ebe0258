/** A notification of the browser for an incoming call, when allowed and the tab is not looked at. */

export type Permission = "granted" | "denied" | "default" | "unsupported";

export function permission(): Permission {
  return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
}

export async function askPermission(): Promise<Permission> {
  return typeof Notification === "undefined" ? "unsupported" : await Notification.requestPermission();
}

/** Shows it and returns what takes it away again. */
export function notify(title: string, body: string, tag: string): () => void {
  if (permission() !== "granted" || document.hasFocus()) return () => undefined;
  try {
    const shown = new Notification(title, { body, tag, requireInteraction: true });
    shown.onclick = () => {
      window.focus();
      shown.close();
    };
    return () => shown.close();
  } catch {
    return () => undefined; // Android allows notifications from service workers only
  }
}
