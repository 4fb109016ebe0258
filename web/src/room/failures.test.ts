import { describe, expect, it } from "vitest";

import { setLocale } from "../ui/i18n";
import { RequestError } from "./connection";
import { failureText, lineFailure, peerEndText } from "./failures";

describe("what a failure says to a visitor", () => {
  it("is in their language, whatever the server's sentence", async () => {
    const closed = new RequestError("closed", "The opening hours are over; leave a message instead.");
    await setLocale("ko");
    expect(failureText(closed)).toBe("상담 시간이 끝났어요. 문의를 남기실 수 있어요.");
    await setLocale("en");
    expect(failureText(closed)).toBe("We are closed now. You can leave a message.");
  });

  it("is a general sentence for what they cannot change", () => {
    expect(failureText(new RequestError("stale_epoch"))).toBe("That did not work. Please try again in a moment.");
    expect(lineFailure("bad_message")).toBe("it could not be delivered");
    expect(lineFailure("replaced")).toBe("the conversation goes on in another tab");
  });

  it("blames the network only where it is the likely cause", () => {
    expect(peerEndText("silent")).toMatch(/internet connection/);
    expect(peerEndText("sctp_overflow")).not.toMatch(/internet connection/);
  });
});
