// The postMessage messages between widget and panel. Each side sends messages only to the exact origin of the other side, and
// checks the origin of the sender. The panel learns its parent's origin from the first `context`: frame-ancestors lets only the
// site's origins embed the panel. The widget sends the page's data as it is, and the panel interprets it, because widget.js must
// stay under 2 KB.
import type { Talk } from "./talk";

export interface Product {
  id?: string;
  name?: string;
  price?: string;
  url?: string;
  image?: string;
}

/** The data of the visit that the partner's page has. Before the visitor presses Text, Voice or Video, only site, category and
 *  language leave the browser. */
export interface Context {
  /** The trail as lines of text, newest first (see trail.ts). The first line that stands for a page is the page on the screen. */
  trail: string[];
  /** The time on the page's clock when this was sent, in ms. A script on the page might have changed that clock. */
  now: number;
  /** The script element's `data-*` attributes (site, category, lang, theme, region, codeUrl, productId, productName, productPrice, …)
   *  and the options given to `Sangdam.init`. */
  data: { product?: Product; codeUrl?: string; getCode?: boolean } & Record<string, unknown>;
  /** The HTML of the page's JSON-LD scripts and `<meta property>` tags (Open Graph), unchanged. */
  html: string;
  /** What the visitor has just pressed. "open": the visitor has opened the panel, and the panel is allowed to take the focus.
   *  "": the visitor has folded the panel. False: the visitor has pressed nothing. The panel reopened by itself after navigation,
   *  or the page reports a change. */
  pressed: string | false;
}

/** The answer to a request for an identification code: the code, or the `reason` why there is none. If an error was thrown, the
 *  reason is the error's name. */
export interface CodeAnswer {
  code?: string;
  reason?: string;
  message?: string;
  /** Seconds after which the panel is allowed to ask again, if the code was refused because the server is full. */
  retry_s?: number;
}

/** `answer`: the fetched body, or the result of `getCode`, or `{reason}` with the name of the error that was thrown. */
export type ToPanel = { context: Context } | { ask: number; answer: unknown };

/** Asks the partner's page to fetch the address `url`. Without `url`, asks that page to call `getCode` with `about`. `ask`: the
 *  number of this question, which the answer repeats; never 0. */
export type Asked = { ask: number } & (
  | { url: string; init?: RequestInit; about?: undefined }
  | { url?: undefined; about: object }
);

/** `status`: the text of the pill, which stands for the folded panel ("" for the default). `live`: whether the panel reopens
 *  after navigation, because a session is live. `talk`: the facts about the conversation that scripts on the page get (api.ts).
 *  `url`: a module of this server that the page must load. */
export interface Status {
  status: string;
  live: boolean;
  talk: Talk;
  url?: string;
}

export type ToWidget = Asked | { fold: true } | Status;

/** A message to the widget, before the widget has found out which kind of message it is. */
export type Told = Status & { ask?: number; fold?: true };
