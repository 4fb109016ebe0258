/** The names and roles of people in a session, as the pages for staff show them. */
import type { ParticipantView, Role, SessionView } from "../messages";
import { t } from "./texts";

export function nameOf(person: Pick<ParticipantView, "name"> | undefined | null): string {
  return person?.name || t("visitor");
}

export function roleName(role: Role | "system"): string {
  return t(`role.${role}`);
}

export function userOf(session: SessionView): ParticipantView | undefined {
  return session.participants.find((one) => one.role === "user");
}

/** Returns whether I am a professional who has accepted a request for help and not joined yet ("catching up"). */
export function amReading(session: SessionView): boolean {
  return session.help?.state === "catching_up" && session.help.professional === session.you;
}
