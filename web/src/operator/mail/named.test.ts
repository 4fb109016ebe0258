import { describe, expect, test } from "vitest";
import { unknownNames, withName } from "./named";

describe("names in a mail's text", () => {
  test("unknown names are found once each, as they were typed", () => {
    expect(unknownNames("{site}: {nmae} {nmae} { site} {}", ["site", "name"])).toEqual(["{nmae}", "{ site}", "{}"]);
    expect(unknownNames("{site} {name} } { {a", ["site", "name"])).toEqual([]);
  });

  test("a name replaces the selection, and the cursor follows it", () => {
    expect(withName("Hello you!", "name", 6, 9)).toEqual({ text: "Hello {name}!", cursor: 12 });
    expect(withName("", "site", 0, 0)).toEqual({ text: "{site}", cursor: 6 });
  });
});
