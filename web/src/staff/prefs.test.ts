import { describe, expect, it } from "vitest";
import { readPrefs } from "./prefs";

const TOLD = { newSound: true, newTitle: true, newBadge: true, newNotify: true };

describe("remembered choices", () => {
  it("come back", () => {
    const kept = {
      language: "ko",
      ringVolume: 0.2,
      ringMuted: true,
      ...TOLD,
      newBadge: false,
      pushFor: "jimin",
      organisation: "acme",
    };
    expect(readPrefs(JSON.stringify(kept))).toEqual(kept);
  });
  it.each([null, "", "{", "null", "[]", '{"language":7,"ringVolume":7,"ringMuted":"yes","pushFor":7,"organisation":7}'])(
    "fall back when %s is stored",
    (stored) => {
      expect(readPrefs(stored)).toEqual({
        language: "",
        ringVolume: 0.6,
        ringMuted: false,
        ...TOLD,
        pushFor: "",
        organisation: "",
      });
    },
  );
});
