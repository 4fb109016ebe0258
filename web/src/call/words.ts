import type { SessionView } from "../messages";
import { locale, texts } from "../ui/i18n";
import { whenText } from "../ui/when";
import en from "./en.json";
import ko from "./ko.json";

type CallKey = keyof typeof en;

const call = texts<CallKey>(ko, en);
export const t = call.t;

/** Returns when the topic opens again, in the visitor's language. */
export function closedText({ opening }: SessionView): string {
  const opens_at = opening?.opens_at ?? null;
  return opens_at === null ? t("closed.unknown") : t("closed.opens", { when: whenText(opens_at, Date.now(), locale()) });
}
