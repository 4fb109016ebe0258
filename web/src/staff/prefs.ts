/** A staff member's choices on this machine, kept in localStorage. */
import { createStore, setLocale } from "../ui";

export interface Prefs {
  /** The language in which the person wants the page; "" for that of the browser. */
  language: string;
  /** How loud a ring is, 0 to 1. */
  ringVolume: number;
  ringMuted: boolean;
  /** How the console announces a new line in a session that is not on the screen: by a sound, in the tab's title, by a badge on
   *  the page's icon, or by a notification. True: the person wants this. */
  newSound: boolean;
  newTitle: boolean;
  newBadge: boolean;
  newNotify: boolean;
  /** The id of the person who wants rings in this browser while the console is closed; "" for nobody. */
  pushFor: string;
  /** The organisation at whose own provider the person signs in; "" for the installation's provider. */
  organisation: string;
}

/** The ways to announce a new line. Each can be turned off. */
export const NEWS = ["newSound", "newTitle", "newBadge", "newNotify"] as const;

const KEY = "sangdam.console";
const DEFAULTS: Prefs = {
  language: "",
  ringVolume: 0.6,
  ringMuted: false,
  newSound: true,
  newTitle: true,
  newBadge: true,
  newNotify: true,
  pushFor: "",
  organisation: "",
};

/** Reads stored preferences. Unknown or damaged parts fall back to the defaults. */
export function readPrefs(kept: string | null): Prefs {
  let found: Partial<Record<keyof Prefs, unknown>>;
  try {
    found = (JSON.parse(kept ?? "{}") ?? {}) as Partial<Record<keyof Prefs, unknown>>;
  } catch {
    found = {};
  }
  const { language, ringVolume, pushFor, organisation } = found;
  const flag = (name: "ringMuted" | (typeof NEWS)[number]) => {
    const value = found[name];
    return typeof value === "boolean" ? value : DEFAULTS[name];
  };
  return {
    language: typeof language === "string" ? language : DEFAULTS.language,
    ringVolume: typeof ringVolume === "number" && ringVolume >= 0 && ringVolume <= 1 ? ringVolume : DEFAULTS.ringVolume,
    ringMuted: flag("ringMuted"),
    newSound: flag("newSound"),
    newTitle: flag("newTitle"),
    newBadge: flag("newBadge"),
    newNotify: flag("newNotify"),
    pushFor: typeof pushFor === "string" ? pushFor : DEFAULTS.pushFor,
    organisation: typeof organisation === "string" ? organisation : DEFAULTS.organisation,
  };
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // the browser forbids storage, so there are no stored choices
  }
}

export const prefs = createStore<Prefs>(readPrefs(typeof localStorage === "undefined" ? null : stored()));

export function setPrefs(change: Partial<Prefs>): void {
  prefs.update((now) => ({ ...now, ...change }));
  try {
    localStorage.setItem(KEY, JSON.stringify(prefs.get()));
  } catch {
    // the browser forbids storage, so the choices are lost when the page is closed or reloaded
  }
  if (change.language) void setLocale(change.language);
}

/** Applies the remembered language, unless the address asks for one. */
export function applyLanguage(): void {
  const { language } = prefs.get();
  if (language !== "" && !new URLSearchParams(location.search).has("lang")) void setLocale(language);
}
