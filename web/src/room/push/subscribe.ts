/** Subscribes this browser to pushes (Push API), for users and for staff. */

export interface Subscribed {
  endpoint: string;
  p256dh: string;
  auth: string;
}

/** `denied`: the person has not allowed notifications. `off`: this server sends no pushes. `failed`: anything else, for
 *  example: this browser or window cannot get pushes, or the browser's push service cannot be reached. */
export type PushFailure = "denied" | "off" | "failed";

export class PushFailed extends Error {
  override name = "PushFailed";

  constructor(readonly reason: PushFailure) {
    super(reason);
  }
}

/** Returns whether this page can subscribe to pushes. On an iPhone, the page can subscribe only after the person has added it to
 *  the home screen. */
export const canPush = () => "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;

export const isDenied = () => canPush() && Notification.permission === "denied";

/** Asks the person for permission, unless it was given, and subscribes to pushes. Call this inside a click. Rejects with
 *  PushFailed. */
export async function subscribe(script: string, scope: string): Promise<Subscribed> {
  if (!canPush()) throw new PushFailed("failed");
  if ((await Notification.requestPermission()) !== "granted") throw new PushFailed("denied");
  const key = await serverKey();
  try {
    const registration = await navigator.serviceWorker.register(script, { scope });
    await active(registration);
    const before = await registration.pushManager.getSubscription();
    if (before !== null && !sameKey(before.options.applicationServerKey, key)) await before.unsubscribe();
    return plain(await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  } catch {
    throw new PushFailed("failed");
  }
}

/** Returns this browser's present push subscription; null if there is none. Never rejects. */
export async function subscription(scope: string): Promise<Subscribed | null> {
  try {
    const registration = await navigator.serviceWorker.getRegistration(scope);
    const found = await registration?.pushManager.getSubscription();
    return found ? plain(found) : null;
  } catch {
    return null;
  }
}

async function serverKey(): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch("/api/push/key");
  } catch {
    throw new PushFailed("failed");
  }
  if (!response.ok) throw new PushFailed(response.status === 404 ? "off" : "failed");
  const { key } = (await response.json()) as { key: string };
  const text = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Waits until the service worker is active: only then can the browser subscribe to pushes. */
async function active(registration: ServiceWorkerRegistration): Promise<void> {
  const coming = registration.active ?? registration.waiting ?? registration.installing;
  if (coming === null || coming.state === "activated") return;
  await new Promise<void>((done) => coming.addEventListener("statechange", () => coming.state === "activated" && done()));
}

function sameKey(before: ArrayBuffer | null, now: Uint8Array): boolean {
  const bytes = new Uint8Array(before ?? new ArrayBuffer(0));
  return bytes.length === now.length && bytes.every((byte, i) => byte === now[i]);
}

function plain(found: PushSubscription): Subscribed {
  const { endpoint, keys } = found.toJSON();
  return { endpoint: endpoint ?? "", p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "" };
}
