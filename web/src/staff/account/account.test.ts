import { afterEach, describe, expect, it, vi } from "vitest";
import { setLocale } from "../../ui";
import { ApiError } from "../api";
import { takeLinkToken } from "./new-password";
import { explain, isRefused } from "./refusals";
import { lastSeen } from "./sign-ins";

await setLocale("en");

const NOW = Date.UTC(2026, 10, 29, 3);
const item = { id: "a", device: "", network: "", since: NOW - 3_600_000, seen_at: NOW - 600_000, here: false };

afterEach(() => vi.unstubAllGlobals());

describe("the last use of a sign-in", () => {
  it("is a time, or now within the minute to which the server rounds", () => {
    expect(lastSeen(item, NOW, "en")).toContain("Last used");
    expect(lastSeen({ ...item, seen_at: NOW - 70_000 }, NOW, "en")).toBe("In use now");
    expect(lastSeen({ ...item, here: true }, NOW, "en")).toBe("In use now");
  });
});

describe("the token of a one-time link", () => {
  const at = (hash: string) => {
    const replaceState = vi.fn();
    vi.stubGlobal("location", { hash, pathname: "/console", search: "?lang=ko" });
    vi.stubGlobal("history", { replaceState });
    return replaceState;
  };

  it("leaves the address and the history", () => {
    const replaceState = at("#new-password=abc");
    expect(takeLinkToken("new-password")).toBe("abc");
    expect(replaceState).toHaveBeenCalledWith(null, "", "/console?lang=ko");
  });

  it("is no other part of the address", () => {
    const replaceState = at("#past/s-1");
    expect(takeLinkToken("new-password")).toBe("");
    expect(replaceState).not.toHaveBeenCalled();
  });
});

describe("a refusal", () => {
  it("is explained by its reason, or by how long to wait", () => {
    expect(explain(new ApiError("link_over", "", 410))).toContain("already used");
    expect(explain(new ApiError("too_many_sign_ins", "", 429, 65))).toContain("1:05");
    expect(explain(new ApiError("unreachable"))).toContain("does not answer");
  });

  it("is recognised by its reason alone", () => {
    expect(isRefused(new ApiError("prove_first"), "prove_first")).toBe(true);
    expect(isRefused(new Error("prove_first"), "prove_first")).toBe(false);
  });
});
