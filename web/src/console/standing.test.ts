import { describe, expect, it } from "vitest";
import { aHelp, aSession, drHan, jimin } from "../room/testing";
import { standing } from "./standing";

const people = [jimin(), drHan()];

describe("where a member of staff stands", () => {
  it("nowhere without a session", () => {
    expect(standing(null, {})).toEqual({
      live: false,
      owner: false,
      reading: false,
      mayAsk: false,
      mayHold: false,
      joined: false,
    });
  });
  it("the counselor alone with the user may ask for help", () => {
    expect(standing(aSession({ you: "p2" }), {})).toEqual({
      live: true,
      owner: true,
      reading: false,
      mayAsk: true,
      mayHold: true,
      joined: false,
    });
  });
  it("nothing is live in a tab that was replaced, or after the end", () => {
    expect(standing(aSession({ you: "p2" }), { s1: true })).toMatchObject({ live: false, mayAsk: false });
    expect(standing(aSession({ you: "p2", state: "after" }), {})).toMatchObject({ live: false, mayAsk: false });
  });
  it("the professional reads first, then stands in a mode with the counselor", () => {
    const reading = aSession({ you: "p3", participants: people, help: aHelp({ state: "catching_up", mode: null }) });
    expect(standing(reading, {})).toMatchObject({ reading: true, owner: false, mayAsk: false, joined: false });
    expect(standing({ ...reading, help: aHelp({}) }, {})).toMatchObject({ reading: false, joined: true });
  });
  it("the counselor does not read while the professional does", () => {
    expect(standing(aSession({ you: "p2", participants: people, help: aHelp({ state: "catching_up" }) }), {}).reading).toBe(
      false,
    );
  });
  it("may hold the user alone or while one reads along, in a call that has sound, and not in a mode", () => {
    const owner = { you: "p2", participants: people };
    expect(standing(aSession({ ...owner, help: aHelp({ state: "catching_up", mode: null }) }), {}).mayHold).toBe(true);
    expect(standing(aSession({ ...owner, help: aHelp({}) }), {}).mayHold).toBe(false);
    expect(standing(aSession({ ...owner, room: { ...aSession().room!, media: false } }), {}).mayHold).toBe(false);
    expect(standing(aSession({ you: "p1" }), {}).mayHold).toBe(false);
  });
  it("who was handed the session may ask anew", () => {
    const taken = aSession({
      you: "p3",
      participants: [drHan({ owner: true })],
      help: aHelp({ state: "handed_over", mode: null }),
    });
    expect(standing(taken, {})).toMatchObject({ owner: true, mayAsk: true, joined: false });
  });
});
