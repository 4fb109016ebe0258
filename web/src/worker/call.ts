/** The call page's service worker. It shows that a counselor has answered, and opens the conversation. It stores nothing. */

import { kept, notice, told } from "./payload";
import { scope } from "./scope";

const PAGE = "/call";

scope.addEventListener("push", (event) => {
  const push = told(event.data?.json());
  if (push !== null) event.waitUntil(scope.registration.showNotification(push.title, notice(push)));
});

scope.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(kept(event.notification.data)?.device ?? ""));
});

async function open(device: string): Promise<void> {
  const pages = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  const call = pages.find((one) => new URL(one.url).pathname === PAGE);
  if (call !== undefined) await call.focus().catch(() => undefined);
  else await scope.clients.openWindow(`${PAGE}#push=${encodeURIComponent(device)}`);
}
