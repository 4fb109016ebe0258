/**
 * The messages between the panel's frame and the co-browsing script on the partner's page.
 *
 * The messages go over a port that only the panel's frame and the script have. The panel makes the widget load the script. The
 * script then answers the panel's next message with a port. The script sends the port to the panel's origin only, and the panel
 * accepts a port only from the page that frames the panel.
 */

import type { Seen } from "./events";
import type { Mode } from "./rules";

/** The texts that the visitor reads on the page, in the visitor's language. */
export interface Words {
  /** A sentence that says who sees the page, such as "Jimin sees this page". */
  seen: string;
  /** Shown instead of `seen` while nobody sees the page. */
  unseen: string;
  /** A sentence that says which texts of the page staff cannot read. */
  what: string;
  stop: string;
  show: string;
  hide: string;
  /** A sentence that says who proposes a page, such as "Jimin suggests this page". `open` and `dismiss` are the texts of the
   *  buttons. */
  link: string;
  open: string;
  dismiss: string;
}

export interface Spot {
  x: number;
  y: number;
}

/** A pointer, frame or line that a member of staff draws on the page. `node`: the number of the element at which it is drawn. The
 *  spots are in ten-thousandths of that element's box. */
export interface Mark {
  name: string;
  kind: "pointer" | "frame" | "line";
  node: number;
  spots: Spot[];
}

export type ToPage =
  /** Co-browsing is on. `seen`: whether somebody sees the page now. The page shows the bar with the Stop button in both cases. */
  | { state: { mode: Mode; seen: boolean; words: Words } }
  | { off: true }
  /** Asks the page for a new snapshot. After `pause`, the page sends nothing until this message. */
  | { snapshot: true }
  | { pause: true }
  | { alive: true }
  | { mark: Mark }
  | { link: { url: string; words: string; origins: string[] } };

export type FromPage = { first: boolean; events: Seen[] } | { stop: true };

/** The panel sends `alive` every `ALIVE_MS`. If no message of the panel arrives for `SILENT_MS`, the script stops showing the
 *  page to staff. `SILENT_MS` is longer than a minute, because browsers run the timers of a hidden page only once a minute. */
export const ALIVE_MS = 5000;
export const SILENT_MS = 90_000;
