/** The texts of the rare screens. They are loaded together with these screens, not with the page. */

import { texts } from "../../ui/i18n";
import en from "./en.json";
import ko from "./ko.json";

export type RareKey = keyof typeof en;

export const { t } = texts<RareKey>(ko, en);

export const isRareKey = (key: string): key is RareKey => key in en;
