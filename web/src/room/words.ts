/** The texts that visitors and staff see in a conversation, and how these texts name people. */

import type { Line, ParticipantView, Role, SessionView } from "../messages";
import { locale, texts, type Args } from "../ui/i18n";
import type en from "./en.json";

export type RoomKey = keyof typeof en;

export const { t, isKey } = texts<RoomKey>(import.meta.glob("./*.json", { import: "default" }));

export const roleName = (role: Role): string => t(`role.${role}`);

/** Returns a person's name; a visitor without a name is "Visitor". */
export const nameOf = (person: { name: string; role: Role | "system" }): string => person.name || t("visitor");

/** Returns "Jimin, counselor"; for a guest with a label, the label instead of the role. For a visitor, returns only the name; for
 *  a visitor without a name, "Visitor". */
export function nameAndRole(person: { name: string; role: Role; label?: string | undefined }): string {
  return (person.name && person.role !== "user") || person.label
    ? t("withRole", { name: nameOf(person), role: anyText(`label.${person.label}`) || roleName(person.role) })
    : nameOf(person);
}

export function shownName(session: SessionView, person: ParticipantView): string {
  return person.id === session.you ? t("you") : nameAndRole(person);
}

/** Joins names: "A", "A and B", "A, B and C". */
export function list(names: string[]): string {
  if (names.length <= 1) return names[0] ?? "";
  return t("and", { a: names.slice(0, -1).join(", "), b: names.at(-1) ?? "" });
}

/** Returns the text of a key; "" if there is no such text. */
type Lookup = (key: string, args: Args) => string;

const added: Lookup[] = [];

/** Adds texts that `anyText` can find. These are texts that most visitors never see, of system lines and of refused requests, so
 *  the call page does not load them at first. */
export const addTexts = (lookup: Lookup): void => {
  added.push(lookup);
};

/** Returns the text of `key`, which can be one of the added texts; "" if there is none. */
export const anyText = (key: string, args: Args = {}): string =>
  isKey(key) ? t(key, args) : added.reduce((found, lookup) => found || lookup(key, args), "");

/** Returns the words of a line that the system wrote; null when this page has no text for it. */
export function systemText(line: Line): string | null {
  const { role = "", name = "" } = line.args;
  const roleKey = `role.${role}`;
  const args = { ...line.args, name: name || t("visitor"), role: isKey(roleKey) ? t(roleKey) : role };
  return anyText(`system.${line.text}`, args) || null;
}

/** Formats a time of day in the page's language: in English "14:05". */
export function clock(at: number): string {
  const language = locale();
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
    hour: language === "ko" ? "numeric" : "2-digit",
    minute: "2-digit",
  }).format(at);
}
