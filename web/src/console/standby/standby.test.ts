import { afterEach, expect, it, vi } from "vitest";
import { prefs, setPrefs } from "../../staff/prefs";
import { standsBy, turnOff } from "./standby";

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
