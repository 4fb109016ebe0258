/** The board's texts. They are loaded together with the board, not with the page. */

import { texts } from "../../ui/i18n";
import en from "./en.json";
import ko from "./ko.json";

export const { t } = texts<keyof typeof en>(ko, en);
