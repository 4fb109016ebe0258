/** During a conversation, tells the server which page the visitor is on. Leaves out the kinds of items (such as the product) that
 *  the visitor chose not to share when the conversation began. */

import { sendProductPicture, sendVisit } from "./api";
import type { Kept } from "./kept";
import { type ItemKey, supplementOf, type Visit } from "./visit";

// time on a page, ms, after which the page is reported; during this time, the page can fetch the product's picture
const PAUSE_MS = 2500;

export interface Teller {
  visit: typeof sendVisit;
  picture: typeof sendProductPicture;
}

/** Returns a key for the product of a page. Equal keys mean the same product. */
export const productKey = ({ product }: Visit): string => product?.id || product?.name || "";

export class Walking {
  private told = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly teller: Teller = { visit: sendVisit, picture: sendProductPicture }) {}

  /** Call this when a session begins. The server got the present page with the session, so that page is not reported again. */
  began(visit: Visit | null): void {
    this.told = visit ? pageKey(visit) : "";
  }

  /** Reports the visitor's page after a pause, if the page is new. `look` returns the present visit. If the report
   *  names another product than the one before, `onTold` is called with the product's key. */
  follow(kept: Kept, look: () => Visit | null, onTold: (seen: string) => void): void {
    const now = look();
    if (!now || pageKey(now) === this.told) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.tell(kept, look(), onTold), PAUSE_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.told = "";
  }

  private async tell(kept: Kept, visit: Visit | null, onTold: (seen: string) => void): Promise<void> {
    if (!visit || pageKey(visit) === this.told) return;
    const withheld: ReadonlySet<ItemKey> = new Set(kept.withheld);
    const seen = supplementOf(visit, withheld, { name: "", note: "" });
    if (!seen.page_url && !seen.product && seen.trail.length === 0) return;
    this.told = pageKey(visit);
    if (!(await this.teller.visit(kept.session, kept.token, seen))) {
      this.told = ""; // forgets the page that was reported last, so that the next `follow` reports it again
      return;
    }
    if (!seen.product || productKey(visit) === kept.seen) return;
    onTold(productKey(visit));
    if (visit.picture && !withheld.has("picture")) await this.teller.picture(kept.session, kept.token, visit.picture);
  }
}

const pageKey = (visit: Visit): string => JSON.stringify([visit.page, productKey(visit)]);
