import { describe, expect, it } from "vitest";
import { arrange } from "./arrange";
import { hearing } from "./hearing";
import { aLine, aParticipant, aSession, drHan, jimin } from "./testing";
import { systemText } from "./words";
import "./writing/texts";

const room = (changes: object) => ({ ...aSession().room!, ...changes });
const media = { mic: true, camera: true, screen: true, interrupted: "" as const };

describe("the stage", () => {
  it("shows the counselor first and the professional next, each with name, also without a picture", () => {
    const { main, tiles } = arrange(aSession({ participants: [drHan(), aParticipant(), jimin()] }));
    expect(main).toBeNull();
    expect(tiles.map((tile) => [tile.person.name, tile.kind])).toEqual([
      ["Jimin", "none"],
      ["Dr. Han", "none"],
    ]);
  });

  it("makes a shared screen large and keeps its owner's face", () => {
    const slots = { "0": { participant: "p2", kind: "camera" as const }, "2": { participant: "p2", kind: "screen" as const } };
    const { main, tiles } = arrange(aSession({ participants: [aParticipant(), jimin({ media })], room: room({ slots }) }));
    expect(main).toMatchObject({ kind: "screen", slot: 2 });
    expect(tiles).toMatchObject([{ kind: "camera", slot: 0 }]);
  });

  it("shows no picture of a camera that was switched off, whatever the slots still say", () => {
    const slots = { "0": { participant: "p2", kind: "camera" as const } };
    expect(arrange(aSession({ room: room({ slots }) })).tiles[0]).toMatchObject({ kind: "none", slot: -1 });
  });
});

describe("who hears the user", () => {
  it("names those whose voice connections are up, also when their other connection is lost", () => {
    const participants = [aParticipant(), jimin(), drHan({ presence: "lost" })];
    const named = (hears: Record<string, string[]>) =>
      hearing(aSession({ participants, room: room({ hears }) })).hearers.map((one) => one.name);
    expect(named({ p2: ["p1"], p1: ["p2"] })).toEqual(["Jimin"]);
    expect(named({ p2: ["p1"], p3: ["p1"] })).toEqual(["Jimin", "Dr. Han"]);
  });

  it("tells who is being connected from nobody", () => {
    const connecting = aSession({ participants: [aParticipant(), jimin({ peer: "connecting" })], room: room({ hears: {} }) });
    expect(hearing(connecting)).toMatchObject({ hearers: [], coming: [{ name: "Jimin" }] });
    const left = aSession({ participants: [aParticipant(), jimin({ peer: "none" })], room: room({ hears: {} }) });
    expect(hearing(left)).toMatchObject({ hearers: [], coming: [] });
  });

  it.each([
    ["asking, unheard", { notice: "asking_professional", hears: {} }, "asking_unheard"],
    ["asking, heard", { notice: "asking_professional", hears: { p2: ["p1"] } }, "asking_heard"],
  ] as const)("%s", (_, changes, notice) => {
    expect(hearing(aSession({ room: room(changes) })).notice).toBe(notice);
  });

  it.each(["on_hold", "passing_on", "asking_colleague"] as const)(
    "names who is behind %s, before it says who reads along",
    (notice) => {
      const session = aSession({
        participants: [aParticipant(), jimin(), drHan({ presence: "reading" })],
        room: room({ notice, hears: {} }),
      });
      expect(hearing(session)).toMatchObject({ notice, about: { name: "Jimin" }, hearers: [] });
    },
  );

  it("says that a professional reads along, and who is being waited for", () => {
    const reading = [aParticipant(), jimin(), drHan({ presence: "reading" })];
    expect(hearing(aSession({ participants: reading }))).toMatchObject({ notice: "reading_along", about: { name: "Dr. Han" } });
    expect(hearing(aSession({ lost: "p2" }))).toMatchObject({ notice: "person_lost", about: { name: "Jimin" } });
    expect(hearing(aSession({ owner_lost: true })).notice).toBe("lost_owner");
  });
});

describe("system lines", () => {
  const SAID = [
    "joined",
    "left",
    "ended",
    "owner_lost",
    "handed_over",
    "help.reading",
    "help.joined",
    "hold.on",
    "hold.off",
    "listening.on",
    "listening.off",
    "listening.joined",
  ];
  const CHANNELS = ["voice", "video", "asked.voice", "asked.video", "declined", "missed"].map((channel) => `channel.${channel}`);

  it.each([...SAID, ...CHANNELS])("%s has words, and they name the person", (text) => {
    const line = aLine(1, { author: "", name: "", role: "system", kind: "system", at: 0 });
    const args = { name: "Jimin", role: "counselor", from: "Suho", reason: "left" };
    expect(systemText({ ...line, text, args })).toMatch(/^[^{}]{4,}$/);
  });
});
