/** The panel's HTTP calls. Functions reject with a `Refusal`, unless their comment says that they never reject. The `reason` of a
 *  `Refusal` is the server's reason, or "network" if no answer came. The `retry_s` of a `Refusal` says after how many seconds the
 *  server allows another try; 0 if the server named no time. */

import type { CategoryView, Channel, FormFieldView, HttpReason, OpeningView, SiteView } from "../messages";
import type { StartFailure } from "../room/handoff";
import type { Supplement } from "./visit";

export interface PanelInfo {
  site: SiteView;
  category: CategoryView;
  language: string;
  staffed: boolean;
  /** Names of counselors who could answer now; counselors who can take another conversation now come first. */
  helpers: string[];
  low_s: number | null;
  high_s: number | null;
  retention_days: number;
  /** Whether the site lets operators listen in on calls. */
  may_listen: boolean;
  /** Whether the site lets visitors read their earlier conversations, if the partner's identification code says who
   *  the visitor is. */
  own_past?: boolean;
  /** Whether the site lets staff ask to see the page that the visitor is looking at. */
  cobrowse?: boolean;
  opening: OpeningView;
  channels: Channel[];
  /** The fields that visitors fill in before a conversation. */
  form?: FormFieldView[];
  /** Names of the query parameters that the site lets the panel share in page addresses. */
  page_params?: string[];
}

export class Refusal extends Error {
  constructor(
    readonly reason: StartFailure,
    message = "",
    readonly retry_s = 0,
  ) {
    super(message || reason);
    this.name = "Refusal";
  }
}

const CROWDED: readonly string[] = ["full", "overloaded", "unavailable"];

/** Returns after how many seconds the panel is allowed to repeat a refused request by itself; 0 if it is not allowed to. */
export const retryOf = (error: unknown): number =>
  error instanceof Refusal && CROWDED.includes(error.reason) ? error.retry_s : 0;

export async function call(path: string, init?: RequestInit): Promise<unknown> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(path, init);
    body = await response.json();
  } catch {
    throw new Refusal("network");
  }
  if (response.ok) return body;
  const { reason, message, retry_s } = body as { reason?: HttpReason; message?: string; retry_s?: number };
  throw new Refusal(reason ?? "internal", message, retry_s);
}

export const panelInfo = (site: string, category: string, lang: string) =>
  call(`/api/panel?${new URLSearchParams({ site, category, lang }).toString()}`) as Promise<PanelInfo>;

/** A session, and the token with which this page opens it. */
export interface Made {
  session: string;
  token: string;
}

/** What happens if the signed-in visitor already has an open text conversation. "begin": another conversation begins. "ask": the
 *  server refuses with `open_elsewhere`. */
export type WhenOpen = "begin" | "ask";

/** Further facts about a new session. `purpose` "later": the visitor only leaves a message or books a callback. */
export interface Beginning {
  when_open: WhenOpen;
  purpose: "talk" | "later";
  /** Id of each field of the form → what the visitor typed into it. */
  form: Record<string, string>;
  /** The region of the visitor, named as in `sangdam media --region`; "" if the partner's page names none. */
  region: string;
}

export const startSession = (code: string, channel: Channel, locale: string, supplement: Supplement, begins: Beginning) =>
  call("/api/sessions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ code, channel, locale, ...begins, supplement: { ...supplement, now: Date.now() } }),
  }) as Promise<Made>;

/** Tells the server on which page the visitor is now. Returns whether the server accepted the page. Never rejects. */
export const sendVisit = (session: string, token: string, seen: Supplement): Promise<boolean> =>
  fetch(`/api/sessions/${encodeURIComponent(session)}/visit`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ ...seen, now: Date.now() }),
  }).then(
    (answer) => answer.ok,
    () => false,
  );

/** Adds the product's picture to what staff see of the visit. Never rejects, because the session works without the picture. */
export const sendProductPicture = (session: string, token: string, picture: Blob): Promise<void> =>
  call(`/api/sessions/${encodeURIComponent(session)}/pictures?use=product`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": picture.type },
    body: picture,
  }).then(
    () => undefined,
    () => undefined,
  );
