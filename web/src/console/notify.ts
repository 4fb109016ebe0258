/** Shows browser notifications of incoming calls and new lines, if the person allows them and is not looking at the tab. */

import { t } from "../staff/texts";

export type Permission = "granted" | "denied" | "default" | "unsupported";

export function permission(): Permission {
  return typeof Notification === "undefined" ? "unsupported" : Notification.permission;
}

export async function askPermission(): Promise<Permission> {
  return typeof Notification === "undefined" ? "unsupported" : await Notification.requestPermission();
}

/** Shows a notification of an incoming call; if a service worker shows it, the notification has the buttons Accept and Decline.
 *  Returns a function that closes the notification. A push about the same call does not show a second notification. */
export function notifyCall(title: string, body: string, reservation: string): () => void {
  const tag = `ring/${reservation}`;
  if (permission() !== "granted" || document.hasFocus()) return () => undefined;
  let over = false;
  let close: () => void = () => undefined;
  void workerOf().then(async (worker) => {
    if (worker === null) {
      if (!over) close = notify(title, body, tag);
      return;
    }
    await worker.showNotification(title, {
      body,
      tag,
      icon: "/icons/icon-192.png",
      requireInteraction: true,
      actions: [
        { action: "accept", title: t("ring.accept") },
        { action: "decline", title: t("ring.decline") },
      ],
      data: { kind: "user", title, reservation, late: t("ring.late"), failed: t("error.unreachable"), device: "" },
    } as NotificationOptions);
    close = () => void worker.getNotifications({ tag }).then((shown) => shown.forEach((one) => one.close()));
    if (over) close(); // the call stopped ringing before the notification appeared
  });
  return () => {
    over = true;
    close();
  };
}

async function workerOf(): Promise<ServiceWorkerRegistration | null> {
  if (!("serviceWorker" in navigator)) return null;
  const found = await navigator.serviceWorker.getRegistration("/console").catch(() => undefined);
  return found?.active ? found : null;
}

/** Shows a notification and returns a function that closes it. `stays`: whether the notification stays until somebody closes it,
 *  as for an incoming call. */
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
    return () => undefined; // on Android, only a service worker can show notifications
  }
}
