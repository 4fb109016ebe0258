import { texts } from "../ui";
import en from "./en.json";
import ko from "./ko.json";

export type TextKey = keyof typeof en;
export const { t, textOr } = texts<TextKey>(ko, en);
