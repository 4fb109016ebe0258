import { texts } from "../../ui";
import en from "./en.json";
import ko from "./ko.json";

export type AccountKey = keyof typeof en;
export const { t } = texts<AccountKey>(ko, en);
