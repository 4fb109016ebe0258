/** The console's service worker. The worker shows a notification of each ring (incoming call) while no console is visible, and
 *  stores the files of the page. The worker stores nothing of a conversation, and no answer of the server's API. */

import { isRing, kept, notice, told, type Kept, type Told } from "./payload";
import { scope, type PageClient } from "./scope";
import { wayOf } from "./shell";

declare const SHELL: string[]; // paths of the files of the page, which `build.mjs` writes here
declare const BUILD: string; // a text that changes whenever one of the files in `SHELL` changes

const PAGE = "/console";
const STORE = `shell-${BUILD}`;
const QUIET_MS = 4_000; // how long the notification "the ring is over" stays
const files = new Set(SHELL);

// --- rings ------------------------------------------------------------------------------------------------------------

scope.addEventListener("push", (event) => {
  const push = told(event.data?.json());
  if (push !== null) event.waitUntil(show(push));
});

async function show(push: Told): Promise<void> {
  const { registration } = scope;
  if (isRing(push.kind) && push.ms === 0) return;
  const before = await registration.getNotifications({ tag: push.tag });
  if (push.kind === "over") {
    if (before.length > 0) await registration.showNotification(push.title, notice(push));
    setTimeout(() => void close(push.tag), QUIET_MS);
    await badge(0);
    return;
  }
  if ((await consoles()).some((one) => one.visibilityState === "visible")) return; // A visible console shows the ring itself.
  // A hidden console might have shown this ring already, in a notification with the visitor's name. That notification then stays.
  if (!isRing(push.kind) || before.length === 0) await registration.showNotification(push.title, notice(push));
  if (!isRing(push.kind)) return;
  await badge(1);
  await new Promise((done) => setTimeout(done, push.ms)); // waits until the ring is over
  await close(push.tag);
  await badge(0);
}

async function close(tag: string): Promise<void> {
  for (const one of await scope.registration.getNotifications({ tag })) one.close();
}

async function badge(count: number): Promise<void> {
  if ((await consoles()).length > 0 || !("setAppBadge" in navigator)) return; // an open console sets the badge itself
  await (count === 0 ? navigator.clearAppBadge() : navigator.setAppBadge(count)).catch(() => undefined);
}

scope.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const about = kept(event.notification.data);
  event.waitUntil(about !== null && event.action === "decline" ? decline(about) : openConsole(about, event.action));
});

async function decline(about: Kept): Promise<void> {
  let words = about.failed;
  try {
    const answer = await fetch("/api/push/decline", {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ reservation: about.reservation }),
    });
    if (answer.ok) words = ((await answer.json()) as { over?: unknown }).over === true ? about.late : "";
  } catch {
    // no connection to the server: `words` is still the sentence for a failed request
  }
  await badge(0);
  if (words === "") return;
  const said: Told = { ...NOTHING, title: about.title, body: words, tag: `late/${about.reservation}` };
  await scope.registration.showNotification(about.title, notice(said));
}

const NOTHING: Told = {
  kind: "over", tag: "", title: "", body: "", ms: 0, accept: "", decline: "", late: "", failed: "", device: "",
}; // prettier-ignore

/** Brings a console to the front, or opens a new console. The console accepts the ring if "Accept" was pressed. */
async function openConsole(about: Kept | null, action: string): Promise<void> {
  const accepts = action === "accept" && about !== null && about.reservation !== "" ? about.reservation : "";
  const open = await consoles();
  const first = open.find((one) => one.visibilityState === "visible") ?? open[0];
  if (first === undefined) {
    await scope.clients.openWindow(accepts === "" ? PAGE : `${PAGE}#accept=${encodeURIComponent(accepts)}`);
    return;
  }
  if (accepts !== "") first.postMessage({ kind: "sangdam-accept", reservation: accepts });
  await first.focus().catch(() => undefined);
}

async function consoles(): Promise<PageClient[]> {
  const pages = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  return pages.filter((one) => new URL(one.url).pathname === PAGE);
}

// --- the stored page and its files ------------------------------------------------------------------------------------

scope.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll([PAGE, ...SHELL])));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys().then((names) => Promise.all(names.filter((name) => name !== STORE).map((name) => caches.delete(name)))),
  );
});

scope.addEventListener("message", (event) => {
  if (event.data === "update") event.waitUntil(scope.skipWaiting());
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const way = wayOf(request, scope.location.origin, PAGE, files);
  // The page comes from the network whenever it can, so that a reload always brings the version of the server.
  if (way === "page") event.respondWith(fetch(request).catch(() => stored(PAGE)));
  if (way === "file") event.respondWith(stored(request.url).catch(() => fetch(request)));
});

async function stored(path: string): Promise<Response> {
  const found = await (await caches.open(STORE)).match(path);
  if (found === undefined) throw new Error("not stored");
  return found;
}
