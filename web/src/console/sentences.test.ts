import { describe, expect, it } from "vitest";
import { RequestError } from "../room/connection";
import { setLocale } from "../ui";
import { sentence } from "../staff/refusals";
import { makeActions } from "./actions";
import { ApiError } from "../staff/api";
import { explain } from "../staff/account/refusals";

await setLocale("en");

describe("what a refusal says", () => {
  it("the server's sentence, our own for what we know, a general one for the rest", () => {
    expect(sentence(new RequestError("bad_board", "It is not a board message."))).toBe("It is not a board message.");
    expect(sentence(new RequestError("not_yours"))).toBe("You cannot do this in this conversation.");
    expect(sentence(new RequestError("timeout"))).toBe("The server did not answer in time. Try again.");
    expect(sentence(new RequestError("offline"))).toBe("You are not connected to the server. Try again once you are back.");
    expect(sentence("?")).toBe("That did not work. Try again.");
    // the server's sentences are English, so they are added only where nothing else says what is wrong
    expect(sentence(new ApiError("bad_plan", "A tag has no name.", 400))).toMatch(/ A tag has no name\.$/);
    expect(sentence(new ApiError("bad_webhook", "Choose one event at least.", 400))).toMatch(
      /choose at least one event.*addresses\.$/,
    );
  });
  it("an action resolves to whether it was done", async () => {
    const sent: unknown[] = [];
    const actions = makeActions((message) => {
      sent.push(message);
      return message.type === "join" ? Promise.reject(new RequestError("not_yours")) : Promise.resolve();
    });
    expect(await actions.setMode("s1", "whisper", false)).toBe(true);
    expect(await actions.join("s1")).toBe(false);
    expect(sent[0]).toEqual({ type: "mode", session: "s1", mode: "whisper", hear_user: false });
  });
});

describe("what a refused sign-in says", () => {
  it("never which of the two was wrong, and how long to wait", () => {
    expect(explain(new ApiError("wrong_credentials", "", 401))).toMatch(/Wrong username or password/);
    expect(explain(new ApiError("too_many_sign_ins", "", 429, 65))).toBe("Too many tries. Wait 1:05 and try again.");
    expect(explain(new ApiError("too_many_sign_ins", "", 429))).toMatch(/few minutes/);
    expect(explain(new ApiError("unreachable"))).toMatch(/does not answer/);
  });
});
