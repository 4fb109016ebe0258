import { expect, it } from "vitest";
import { aHelp, aSession } from "../room/testing";
import { setLocale } from "../ui";
import { transferWords } from "./help";

await setLocale("en");

it("a visitor who writes waits without a hold tone", () => {
  const help = aHelp({ state: "asking", transfer: "now", to_name: "Suho" });
  const said = (channel: "text" | "voice") => [
    transferWords(aSession({ channel }), help, { kind: "searching", waited_s: 3 }),
    transferWords(aSession({ channel }), help, { kind: "ringing", asked_before: 0, nth: 1, left_s: 9 }),
  ];
  for (const words of said("voice")) expect(words).toContain("hears a hold tone");
  for (const words of said("text")) expect(words).toContain("Visitor is waiting");
});
