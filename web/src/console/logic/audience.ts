/** Decides who will read what I write. The server enforces the same rule; this shows it before the line is sent. */
import type { Audience, HelpView } from "../../messages";

export type Why = "catching_up" | "consultation" | "whisper";

export interface AudienceRule {
  /** Set when there is no choice. */
  forced: Audience | null;
  /** Why there is no choice; a key of the texts. */
  why: Why | null;
}

const FREE: AudienceRule = { forced: null, why: null };
const staffBecause = (why: Why): AudienceRule => ({ forced: "staff", why });

/** `you`: the writer, counselor or the one who was asked into the session. */
export function audienceRule(you: string, help: HelpView | null): AudienceRule {
  if (help === null) return FREE;
  if (help.state === "catching_up" && help.professional === you) return staffBecause("catching_up");
  if (help.state !== "joined") return FREE;
  if (help.mode === "consultation") return staffBecause("consultation");
  if (help.mode === "whisper" && help.professional === you) return staffBecause("whisper");
  return FREE;
}

/** Returns the forced audience, else the writer's choice. */
export function audienceOf(rule: AudienceRule, choice: Audience): Audience {
  return rule.forced ?? choice;
}
