import { texts } from "../../ui";
import en from "./en.json";
import ko from "./ko.json";

export const { t } = texts<keyof typeof en>(ko, en);
