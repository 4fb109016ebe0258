import { describe, expect, it } from "vitest";
import type { ListenAs, SessionView } from "../../messages";
import { aParticipant, aSession, drHan, jimin } from "../../room/testing";
import { takesPart, told, ways } from "./speaking";

/** A call as the listening operator sees it. `hearers`: the people who hear the operator. */
function supervised(listens: ListenAs, hearers: string[] = [], changes: Partial<SessionView> = {}): SessionView {
  const { room } = aSession();
  const hears = Object.fromEntries(hearers.map((id) => [id, ["ops"]]));
  const ops = aParticipant({ id: "ops", name: "Ops", role: "operator", listens });
  return aSession({
    you: "ops",
    participants: [aParticipant(), jimin(), drHan(), ops],
    room: { ...room!, hears },
    ...changes,
  });
}

describe("how an operator takes part", () => {
  it("offers what the site allows", () => {
    expect(ways(supervised("listen", [], { listening: "on" }))).toEqual(["listen"]);
    expect(ways(supervised("listen", [], { listening: "whisper" }))).toEqual(["listen", "whisper"]);
    expect(ways(supervised("listen", [], { listening: "join" }))).toEqual(["listen", "whisper", "join"]);
  });

  it("follows the server, not the last click", () => {
    expect(takesPart(supervised("whisper"))).toBe("whisper");
    expect(takesPart(aSession({ you: "ops", participants: [] }))).toBe("listen");
  });

  it("says who hears the operator", () => {
    expect(told(supervised("listen"), false, true)).toBe("listen.told");
    expect(told(supervised("listen"), false, false)).toBe("listen.nothing");
    expect(told(supervised("whisper", ["p2"]), true, true)).toBe("listen.whispering");
    expect(told(supervised("whisper", ["p2", "p3"]), true, true)).toBe("listen.whispering.staff");
    expect(told(supervised("join", ["p1", "p2"]), true, true)).toBe("listen.joined");
    expect(told(supervised("join", ["p2"]), true, true)).toBe("listen.joined.staff");
  });

  it("promises no hearer while nobody hears the operator", () => {
    expect(told(supervised("whisper"), true, true)).toBe("listen.unheard");
    expect(told(supervised("join"), true, true)).toBe("listen.unheard");
  });

  it("says that nobody hears an operator whose microphone is off", () => {
    expect(told(supervised("whisper", ["p2"]), false, true)).toBe("listen.muted");
    expect(told(supervised("join", ["p1", "p2"]), false, true)).toBe("listen.muted");
  });
});
