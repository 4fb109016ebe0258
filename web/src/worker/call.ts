/** The call page's service worker. The worker shows a notification when a counselor has written a reply or has joined. A press on
 *  the notification opens the conversation. The worker stores nothing. */

import { kept, notice, told } from "./payload";
import { scope } from "./scope";
import { pageOf } from "./whose";

const PAGE = "/call";

scope.addEventListener("push", (event) => {
  const push = told(event.data?.json());
  if (push !== null) event.waitUntil(scope.registration.showNotification(push.title, notice(push)));
});

scope.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const about = kept(event.notification.data);
  event.waitUntil(open(about?.device ?? "", about?.session ?? ""));
});

/** Brings the page of the conversation to the front. If no such page is open, opens one. */
async function open(device: string, session: string): Promise<void> {
  const pages = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  const calls = pages.filter((one) => new URL(one.url).pathname === PAGE);
  const call = await pageOf(calls, session);
  if (call !== undefined) await call.focus().catch(() => undefined);
  else await scope.clients.openWindow(`${PAGE}#push=${encodeURIComponent(device)}`);
}
