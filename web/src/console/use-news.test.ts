// @vitest-environment jsdom
import { h, render } from "preact";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { aSession } from "../room/testing";
import { NEWS, type Prefs, prefs, setPrefs } from "../staff/prefs";
import { ringer } from "./alerts";
import { useNews, useTitle } from "./use-news";
import type { Sessions } from "./use-sessions";

const session = aSession();
const before = prefs.get();
/** The announcements since the test began. Each is named by the preference that turns it off. */
let told: (typeof NEWS)[number][] = [];

class ShownNotification {
  static permission = "granted";
  constructor() {
    told.push("newNotify");
  }
}

function Console({ fresh }: { fresh: Sessions["fresh"] }) {
  const sessions: Sessions = { list: [session], current: null, choose: () => undefined, fresh, onPointer: () => undefined };
  useNews(sessions, 0);
  useTitle(sessions, false);
  return null;
}

beforeEach(() => {
  told = [];
  document.title = "";
  vi.stubGlobal("Notification", ShownNotification);
  Object.assign(navigator, {
    setAppBadge: () => Promise.resolve(told.push("newBadge")),
    clearAppBadge: () => Promise.resolve(),
  });
  vi.spyOn(document, "hasFocus").mockReturnValue(false);
  vi.spyOn(ringer, "note").mockImplementation(() => told.push("newSound"));
});

afterEach(() => {
  render(null, document.body);
  setPrefs(before);
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const show = (unread: number) => render(h(Console, { fresh: { [session.id]: unread } }), document.body);

it.each<Partial<Prefs>>([{}, ...NEWS.map((one) => ({ [one]: false })), { ringMuted: true }])(
  "announces a new line in every way that is not turned off: %j",
  async (off) => {
    setPrefs(off);
    show(0);
    await vi.waitFor(() => expect(document.title).not.toBe("")); // now the effects of the component have run once
    show(1);
    const silent = "ringMuted" in off ? ["newSound"] : Object.keys(off);
    await vi.waitFor(() => {
      const titled = document.title.startsWith("(1)") ? (["newTitle"] as const) : [];
      expect([...told, ...titled].toSorted()).toEqual(NEWS.filter((one) => !silent.includes(one)).toSorted());
    });
  },
);
