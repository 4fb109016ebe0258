import { afterEach, expect, it, vi } from "vitest";
import { prefs, setPrefs } from "../../staff/prefs";
import { begin, standsBy, turnOff, update } from "./standby";

afterEach(() => vi.unstubAllGlobals());

it("says that rings are off only once the server has removed the browser", async () => {
  setPrefs({ pushFor: "jimin" });
  standsBy.set(true);
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  await expect(turnOff()).rejects.toThrow();
  expect([standsBy.get(), prefs.get().pushFor]).toEqual([true, "jimin"]);
  vi.stubGlobal("fetch", () => Promise.resolve(new Response('{"removed":1}')));
  await turnOff();
  expect([standsBy.get(), prefs.get().pushFor]).toEqual([false, ""]);
});

it("offers a new version that the browser had found before the page began", async () => {
  const installing = new EventTarget();
  const posted: unknown[] = [];
  const workers: { installing: EventTarget; waiting: unknown } = { installing, waiting: null };
  const registration = Object.assign(new EventTarget(), workers);
  const serviceWorker = Object.assign(new EventTarget(), { controller: {}, register: () => Promise.resolve(registration) });
  vi.stubGlobal("navigator", { serviceWorker });
  await begin("suho");
  expect(update.get()).toBeNull();
  registration.waiting = { postMessage: (said: unknown) => posted.push(said) };
  installing.dispatchEvent(new Event("statechange"));
  update.get()?.();
  expect(posted).toEqual(["update"]);
});
