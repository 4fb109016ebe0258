import type { CodeReason, OpeningView } from "../messages";
import type { FailureReason } from "../room/connection";
import type { StartFailure } from "../room/handoff";
import type { OneOf } from "../ui/one-of";
import { locale, texts, whenText } from "../ui";
import type en from "./en.json";

/** The reason why a conversation did not start, or why a request in a conversation failed. */
export type PanelFailure = StartFailure | FailureReason;

export type Key = keyof typeof en;

export const { t, isKey } = texts<Key>(import.meta.glob("./*.json", { import: "default" }));

/** Reasons of failures that have a sentence of their own, because the visitor can act on them or learns whom to ask. */
type Told =
  | CodeReason
  | OneOf<
      PanelFailure,
      | "full"
      | "overloaded"
      | "unavailable"
      | "signed_out"
      | "closed"
      | "network"
      | "offline"
      | "no_page"
      | "form_needed"
      | "not_offered"
      | "other"
    >;

/** Explains to the visitor why something failed. Reasons that a visitor cannot act on get a general sentence. */
export function refusalText(reason: PanelFailure): string {
  const key: Key = `refused.${reason as Told}`;
  return t(isKey(key) ? key : "refused.other");
}

/** Checks a reason that the partner's page gave. Returns "other" if we do not know the reason. */
export const knownReason = (reason: string): StartFailure => (isKey(`refused.${reason}`) ? (reason as StartFailure) : "other");

/** Returns the expected wait as "2–4 min" or "about 3 min"; "" when it is not known. */
export function rangeText(low_s: number | null | undefined, high_s: number | null | undefined): string {
  if (high_s == null) return "";
  const low = Math.max(1, Math.round((low_s ?? 0) / 60));
  const high = Math.max(1, Math.ceil(high_s / 60));
  return low < high ? t("wait.minutes", { low, high }) : t("wait.minute", { high });
}

export function dwellText(seconds: number): string {
  if (seconds < 1) return "";
  return seconds < 90 ? t("shared.trail.seconds", { seconds }) : t("shared.trail.minutes", { minutes: Math.round(seconds / 60) });
}

export const isClosed = (opening: OpeningView | null): boolean => opening?.open === false;

/** Returns a sentence such as "Closed now. Opens tomorrow 09:00." */
export function closedText(opening: OpeningView | null): string {
  const opens_at = opening?.opens_at ?? null;
  return opens_at === null ? t("closed") : t("closed.opens", { when: whenText(opens_at, Date.now(), locale()) });
}
