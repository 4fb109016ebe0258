import { describe, expect, it } from "vitest";
import type { Mode, ParticipantView } from "../../messages";
import { aSession } from "../../room/testing";
import { cast, hearsIn, hearsNow, interpreterOf, lines, places, segment, shortName } from "./hearing";

const who = { user: "u", counselor: "c", professional: "p", guests: [] as string[] };
const ways = (hears: Record<string, string[]>) => lines(hears, ["u", "c", "p"]).map(({ a, b, way }) => `${a}${b} ${way}`);
const person = (id: string, role: ParticipantView["role"], presence: ParticipantView["presence"] = "here"): ParticipantView => ({
  id,
  role,
  presence,
  name: id,
  peer: "live",
  media: { mic: true, camera: false, screen: false, interrupted: "" },
  owner: false,
  listens: null,
  label: "",
  invited_by: "",
});

describe("who hears whom in a mode", () => {
  it("consultation leaves the user out, unless staff choose to hear them", () => {
    expect(ways(hearsIn("consultation", false, who))).toEqual(["uc none", "up none", "cp both"]);
    expect(ways(hearsIn("consultation", true, who))).toEqual(["uc b_hears_a", "up b_hears_a", "cp both"]);
  });
  it("whisper: the professional hears the user, the user does not hear the professional", () => {
    expect(ways(hearsIn("whisper", false, who))).toEqual(["uc both", "up b_hears_a", "cp both"]);
  });
  it("conference: everyone with everyone", () => {
    expect(ways(hearsIn("conference", false, who))).toEqual(["uc both", "up both", "cp both"]);
  });
  it("guests hear and are heard like the user", () => {
    const guested = { ...who, guests: ["g"] };
    const heard = (mode: Mode, hearUser: boolean) => {
      const hears = hearsIn(mode, hearUser, guested);
      return [hears.g, hears.c?.includes("g"), hears.p?.includes("g")];
    };
    expect(heard("consultation", false)).toEqual([[], false, false]);
    expect(heard("consultation", true)).toEqual([[], true, true]);
    expect(heard("whisper", false)).toEqual([["u", "c"], true, true]);
    expect(heard("conference", false)).toEqual([["u", "c", "p"], true, true]);
  });
  it("whoever hears only the interpreter does not hear the other side, except in a consultation", () => {
    const guested = { ...who, guests: ["i"] };
    const interpreter = { guest: "i", user: "none" as const, staff: "soft" as const };
    const hears = hearsIn("conference", false, guested, interpreter);
    expect(hears).toEqual({ u: ["i"], i: ["u", "c", "p"], c: ["u", "i", "p"], p: ["u", "i", "c"] });
    expect(hearsIn("whisper", false, guested, { ...interpreter, staff: "none" })).toMatchObject({ c: ["i", "p"], p: ["i", "c"] });
    expect(hearsIn("consultation", true, guested, interpreter)).toEqual(hearsIn("consultation", true, guested));
  });
  it("an interpreter who is muted or not connected covers nobody", () => {
    const interpreting = { guest: "i", by: "Jimin", user: "none" as const, staff: "full" as const, paused: false };
    const guest = (changes: Partial<ParticipantView>) => ({ ...person("i", "guest"), label: "interpreter" as const, ...changes });
    const found = (changes: Partial<ParticipantView>) =>
      interpreterOf(aSession({ interpreting, participants: [guest(changes)] }))?.guest ?? "";
    expect(found({})).toBe("i");
    expect(found({ media: { mic: false, camera: false, screen: false, interrupted: "" } })).toBe("");
    expect(found({ peer: "lost" })).toBe("");
  });
  it("never depends on hearUser outside consultation", () => {
    for (const mode of ["whisper", "conference"] as const) expect(hearsIn(mode, true, who)).toEqual(hearsIn(mode, false, who));
  });
});

describe("the picture of the people", () => {
  it("leaves out who has gone, and operators who listen in", () => {
    const people = [person("u", "user"), person("c", "counselor", "gone"), person("p", "professional"), person("o", "operator")];
    expect(cast(people)).toEqual({ user: "u", counselor: "", professional: "p", guests: [] });
  });
  it("takes no guest for the professional, and leaves the phone camera out", () => {
    const guest = (id: string, label: ParticipantView["label"]) => ({ ...person(id, "guest"), label });
    const owner = { ...person("c", "counselor"), owner: true };
    expect(cast([person("u", "user"), owner, guest("g", "family"), guest("k", "camera")])).toEqual({
      user: "u",
      counselor: "c",
      professional: "",
      guests: ["g"],
    });
  });
  it("knows the owner from a colleague who is to take over, and from a second professional", () => {
    const owner = (role: ParticipantView["role"]) => ({ ...person("c", role), owner: true });
    for (const role of ["counselor", "professional"] as const) {
      expect(cast([person("u", "user"), person("p", role), owner(role)])).toEqual({
        user: "u",
        counselor: "c",
        professional: "p",
        guests: [],
      });
    }
  });
  it("draws a line only between people present", () => {
    expect(lines({ u: ["c"], c: ["u"] }, ["u", "c", ""])).toEqual([{ a: "u", b: "c", way: "both" }]);
  });
  it.each([0, 1, 2, 3])("keeps people apart, and each line away from a third person, with %i guests", (count) => {
    const at = Object.values(places({ ...who, guests: ["g", "h", "i"].slice(0, count) }));
    for (const [n, a] of at.entries())
      for (const b of at.slice(n + 1)) {
        const length = Math.hypot(a.x - b.x, a.y - b.y);
        expect(length).toBeGreaterThan(count > 0 ? 75 : 90);
        for (const c of at.filter((one) => one !== a && one !== b)) {
          const along = ((c.x - a.x) * (b.x - a.x) + (c.y - a.y) * (b.y - a.y)) / length;
          const aside = Math.abs((c.x - a.x) * (b.y - a.y) - (c.y - a.y) * (b.x - a.x)) / length;
          expect(along < 0 || along > length || aside > 24, JSON.stringify({ a, b, c, aside })).toBe(true);
        }
      }
  });
  it("shortens names so that they are neither cut off nor cover one another", () => {
    const beside = ["Mina", "Grandmother Elizabeth", "김어머니", "김어머니께서"].map((name) => shortName(name, 202));
    expect(beside).toEqual(["Mina", "Grandmot…", "김어머니", "김어머니…"]);
    const between = ["Dr. Han", "Bartholomew Featherstone", "한도윤 선생님께서"].map((name) => shortName(name, 120));
    expect(between).toEqual(["Dr. Han", "Bartholomew F…", "한도윤 선생님…"]);
  });
  it("shortens a segment by the radius at both ends", () => {
    expect(segment({ x: 0, y: 0 }, { x: 100, y: 0 }, 20)).toEqual({ x1: 20, y1: 0, x2: 80, y2: 0 });
  });
  it("believes the server's matrix before its own", () => {
    const room = {
      epoch: 1,
      media: true,
      slots: {},
      hears: { c: ["p"] },
      board: "write" as const,
      notice: "" as const,
      held: false,
      limits: {},
      passing_to: "",
      soft: {},
      most_slots: 4,
    };
    expect(hearsNow(room)).toEqual({ c: ["p"] });
    expect(hearsNow(null)).toEqual({});
  });
});
