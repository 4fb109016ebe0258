import type { SessionView } from "../messages";
import { locale, texts } from "../ui/i18n";
import { whenText } from "../ui/when";
import type en from "./en.json";

type CallKey = keyof typeof en;

export const { t } = texts<CallKey>(import.meta.glob("./*.json", { import: "default" }));

/** Returns when the topic opens again, in the visitor's language. */
export function closedText({ opening }: SessionView): string {
  const opens_at = opening?.opens_at ?? null;
  return opens_at === null ? t("closed.unknown") : t("closed.opens", { when: whenText(opens_at, Date.now(), locale()) });
}
