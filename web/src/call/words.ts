import { texts } from "../ui/i18n";
import en from "./en.json";
import ko from "./ko.json";

export type CallKey = keyof typeof en;

const call = texts<CallKey>(ko, en);
export const t = call.t;

export const isCallKey = (key: string): key is CallKey => key in en;
