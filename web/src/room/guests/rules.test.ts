import { describe, expect, it } from "vitest";
import { aLine, aParticipant, aSession, jimin } from "../testing";
import type { Line, Original } from "../../messages";
import { barKeys, mayRemove, originalOf, sidesOf } from "./rules";
import { nextLarge } from "./speaker";
import { authorRole, guestLine } from "./words";

const guest = aParticipant({ id: "g", role: "guest", label: "interpreter", invited_by: "p2", name: "Mina" });
const seenBy = (you: string) => aSession({ you, participants: [aParticipant(), jimin(), guest] });

describe("what a person may do with guests", () => {
  it("lets the counselor remove everybody's guests, and the visitor only their own", () => {
    expect(mayRemove(seenBy("p2"), "p1")).toBe(true);
    expect(mayRemove(seenBy("p1"), "p1")).toBe(true);
    expect(mayRemove(seenBy("p1"), "p2")).toBe(false);
  });

  it("lets the visitor set only what the visitor hears, and a guest nothing", () => {
    expect([sidesOf(seenBy("p2")), sidesOf(seenBy("p1")), sidesOf(seenBy("g"))]).toEqual([["user", "staff"], ["user"], []]);
  });

  it("shows the originals of a guest who does not interpret as heard in full", () => {
    const session = {
      ...seenBy("p2"),
      interpreting: { guest: "g", by: "Jimin", user: "none" as const, staff: "full" as const, paused: false },
    };
    expect(originalOf(session, "g", "user")).toBe("none");
    expect(originalOf(session, "x", "user")).toBe("full");
  });
});

describe("what the bar and the lines say of guests", () => {
  const bar = (user: Original, staff: Original, mine: "user" | "staff") =>
    barKeys({ guest: "g", by: "Jimin", user, staff, paused: false }, mine, false);

  it("names the side for which a guest interprets, and how that side hears the other", () => {
    expect(bar("none", "full", "staff")).toEqual(["interpret.bar.for.user", "interpret.bar.other.user.none"]);
    expect(bar("none", "full", "user")).toEqual(["interpret.bar.for.you", "interpret.bar.user.none"]);
    expect(bar("full", "soft", "user")).toEqual(["interpret.bar.for.staff", "interpret.bar.other.staff.soft"]);
    expect(bar("soft", "none", "staff")).toEqual(["interpret.bar", "interpret.bar.staff.none", "interpret.bar.other.user.soft"]);
  });

  it("says that interpreting is paused because the microphone is off", () => {
    const view = { guest: "g", by: "Jimin", user: "none" as const, staff: "full" as const, paused: true };
    expect(barKeys(view, "user", false, true)).toEqual(["interpret.bar.muted"]);
    expect(barKeys(view, "user", true, true)).toEqual(["interpret.bar.muted.you"]);
    expect(barKeys(view, "user", false)).toEqual(["interpret.bar.paused"]);
  });

  it("names what a guest is, also in lines of a guest who has left", () => {
    const joined = aLine(1, { kind: "system", text: "guest.joined", args: { name: "Mina", label: "interpreter", by: "" } });
    expect(guestLine(joined, "Mina")).toBe("Mina joined (interpreter), invited by the visitor");
    expect(guestLine({ ...joined, text: "joined" }, "Mina")).toBe("");
    const said: Line = aLine(2, { role: "guest", name: "Mina", args: { label: "interpreter" } });
    expect([authorRole(said, "guest"), authorRole({ ...said, args: {} }, "guest")]).toEqual(["interpreter", "guest"]);
  });
});

describe("who is large on the stage", () => {
  const five = ["a", "b", "c", "d", "e"];
  it("is nobody in a small room", () => expect(nextLarge("a", ["a"], ["a", "b", "c"])).toBe(""));
  it("is the person who speaks, and stays that person through a pause", () => {
    expect(nextLarge("", ["b"], five)).toBe("b");
    expect(nextLarge("b", [], five)).toBe("b");
    expect(nextLarge("b", ["a", "b"], five)).toBe("b");
    expect(nextLarge("b", ["a"], five)).toBe("a");
  });
  it("is nobody once that person has left, until another speaks", () => {
    expect(nextLarge("x", [], five)).toBe("");
    expect(nextLarge("x", ["c", "x"], five)).toBe("c");
  });
});
