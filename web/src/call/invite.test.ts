import { afterEach, describe, expect, it, vi } from "vitest";
import { exchangeInvite, InviteRefused, takeInvite } from "./invite";
import { inviteText } from "./invited";

describe("a fresh link", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("gives up its invite, which the address no longer shows and a reload finds again", () => {
    const replaced: unknown[] = [];
    const history = {
      state: null as unknown,
      replaceState(state: unknown, ...rest: unknown[]) {
        this.state = state;
        replaced.push(rest);
      },
    };
    expect(takeInvite({ hash: "#invite=a.b.c", pathname: "/call" }, history)).toBe("a.b.c");
    expect(replaced).toEqual([["", "/call"]]);
    expect(takeInvite({ hash: "", pathname: "/call" }, history)).toBe("a.b.c");
    expect(takeInvite({ hash: "", pathname: "/call" }, history, "#push=")).toBe("");
    history.state = null;
    expect(takeInvite({ hash: "#board", pathname: "/call" }, history)).toBe("");
    expect(replaced).toHaveLength(1);
  });

  it("is exchanged for a session", async () => {
    const answer = { session: "s-1", token: "t", channel: "voice", locale: "ko" };
    vi.stubGlobal("fetch", () => Promise.resolve(Response.json(answer)));
    await expect(exchangeInvite("a.b.c")).resolves.toEqual(answer);
  });

  it("says in words why it leads nowhere", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ reason: "replayed", message: "" }, { status: 409 })));
    await expect(exchangeInvite("a.b.c")).rejects.toThrow(InviteRefused);
    expect(inviteText(new InviteRefused("replayed"))).not.toBe(inviteText(new InviteRefused("expired")));
    expect(inviteText(new Error("anything"))).toBe(inviteText(new InviteRefused("too_slow")));
    vi.stubGlobal("fetch", () => Promise.reject(new Error("offline")));
    await expect(exchangeInvite("a.b.c")).rejects.toMatchObject({ reason: "network" });
  });
});
