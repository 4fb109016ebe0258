/** Which product the partner's page is about: what `Sangdam.init` was given, else `data-product-*` of the script, else JSON-LD
 *  (schema.org Product), else Open Graph. Pure; the page's tags come as text and are read by `readTags`. */

import type { Context, Product } from "../widget/protocol";

export interface Tags {
  /** Texts of JSON-LD blocks. */
  jsonLd: string[];
  meta: Record<string, string>;
}

const MOST = 300;

// JSON-LD is whatever the partner wrote: every access is guarded, every value becomes a bounded string.
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);
const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value).trim().slice(0, MOST) : "";
const firstText = (...values: unknown[]): string => values.map((value) => text(first(value))).find((one) => one !== "") ?? "";

/** "1890000" and "KRW" as the language writes them; as they stand when they are no amount and currency. */
export function priceText(amount: string, currency: string, language: string): string {
  const number = Number(amount.replace(/,/g, ""));
  if (!/^[A-Z]{3}$/.test(currency) || amount === "" || Number.isNaN(number)) return [amount, currency].filter(Boolean).join(" ");
  if (currency === "KRW" && language.startsWith("ko")) return `${number.toLocaleString("ko-KR")}원`;
  return number.toLocaleString(language, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
}

function fromNode(node: Record<string, unknown>, language: string): Product {
  const offers = first(node.offers);
  const offer = isObject(offers) ? offers : {};
  const image = first(node.image);
  return {
    id: firstText(node.sku, node.productID, node["@id"]),
    name: firstText(node.name),
    price: priceText(firstText(offer.price, offer.lowPrice), firstText(offer.priceCurrency), language),
    url: firstText(node.url, offer.url),
    image: isObject(image) ? firstText(image.url, image.contentUrl) : text(image),
  };
}

export function fromJsonLd(block: string, language: string): Product | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(block);
  } catch {
    return null; // A partner's broken JSON-LD is not ours to report.
  }
  const roots = [parsed].flat();
  const nodes = roots.flatMap((root) => (isObject(root) ? [root, root["@graph"]].flat() : []));
  const found = nodes.find((node) => isObject(node) && [node["@type"]].flat().includes("Product"));
  return isObject(found) ? fromNode(found, language) : null;
}

export function fromOpenGraph(meta: Record<string, string>, language: string): Product | null {
  if (!/^(og:)?product/.test(meta["og:type"] ?? "")) return null;
  return {
    id: text(meta["product:retailer_item_id"]),
    name: text(meta["og:title"]),
    price: priceText(text(meta["product:price:amount"]), text(meta["product:price:currency"]), language),
    url: text(meta["og:url"]),
    image: text(meta["og:image"]),
  };
}

function fromAttributes(data: Context["data"]): Product | null {
  if (!data.productId && !data.productName) return null;
  const { productId, productName, productPrice, productUrl, productImage } = data;
  return {
    id: text(productId),
    name: text(productName),
    price: text(productPrice),
    url: text(productUrl),
    image: text(productImage),
  };
}

/** An http(s) address, made absolute against the page; "" for anything else. */
export function absolute(url: string | undefined, page: string): string {
  if (!url || !URL.canParse(url, page)) return "";
  const parsed = new URL(url, page);
  return /^https?:$/.test(parsed.protocol) ? parsed.href : "";
}

export function productOf(context: Context, tags: Tags, language: string): Product | null {
  const given = context.product;
  const found =
    (given
      ? { id: text(given.id), name: text(given.name), price: text(given.price), url: text(given.url), image: text(given.image) }
      : null) ??
    fromAttributes(context.data) ??
    tags.jsonLd.map((block) => fromJsonLd(block, language)).find((one) => one !== null) ??
    fromOpenGraph(tags.meta, language);
  if (!found || (!found.id && !found.name)) return null;
  return { ...found, url: absolute(found.url, context.url), image: absolute(found.image, context.url) };
}

/** The page's tags, read without running or loading anything (an inert document). */
export function readTags(html: string): Tags {
  const parsed = new DOMParser().parseFromString(html.slice(0, 200_000), "text/html");
  const blocks = parsed.querySelectorAll<HTMLScriptElement>('script[type="application/ld+json"]');
  const metas = parsed.querySelectorAll<HTMLMetaElement>("meta[property]");
  return {
    jsonLd: [...blocks].map((block) => block.textContent),
    meta: Object.fromEntries([...metas].map((meta) => [meta.getAttribute("property") ?? "", meta.content])),
  };
}
