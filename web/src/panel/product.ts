/** Finds the product of the partner's page: from `Sangdam.init`, else `data-product-*` of the script, else JSON-LD (schema.org
 *  Product), else Open Graph. Pure; the page's tags come as text and are read by `readTags`. */

import { clean, cut } from "../ui/cut";
import type { Context, Product } from "../widget/protocol";
import { decoded } from "./entities";
import { fromJsonLd } from "./jsonld";
import { priceText, pricesText } from "./price";

export interface Tags {
  /** The texts of the page's JSON-LD scripts. */
  jsonLd: string[];
  meta: Record<string, string>;
}

const MOST = 300;
const MOST_HTML = 200_000;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? cut(clean(decoded(String(value))).trim(), MOST) : "";

function ofParts({ id, name, price, url, image }: Partial<Record<keyof Product, unknown>>): Product {
  return { id: text(id), name: text(name), price: text(price), url: text(url), image: text(image) };
}

function fromBlock(block: string, page: string, language: string): Product | null {
  const found = fromJsonLd(block, page);
  return found && ofParts({ ...found, price: pricesText(found.price, language) });
}

export function fromOpenGraph(meta: Record<string, string>, language: string): Product | null {
  if (!/^(og:)?product/.test(meta["og:type"] ?? "")) return null;
  const price = priceText(text(meta["product:price:amount"]), text(meta["product:price:currency"]), language);
  return ofParts({
    id: meta["product:retailer_item_id"],
    name: meta["og:title"],
    price,
    url: meta["og:url"],
    image: meta["og:image"],
  });
}

function fromAttributes(data: Context["data"]): Product | null {
  if (!data.productId && !data.productName) return null;
  const { productId: id, productName: name, productPrice: price, productUrl: url, productImage: image } = data;
  return ofParts({ id, name, price, url, image });
}

/** Returns an http(s) address, made absolute by the page's address; "" for anything else. */
export function absolute(url: string | undefined, page: string): string {
  if (!url || !URL.canParse(url, page)) return "";
  const parsed = new URL(url, page);
  return /^https?:$/.test(parsed.protocol) ? parsed.href : "";
}

export function productOf(data: Context["data"], page: string, tags: Tags, language: string): Product | null {
  const given: unknown = data.product;
  const found =
    (isObject(given) ? ofParts(given) : null) ??
    fromAttributes(data) ??
    tags.jsonLd
      .map((block) => fromBlock(block, page, language))
      .find((one) => one !== null && (one.id !== "" || one.name !== "")) ??
    fromOpenGraph(tags.meta, language);
  if (!found || (!found.id && !found.name)) return null;
  return { ...found, url: absolute(found.url, page), image: absolute(found.image, page) };
}

/** Reads the page's tags from its HTML. Parses into an inert document, so that nothing runs or loads. The HTML can be cut off
 *  anywhere, so callers must clean every text that this function returns. */
export function readTags(html: string): Tags {
  const parsed = new DOMParser().parseFromString(html.slice(0, MOST_HTML), "text/html");
  const blocks = parsed.querySelectorAll<HTMLScriptElement>('script[type$="ld+json"]');
  const metas = parsed.querySelectorAll<HTMLMetaElement>("meta[property]");
  return {
    jsonLd: [...blocks].map((block) => block.textContent),
    meta: Object.fromEntries([...metas].map((meta) => [meta.getAttribute("property") ?? "", meta.content])),
  };
}
