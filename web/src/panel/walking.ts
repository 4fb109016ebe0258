/** Tells the server where the visitor is now, while their conversation lasts: only what they shared when it began. */

import { sendProductPicture, sendVisit } from "./api";
import type { Kept } from "./kept";
import { type ItemKey, supplementOf, type Visit } from "./visit";

const PAUSE_MS = 2500; // a page that is left sooner is not told; meanwhile its picture is read

export interface Teller {
  visit: typeof sendVisit;
  picture: typeof sendProductPicture;
}

/** Names the product of a page: the same name means the same product. */
export const productKey = ({ product }: Visit): string => product?.id || product?.name || "";

export class Walking {
  private told = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly teller: Teller = { visit: sendVisit, picture: sendProductPicture }) {}

  /** The server has this page since the session was made. */
  began(visit: Visit | null): void {
    this.told = visit ? pageKey(visit) : "";
  }

  /** Tells a page that is new. `look` returns the visit as it is then; `onTold` gets the product that the brief names now. */
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
      this.told = ""; // told with the next look at the page
      return;
    }
    if (!seen.product || productKey(visit) === kept.seen) return;
    onTold(productKey(visit));
    if (visit.picture && !withheld.has("picture")) await this.teller.picture(kept.session, kept.token, visit.picture);
  }
}

const pageKey = (visit: Visit): string => JSON.stringify([visit.page, productKey(visit)]);
