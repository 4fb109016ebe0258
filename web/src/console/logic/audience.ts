/** Decides who will read a line that this person writes, so that the page can say so before the line is sent. The server
 *  enforces the same rule. */
import type { Audience, HelpView } from "../../messages";

export type Why = "catching_up" | "consultation" | "whisper";

export interface AudienceRule {
  /** The only audience that the line can have; null if the writer can choose. */
  forced: Audience | null;
  /** The key of the text that says why the writer cannot choose the audience; null if the writer can choose. */
  why: Why | null;
}

const FREE: AudienceRule = { forced: null, why: null };
const staffBecause = (why: Why): AudienceRule => ({ forced: "staff", why });

/** Returns who is allowed to read a line that a member of staff writes. `you`: the participant id of that member. */
export function audienceRule(you: string, help: HelpView | null): AudienceRule {
  if (help === null) return FREE;
  if (help.state === "catching_up" && help.professional === you) return staffBecause("catching_up");
  if (help.state !== "joined") return FREE;
  if (help.mode === "consultation") return staffBecause("consultation");
  if (help.mode === "whisper" && help.professional === you) return staffBecause("whisper");
  return FREE;
}

/** Returns who will read a line: the audience that the rule forces, otherwise the writer's choice. */
export function audienceOf(rule: AudienceRule, choice: Audience): Audience {
  return rule.forced ?? choice;
}
