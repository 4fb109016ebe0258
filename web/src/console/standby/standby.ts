/** Turns on and off the pushes that announce rings while the console is closed, and says whether this browser gets these pushes.
 *  Also starts the page's service worker. */

import { ApiError, post } from "../../staff/api";
import { prefs, setPrefs } from "../../staff/prefs";
import { canPush, PushFailed, subscribe } from "../../room/push/subscribe";
import { createStore, locale } from "../../ui";

const SCRIPT = "/console-worker.js";
const SCOPE = "/console";
const LOOK_MS = 3_600_000; // time between two checks for a new version of the page, ms

/** Whether this browser gets rings as pushes while no console is open in it. */
export const standsBy = createStore(false);

/** A function that reloads the page in its new version; null while there is no new version. */
export const update = createStore<(() => void) | null>(null);

/** Starts the service worker. Subscribes again if this person wanted rings in this browser, because a subscription ends when the
 *  sign-in ends. Never rejects: without a service worker, the page only lacks pushes. */
export async function begin(me: string): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register(SCRIPT, { scope: SCOPE });
    watch(registration);
  } catch {
    return; // the browser allows no service worker, for example in a private window
  }
  if (prefs.get().pushFor !== me || !canPush() || Notification.permission !== "granted") return;
  await turnOn(me).catch(() => undefined); // if this fails, the settings say that this browser gets no rings
}

/** Asks the browser for permission to show notifications, and subscribes to pushes. Call this inside a click. Rejects with
 *  PushFailed. */
export async function turnOn(me: string): Promise<void> {
  const found = await subscribe(SCRIPT, SCOPE);
  try {
    await post("/api/push/browsers", { ...found, language: locale() });
  } catch (error) {
    throw new PushFailed(error instanceof ApiError && error.reason === "push_off" ? "off" : "failed");
  }
  setPrefs({ pushFor: me });
  standsBy.set(true);
}

/**
 * Ends pushes about rings to this browser. Rejects if the server refuses or cannot be reached; the pushes then continue, and the
 * page says so.
 */
export async function turnOff(): Promise<void> {
  await post("/api/push/browsers/remove");
  setPrefs({ pushFor: "" });
  standsBy.set(false);
}

/** Fills `update` when the service worker of a new version is ready to take over. The page keeps its version until somebody
 *  presses the button. */
function watch(registration: ServiceWorkerRegistration): void {
  const offer = () => {
    const { waiting } = registration;
    if (waiting === null || navigator.serviceWorker.controller === null) return;
    update.set(() => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      waiting.postMessage("update");
    });
  };
  const follow = () => registration.installing?.addEventListener("statechange", offer);
  offer();
  follow(); // the browser may have begun to load the new service worker before this function was called
  registration.addEventListener("updatefound", follow);
  setInterval(() => void registration.update().catch(() => undefined), LOOK_MS);
}
