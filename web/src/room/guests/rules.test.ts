import { describe, expect, it } from "vitest";
import { aParticipant, aSession, jimin } from "../testing";
import { mayRemove, originalOf, sidesOf } from "./rules";
import { nextLarge } from "./speaker";

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
