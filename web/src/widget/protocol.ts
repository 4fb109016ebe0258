// What widget and panel say to each other by postMessage. Both name the other's exact origin and check it on arrival;
// the panel learns its parent's origin from the first `context` (frame-ancestors has let only the site's origins embed it).
// The widget sends what the page holds as it is; the panel sorts out what it means (widget.js must stay under 2 KB).
export interface Product {
  id?: string;
  name?: string;
  price?: string;
  url?: string;
  image?: string;
}

/** The visit as the partner's page knows it. Nothing of it leaves the browser before Text, Voice or Video is pressed. */
export interface Context {
  /** Lines, newest first (see trail.ts); the first of a page is the page that is shown. */
  trail: string[];
  /** The page's clock, in ms, when this was told: its times may be off, or made up by a script. */
  now: number;
  /** `data-*` of the script element (site, category, lang, theme, codeUrl, productId, productName, productPrice, …) and what
   *  `Sangdam.init` was given. */
  data: { product?: Product; codeUrl?: string; getCode?: boolean } & Record<string, unknown>;
  /** The page's JSON-LD scripts and `<meta property>` tags (Open Graph), as they stand there. */
  html: string;
  /** Opened by hand, so the panel may take the focus; not so when it comes back after navigation. */
  pressed: boolean;
}

/** The code, or the `reason` why there is none (an error's name when one was thrown). */
export interface CodeAnswer {
  code?: string;
  reason?: string;
  message?: string;
  /** When to ask again, in seconds: the server is crowded. */
  retry_s?: number;
}

/** `answer`: the body of what was fetched, or what `getCode` gave, or `{reason}`: the name of the error that was thrown. */
export type ToPanel = { context: Context } | { ask: number; answer: unknown };

export type ToWidget =
  /** Fetch an address as the partner's page may; without `url`: call the page's `getCode` with `about`. */
  | { ask: number; url: string; init?: RequestInit; about?: undefined }
  | { ask: number; url?: undefined; about: object }
  | { fold: true }
  /** `status`: words for the pill ("" for the usual ones). `live`: a text session runs, reopen after navigation. */
  | { status: string; live: boolean };
