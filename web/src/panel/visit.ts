/** Collects what the panel offers to share about the visit, and builds what the panel sends when the visitor presses a button to
 *  begin. Pure. */

import { pictureType, UPLOAD_BYTES_MOST } from "../room/pictures";
import { clean, cut } from "../ui/cut";
import type { Context, Product } from "../widget/protocol";
import { readTrail, type Step } from "../widget/trail";

/** The items of the list "what will be shared". They come from the visitor's browser and nobody vouches for them, so the visitor
 *  can remove any of them. */
export const ITEMS = ["page", "product", "picture", "trail"] as const;
export type ItemKey = (typeof ITEMS)[number];

export interface Visit {
  page: { url: string; title: string };
  product: Product | null;
  trail: Step[];
  /** The picture of the page's product; null until the partner's page has fetched the picture. */
  picture: Blob | null;
}

export interface Supplement {
  page_url: string;
  page_title: string;
  product: { id: string; name: string; price: string; url: string } | null;
  trail: Step[];
  user_name: string;
  note: string;
}

/** Greatest length of an address, in visible characters (grapheme clusters), as `cut` counts. The server has the same limit
 *  (signaling/access/brief.py). */
const MOST_URL = 500;
const MOST_TITLE = 200;
const MOST_LABEL = 120;
const MOST_NAME = 60;
const MOST_NOTE = 500;
const MOST_STEPS = 30;

/** Removes query and fragment, which can contain personal data, except for the parameters that the site allows. */
export function bareUrl(url: string, allowed: readonly string[]): string {
  if (!URL.canParse(url)) return "";
  const { protocol, origin, pathname, searchParams } = new URL(url);
  if (!/^https?:$/.test(protocol)) return "";
  const kept = new URLSearchParams([...searchParams].filter(([name]) => allowed.includes(name))).toString();
  return cut(origin + pathname + (kept && `?${kept}`), MOST_URL);
}

const words = (text: string, most: number): string => cut(clean(text).replace(/\s+/g, " ").trim(), most);

/** Returns the page that the visitor sees now: the newest page in the trail; undefined if the trail has no page. */
export const pageOf = (trail: Step[]): Step | undefined => trail.findLast((step) => step.kind === "page");

/** Returns what the visitor can share with staff about the visit. `now`: the time on the panel's clock, ms. Times by the clock of
 *  the partner's page are converted to the panel's clock. */
export function visitOf(context: Context, product: Product | null, allowed: readonly string[], now: number): Visit {
  const trail = readTrail(context.trail).slice(-MOST_STEPS);
  const page = pageOf(trail);
  return {
    page: { url: bareUrl(page?.url ?? "", allowed), title: words(page?.label ?? "", MOST_TITLE) },
    product: product && { ...product, url: bareUrl(product.url ?? "", allowed) },
    trail: trail.map(({ kind, label, at, url, dwell_s }) => ({
      kind,
      label: words(label, MOST_LABEL),
      at: Math.max(0, Math.round(now - Math.max(0, context.now - at))),
      url: bareUrl(url, allowed),
      dwell_s: Math.max(0, Math.round(dwell_s)),
    })),
    picture: null,
  };
}

/** Returns the picture with its type set from its bytes. Returns null if the server does not accept this type, or if the picture
 *  is too large. */
export async function usablePicture(picture: Blob): Promise<Blob | null> {
  if (picture.size > UPLOAD_BYTES_MOST) return null;
  const type = await pictureType(picture);
  return type ? picture.slice(0, picture.size, type) : null;
}

/** Returns the trail (the visitor's earlier pages and clicks) to send. If the visitor removed the current page from the list, the
 *  trail leaves out every step on that page. */
export function trailOf({ page, trail }: Visit, removed: ReadonlySet<ItemKey>): Step[] {
  return removed.has("page") ? trail.filter((step) => step.url !== page.url) : trail;
}

/** Returns the rows of the list "what will be shared", without the items that the visitor has removed. */
export function itemsOf(visit: Visit, removed: ReadonlySet<ItemKey>): ItemKey[] {
  const there: Record<ItemKey, boolean> = {
    page: visit.page.url !== "",
    product: visit.product !== null,
    picture: visit.picture !== null,
    trail: trailOf(visit, removed).length > 0,
  };
  return (Object.keys(there) as ItemKey[]).filter((key) => there[key] && !removed.has(key));
}

export function supplementOf(visit: Visit, removed: ReadonlySet<ItemKey>, typed: { name: string; note: string }): Supplement {
  const shared = new Set(itemsOf(visit, removed));
  const { product } = visit;
  return {
    page_url: shared.has("page") ? visit.page.url : "",
    page_title: shared.has("page") ? visit.page.title : "",
    product:
      product && shared.has("product")
        ? { id: product.id ?? "", name: product.name ?? "", price: product.price ?? "", url: product.url ?? "" }
        : null,
    trail: shared.has("trail") ? trailOf(visit, removed) : [],
    user_name: words(typed.name, MOST_NAME),
    note: cut(clean(typed.note).trim(), MOST_NOTE),
  };
}
