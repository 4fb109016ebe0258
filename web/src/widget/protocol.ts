// What widget and panel say to each other by postMessage. Both name the other's exact origin and check it on arrival;
// the panel learns its parent's origin from the first `context` (frame-ancestors has let only the site's origins embed it).
// The widget sends what the page holds as it is; the panel sorts out what it means (widget.js must stay under 2 KB).
import type { Step } from "./trail";

export type { Step } from "./trail";

export interface Product {
  id?: string;
  name?: string;
  price?: string;
  url?: string;
  image?: string;
}

/** The visit as the partner's page knows it. Nothing of it leaves the browser before Text, Voice or Video is pressed. */
export interface Context {
  url: string;
  title: string;
  trail: Step[];
  /** `data-*` of the script element: site, category, lang, codeUrl, productId, productName, productPrice, … */
  data: Record<string, string | undefined>;
  /** What `Sangdam.init` was given. */
  product?: Product;
  /** The page's JSON-LD scripts and `<meta property>` tags (Open Graph), as they stand there. */
  html: string;
  /** Where the code is made: by the partner's own back end (it may vouch for the user), or by ours. */
  partner: boolean;
  /** Opened by hand, so the panel may take the focus; not so when it comes back after navigation. */
  pressed: boolean;
}

/** What makes a code, or `reason` why there is none (an error's name when it was thrown). */
export interface CodeAnswer {
  code?: string;
  reason?: string;
  message?: string;
  /** When to ask again: very many people are coming. */
  retry_s?: number;
}

export type ToPanel = { context: Context } | { picture: Blob } | { code: CodeAnswer; ask: number };

export type ToWidget =
  /** Make a code; `about` is what its maker is told. */
  | { ask: number; about: Record<string, unknown> }
  /** Fetch the product's picture as the partner's page may (no answer when it may not). */
  | { picture: string }
  | { fold: true }
  /** `status`: words for the pill ("" for the usual ones). `live`: a text session runs, reopen after navigation. */
  | { status: string; live: boolean };
