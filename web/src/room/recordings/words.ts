/** The recording bar's texts. They are loaded together with the bar, not with the page. */

import { texts } from "../../ui/i18n";
import en from "./en.json";
import ko from "./ko.json";

type Key = keyof typeof en;

export const { t } = texts<Key>(ko, en);

export const isKey = (key: string): key is Key => key in en;
