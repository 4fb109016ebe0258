import { expect, it } from "vitest";
import { keep, type Kept, loadKept } from "./kept";
import { memoryBox } from "./storage";

const session: Kept = {
  session: "s1",
  token: "secret",
  channel: "text",
  place: "panel",
  window: "sangdam-1",
  purpose: "talk",
  withheld: ["trail"],
  seen: "m5",
};

it("keeps a session over navigation, until it is given up", () => {
  const box = memoryBox();
  keep(session, box);
  expect(loadKept(box)).toEqual(session);
  keep(null, box);
  expect(loadKept(box)).toBeNull();
});

it("holds nothing when what was kept is no session", () => {
  const box = memoryBox();
  for (const text of ["", "null", "7", "{}", '{"session":1}']) {
    box.setItem("sangdam.panel", text);
    expect(loadKept(box)).toBeNull();
  }
});
