/** The messages between the panel's frame and this script on the partner's page, over a port that only the two have.
 *
 *  The panel makes the widget load this script. The script then answers the panel's next message with a port: it sends the port
 *  to the panel's origin only, and the panel takes a port only from the page that frames it. */

import type { Seen } from "./events";
import type { Mode } from "./rules";

/** The texts that the visitor reads on the page, in their language. */
export interface Words {
  /** Who sees the page, such as "Jimin sees this page". */
  seen: string;
  /** Said instead while nobody sees it. */
  unseen: string;
  /** Which texts are hidden. */
  what: string;
  stop: string;
  show: string;
  hide: string;
  /** Who proposes a page, such as "Jimin suggests this page". `open` and `dismiss` are the buttons. */
  link: string;
  open: string;
  dismiss: string;
}

export interface Spot {
  x: number;
  y: number;
}

/** What a member of staff shows on the page. `node`: number of an element. The spots are in ten-thousandths of its box. */
export interface Mark {
  name: string;
  kind: "pointer" | "frame" | "line";
  node: number;
  spots: Spot[];
}

export type ToPage =
  /** The page is seen (`seen`), or might be (false): in both cases the bar stands on the page. */
  | { state: { mode: Mode; seen: boolean; words: Words } }
  | { off: true }
  /** Send a new snapshot now, or nothing until the next such message. */
  | { snapshot: true }
  | { pause: true }
  | { alive: true }
  | { mark: Mark }
  | { link: { url: string; words: string; origins: string[] } };

export type FromPage = { first: boolean; events: Seen[] } | { stop: true };

/** How often the panel says that it is there, and after how long a page without such a word stops showing itself, ms. A browser
 *  lets timers of a hidden page run once a minute. */
export const ALIVE_MS = 5000;
export const SILENT_MS = 90_000;
