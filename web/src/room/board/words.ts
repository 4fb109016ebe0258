/** The texts of the board, in its chunk. */

import { texts } from "../../ui/i18n";
import en from "./en.json";
import ko from "./ko.json";

export const { t } = texts<keyof typeof en>(ko, en);
