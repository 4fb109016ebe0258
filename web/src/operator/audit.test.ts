import { describe, expect, it } from "vitest";
import { ApiError } from "../staff/api";
import { setLocale } from "../ui/i18n";
import { changeText, subjectText, whyRefused } from "./audit";

describe("the subject of an entry", () => {
  it("is in the reader's language", async () => {
    await setLocale("ko");
    expect(subjectText({ subject: "site/shop", name: "가게" })).toBe("가게");
    expect(subjectText({ subject: "installation", name: "" })).toBe("설치 전체");
    expect(subjectText({ subject: "organisation/main", name: "" })).toBe("우리 조직");
    expect(subjectText({ subject: "mail/m-7", name: "" })).toBe("mail/m-7");
    await setLocale("en");
    expect(subjectText({ subject: "installation", name: "" })).toBe("The whole installation");
  });
});

describe("a change", () => {
  it("is told in words, each setting for itself", async () => {
    await setLocale("en");
    const roles = [
      { value: "desk", role: "counselor" },
      { value: "leads", role: "manager" },
    ];
    const change = { before: { roles: [], file_mb: 25 }, after: { roles, file_mb: 50 } };
    expect(changeText({ change })).toBe(
      "roles: (nothing) → (value: desk, role: counselor), (value: leads, role: manager); file_mb: 25 → 50",
    );
  });
});

describe("an undo that the server refuses", () => {
  it("is explained by the exact reason, in the reader's language", async () => {
    const refused = new ApiError("category_gone", "This cannot be undone: the site has no category “lenses”.", 409);
    await setLocale("ko");
    expect(whyRefused(refused)).toBe(
      "되돌릴 수 없어요. 이전 상담 결과에서 쓰던 분야가 삭제됐어요. 그 분야를 먼저 다시 추가해 주세요.",
    );
    await setLocale("en");
    expect(whyRefused(refused)).toMatch(/a topic that has been removed/);
  });

  it("names each field that would be wrong", () => {
    const refused = new ApiError("invalid", "", 422, null, { roles: "last_owner" });
    expect(whyRefused(refused)).toMatch(/^Cannot be undone.* roles: This is the last owner\./);
  });

  it("has the general sentence for every other reason", () => {
    expect(whyRefused(new ApiError("changed_meanwhile", "", 409))).toBe("Somebody else has changed this in the meantime.");
  });
});
