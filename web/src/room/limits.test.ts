import { describe, expect, it } from "vitest";
import type { ParticipantView } from "../messages";
import { cameBack, worst } from "./limits";
import { aParticipant, aSession, jimin } from "./testing";

const media = { mic: true, camera: true, screen: false, interrupted: "" } as const;
const seeing = (changes: Partial<ParticipantView> = {}) => {
  const session = aSession({ participants: [aParticipant(), jimin({ media, ...changes })] });
  return { ...session, room: { ...session.room!, slots: { "0": { participant: "p2", kind: "camera" as const } } } };
};

describe("pictures that one's own connection cannot carry", () => {
  it("are named by the worst of those that somebody sends", () => {
    expect(worst({}, seeing())).toBe("");
    expect(worst({ "0": "low", "3": "paused" }, seeing())).toBe("low");
    expect(worst({ "0": "paused" }, seeing())).toBe("paused");
    expect(worst({ "0": "paused" }, seeing({ presence: "lost" }))).toBe("");
  });

  it("are back when they are whole again, not when their sender is lost or has stopped", () => {
    expect(cameBack({ "0": "paused" }, {}, seeing())).toBe(true);
    expect(cameBack({ "0": "paused" }, { "0": "low" }, seeing())).toBe(false);
    expect(cameBack({ "0": "paused" }, {}, seeing({ presence: "lost" }))).toBe(false);
    expect(cameBack({ "0": "paused" }, {}, seeing({ media: { ...media, camera: false } }))).toBe(false);
    expect(cameBack({}, {}, seeing())).toBe(false);
  });
});
