import { texts } from "../ui";
import en from "./en.json";
import ko from "./ko.json";

export type TextKey = keyof typeof en;
const all = texts<TextKey>(ko, en);
export const t = all.t;

/** `key` when it is one of the texts, else `fallback`: for keys that come from the server. */
export function textOr(key: string, fallback: string): string {
  return key in en ? t(key as TextKey) : fallback;
}
