import { describe, expect, it } from "vitest";
import { ApiError } from "../staff/api";
import { setLocale } from "../ui/i18n";
import { whyRefused } from "./audit";

describe("an undo that the server refuses", () => {
  it("is explained by the exact reason, in the reader's language", async () => {
    const refused = new ApiError("category_gone", "This cannot be undone: the site has no category “lenses”.", 409);
    await setLocale("ko");
    expect(whyRefused(refused)).toBe(
      "되돌릴 수 없어요. 이전 상담 결과에서 쓰던 분야가 삭제됐어요. 그 분야를 먼저 다시 추가해 주세요.",
    );
    await setLocale("en");
    expect(whyRefused(refused)).toMatch(/a category that has been removed/);
  });

  it("names each field that would be wrong", () => {
    const refused = new ApiError("invalid", "", 422, null, { roles: "last_owner" });
    expect(whyRefused(refused)).toMatch(/^Cannot be undone.* roles: This is the last owner\./);
  });

  it("has the general sentence for every other reason", () => {
    expect(whyRefused(new ApiError("changed_meanwhile", "", 409))).toBe("Somebody else has changed this in the meantime.");
  });
});
