import { texts } from "../../ui/i18n";
import en from "./en.json";
import ko from "./ko.json";

export type WritingKey = keyof typeof en;
export const { t } = texts<WritingKey>(ko, en);
export const isKey = (key: string): key is WritingKey => key in en;
