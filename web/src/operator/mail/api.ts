/** The operator's HTTP calls about mail: the outbox, and the sender and wording of a site's mails. */
import { get, post } from "../../staff/api";
import { locale } from "../../ui";
import type { Page } from "../records";

export interface MailItem {
  id: string;
  kind: string;
  site: string;
  session: string | null;
  /** The recipient's address, most of which is hidden. */
  to: string;
  state: "queued" | "sent" | "refused";
  /** Why the last try to send the mail failed: a reason of our server (one word), or the answer of the mail server; "" without a
   *  failure. */
  why: string;
  tries: number;
  created_at: number;
  next_at: number;
  sent_at: number | null;
}

export interface Outbox extends Page<MailItem> {
  enabled: boolean;
  /** Why the mail server takes no mail now; "" if the mail server takes mail. */
  trouble: string;
}

/** The site's own wording of one mail. In a field, "" stands for the standard wording. */
export interface Wording {
  subject: string;
  text: string;
}

/** The sender of a site's mails. In a field, "" stands for the standard value. */
export interface Sender {
  sender: string;
  from_address: string;
  reply_to: string;
}

export interface Plan extends Sender {
  content: "off" | "on";
  alerts: string[];
  alert_after_s: number;
  /** Language → the sender of mails in that language. The key "" holds the sender for languages without one of their own. */
  senders: Record<string, Sender>;
  /** The site's own wording of mails: language → kind of mail → subject and text. */
  texts: Record<string, Record<string, Wording>>;
}

export interface SiteMail {
  id: string;
  name: string;
  languages: string[];
  plan: Plan;
  /** The server's from-address, and the addresses and domains that the site is allowed to use instead. */
  own_from: string;
  allowed_from: string[];
}

export const outbox = (state: string, page: number) =>
  get(`/api/operator/mails?${new URLSearchParams({ state, page: String(page) }).toString()}`) as Promise<Outbox>;
export const retry = (id: string) => post(`/api/operator/mails/${encodeURIComponent(id)}/retry`);
export const plans = () => get(`/api/operator/mail?lang=${locale()}`) as Promise<SiteMail[]>;
/** Stores the settings of a site's mails. The server refuses if somebody else has changed the settings since `former` was read. */
export const savePlan = (site: string, plan: Plan, former: Plan) => post(mailOf(site), { plan, former });

/** The standard wording of one kind of mail. `names`: the names in braces, such as "{site}", that its texts can contain. */
export interface StandardText extends Wording {
  kind: string;
  names: string[];
}

export interface MailPreview extends Wording {
  html: string;
}

const mailOf = (site: string) => `/api/operator/sites/${encodeURIComponent(site)}/mail`;

export const standardTexts = (site: string, language: string) =>
  get(`${mailOf(site)}/wording?${new URLSearchParams({ language }).toString()}`) as Promise<StandardText[]>;
export const previewOf = (site: string, kind: string, language: string, wording: Wording) =>
  post(`${mailOf(site)}/preview`, { kind, language, wording }) as Promise<MailPreview>;
