/** The HTTP calls of the settings, and the types of their answers. */
import type { Channel, FieldProblem, Listening, StaffRole, TokenRight } from "../../messages";
import { ApiError, get, post } from "../../staff/api";
import { locale } from "../../ui";
import type { Page } from "../records";

export interface CategorySettings {
  id: string;
  /** Id of the parent category; "" for none. */
  parent: string;
  names: Record<string, string>;
  /** The category's priority in the queue. Null: the category has its parent's priority. */
  priority: number | null;
  widens_s: number[] | null;
  /** The fields that visitors fill in before a conversation of this category. Null: the category has its parent's fields. */
  form: FormField[] | null;
}

export interface FormField {
  id: string;
  /** Language → name of the field. */
  names: Record<string, string>;
  kind: "line" | "text" | "choice";
  required: boolean;
  /** For each choice of a "choice" field: language → name. */
  choices: Record<string, string>[];
}

/** How a site offers appointments, in minutes. `minutes`: length of an appointment. `buffer_minutes`: the counselor's pause after
 *  it. `notice_minutes`: the least time from booking to the start. `lead_minutes`: how long before the start the server begins
 *  to keep the counselor free for it. */
export interface AppointmentPlan {
  minutes: number;
  buffer_minutes: number;
  notice_minutes: number;
  lead_minutes: number;
}

export interface SiteSettings {
  names: Record<string, string>;
  origins: string[];
  languages: string[];
  accent: string;
  privacy_url: string;
  home_url: string;
  retention_days: number;
  page_params: string[];
  recording: "off" | "ask";
  callbacks: "offered" | "off";
  listening: Listening;
  file_mb: number;
  read_marks: "off" | "on";
  own_past: "shown" | "off";
  captions: "off" | "live" | "keep";
  guests: number;
  cobrowse: "off" | "strict" | "open";
  corner: "right" | "left";
  launcher_texts: Record<string, string>;
  channels: Channel[];
  waiting_notice: Record<string, string>;
  recording_notice: Record<string, string>;
  /** Null: the site offers no appointments. Without appointments, a callback can go to any counselor of the topic. */
  appointments: AppointmentPlan | null;
  categories: CategorySettings[];
}

export interface StoredSite {
  id: string;
  version: string;
  settings: SiteSettings;
  keys: string[];
  /** Id of the site's logo; "" if it has none. */
  logo: string;
  /** The HTML that the partner puts into the site's pages to get the widget. */
  snippet: string;
}

export interface SiteRow {
  id: string;
  name: string;
  origins: string[];
  categories: number;
}

export interface StaffSettings {
  name: string;
  roles: StaffRole[];
  languages: string[];
  sites: string[];
  categories: string[];
  texts: number;
  calls: number;
  active: boolean;
  /** The address for mails about the member's account; "" for none. */
  mail: string;
  /** The language of mails about the account; "" for the first of the member's `languages`. */
  locale: string;
}

/** Returns the settings of a new member: a counselor for all sites and categories. */
export const newMember = (): StaffSettings => ({
  name: "",
  roles: ["counselor"],
  languages: [locale()],
  sites: ["*"],
  categories: ["*"],
  texts: 3,
  calls: 1,
  active: true,
  mail: "",
  locale: locale(),
});

export interface StoredStaff {
  id: string;
  login: string;
  version: string;
  settings: StaffSettings;
}

export interface StaffRow {
  id: string;
  login: string;
  name: string;
  roles: StaffRole[];
  languages: string[];
  sites: string[];
  active: boolean;
}

/** A member of staff, and the one-time link with which the member sets a password. */
export interface Added {
  member: StoredStaff;
  link: string;
  expires_at: number;
  /** The mail address to which the server sends the link. "" if the server sends no mail: the page then shows `link`. */
  mailed: string;
}

export interface TokenItem {
  id: string;
  name: string;
  rights: TokenRight[];
  /** Ids of the sites for which the token works, or "*" for all sites. */
  sites: string[];
  /** The name of the person who made the token; "" if it was made on the command line. */
  maker: string;
  works: boolean;
  created_at: number;
  expires_at: number;
  /** When the token was last used; 0 if never. */
  used_at: number;
}

export interface TokenPage {
  items: TokenItem[];
  may_give: TokenRight[];
}

export interface NewToken {
  name: string;
  rights: TokenRight[];
  sites: string[];
  days: number;
}

/** A new API token. The token's text is shown now and never again. */
export interface MadeToken {
  item: TokenItem;
  token: string;
}

export type Problems = Record<string, FieldProblem>;

/** Returns the problem of each field that the server has refused; empty for any other failure. */
export const problemsOf = (error: unknown): Problems => (error instanceof ApiError ? error.fields : {});

const address = (path: string, query: Record<string, string | number>) =>
  `/api/settings/${path}?${new URLSearchParams(Object.entries({ ...query, lang: locale() }).map(([k, v]) => [k, String(v)]))}`;
const at = encodeURIComponent;

export const sites = (q: string, page: number) => get(address("sites", { q, page })) as Promise<Page<SiteRow>>;
export const site = (id: string) => get(`/api/settings/sites/${at(id)}`) as Promise<StoredSite>;
export const addSite = (id: string, settings: SiteSettings) =>
  post("/api/settings/sites", { id, settings }) as Promise<StoredSite>;
export const saveSite = (id: string, version: string, settings: SiteSettings) =>
  post(`/api/settings/sites/${at(id)}`, { version, settings }) as Promise<StoredSite>;
export const removeSite = (id: string) => post(`/api/settings/sites/${at(id)}/remove`);
export const sendLogo = (id: string, picture: Blob) =>
  post(`/api/settings/sites/${at(id)}/logo`, picture) as Promise<{ picture: string }>;
export const removeLogo = (id: string) => post(`/api/settings/sites/${at(id)}/logo/remove`);
/** A signing key of a site, or the address at which the server finds the site's keys. `kind`: the key's algorithm, or "address"
 *  for an address. `keys`: how many keys the server last found at the address; null before the server has asked there. */
export interface SigningKey {
  kid: string;
  kind: "HS256" | "EdDSA" | "ES256" | "address" | "unknown";
  public: string;
  address: string;
  keys: number | null;
}

export const signingKeys = async (id: string) =>
  (await (get(`/api/settings/sites/${at(id)}/keys`) as Promise<{ items: SigningKey[] }>)).items;
export const addKey = (id: string, key: { kid: string; public: string; address: string }) =>
  post(`/api/settings/sites/${at(id)}/keys`, key) as Promise<SigningKey & { secret: string }>;
export const removeKey = (id: string, kid: string) => post(`/api/settings/sites/${at(id)}/keys/${at(kid)}/remove`);

export const people = (q: string, page: number) => get(address("staff", { q, page })) as Promise<Page<StaffRow>>;
export const person = (id: string) => get(`/api/settings/staff/${at(id)}`) as Promise<StoredStaff>;
export const addPerson = (login: string, settings: StaffSettings) =>
  post("/api/settings/staff", { login, settings }) as Promise<Added>;
export const savePerson = (id: string, version: string, settings: StaffSettings) =>
  post(`/api/settings/staff/${at(id)}`, { version, settings }) as Promise<StoredStaff>;
export const newLink = (id: string) => post(`/api/settings/staff/${at(id)}/link`) as Promise<Added>;
/** Mails a member a link for a new password. If no mail can be sent, the answer contains the link. */
export const mailLink = (id: string) => post(`/api/settings/staff/${at(id)}/invite`) as Promise<Added>;
export const siteNames = () => get(`/api/operator/sites?lang=${locale()}`) as Promise<{ id: string; name: string }[]>;

export const tokens = () => get("/api/settings/tokens") as Promise<TokenPage>;
export const addToken = (wanted: NewToken) => post("/api/settings/tokens", wanted) as Promise<MadeToken>;
export const removeToken = (id: string) => post(`/api/settings/tokens/${at(id)}/remove`);
