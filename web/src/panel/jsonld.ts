/** Finds the product in a block of JSON-LD (schema.org). Partners write the block, so every access is guarded and every search is
 *  bounded. */

import type { Price } from "./price";

type Node = Record<string, unknown>;

export interface LinkedProduct {
  id: string;
  name: string;
  price: Price;
  url: string;
  image: string;
}

const MOST_NODES = 2000;
const PRODUCTS = new Set(["Product", "ProductGroup", "ProductModel", "IndividualProduct", "SomeProducts", "Vehicle", "Car"]);
/** Properties that lead to the page's own product. Products under other properties (lists, accessories, reviews) are ignored. */
const LEADS_ON = ["@graph", "@set", "@list", "mainEntity", "about", "itemOffered"];
/** Matches the types of prices that nobody pays now: a struck-out price, or a price that the maker recommends. */
const FORMER = /ListPrice|StrikethroughPrice|MSRP|SRP/;

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value: unknown): unknown[] => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);
const text = (value: unknown): string => {
  const [first] = list(value);
  if (typeof first === "string" || typeof first === "number") return String(first).trim();
  return isNode(first) ? text(first["@value"]) : "";
};
const firstText = (...values: unknown[]): string => values.map(text).find((one) => one !== "") ?? "";

/** Returns a node's types without a prefix: "Product" for "https://schema.org/Product" and for "schema:Product". */
const typesOf = (node: Node): string[] => list(node["@type"]).map((type) => text(type).replace(/^.*[/#:]/, ""));
const isProduct = (node: Node): boolean => typesOf(node).some((type) => PRODUCTS.has(type));

/** The nodes of a JSON-LD block, the outermost first. A node that only names an `@id` is replaced by the node with that id. */
class Block {
  readonly nodes: Node[] = [];
  private readonly byId = new Map<string, Node>();

  constructor(root: unknown) {
    const open = list(root);
    for (let at = 0; at < open.length && at < MOST_NODES; at++) {
      const node = open[at];
      if (!isNode(node)) continue;
      this.nodes.push(node);
      const id = text(node["@id"]);
      if (id && Object.keys(node).length > 1) this.byId.set(id, node);
      for (const key of LEADS_ON) open.push(...list(node[key]));
    }
  }

  /** Returns the nodes in a value, at most 100, including nodes that are only referenced by their `@id`. */
  in(value: unknown): Node[] {
    return list(value)
      .filter(isNode)
      .map((node) => this.byId.get(text(node["@id"])) ?? node)
      .slice(0, 100);
  }
}

function amountsOf(offer: Node, block: Block): { amounts: (string | number)[]; currency: string } {
  const specifications = block.in(offer.priceSpecification);
  const now = specifications.filter((one) => !FORMER.test(text(one.priceType)));
  const priced = [offer, ...(now.length > 0 ? now : specifications)];
  const amount = (one: Node, ...keys: string[]) =>
    keys
      .flatMap((key) => list(one[key]).slice(0, 1))
      .filter(
        (value): value is string | number => typeof value === "number" || (typeof value === "string" && value.trim() !== ""),
      );
  const found = priced.map((one) => ({ one, amounts: amount(one, "price") })).find(({ amounts }) => amounts.length > 0);
  const amounts =
    found?.amounts ??
    priced.map((one) => amount(one, "lowPrice", "highPrice", "minPrice", "maxPrice")).find((range) => range.length > 0) ??
    [];
  return { amounts, currency: firstText(...priced.map((one) => one.priceCurrency)) };
}

function priceOf(product: Node, variants: Node[], block: Block): Price {
  const own = block.in(product.offers);
  const offers = own.length > 0 ? own : variants.flatMap((variant) => block.in(variant.offers));
  // An AggregateOffer can list its offers instead of a lowest and a highest price.
  const all = offers.flatMap((offer) => {
    const of = amountsOf(offer, block);
    return of.amounts.length > 0 ? [of] : block.in(offer.offers).map((one) => amountsOf(one, block));
  });
  const currency = firstText(...all.map((one) => one.currency));
  return {
    amounts: all.filter((one) => one.currency === currency || one.currency === "").flatMap((one) => one.amounts),
    currency,
  };
}

function imageOf(node: Node): string {
  const [image] = list(node.image);
  return isNode(image) ? firstText(image.url, image.contentUrl) : text(image);
}

/** Returns the product that the JSON-LD `text_` describes for the page with the address `page`; null if it describes none. Of
 *  several variants, returns the variant with that address. */
export function fromJsonLd(text_: string, page: string): LinkedProduct | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text_);
  } catch {
    return null; // a page with broken JSON-LD counts as a page without JSON-LD
  }
  const block = new Block(parsed);
  const whole = block.nodes.find(isProduct);
  if (!whole) return null;
  const variants = block.in(whole.hasVariant);
  const here = variants.find((variant) =>
    [variant.url, variant["@id"], ...block.in(variant.offers).map((offer) => offer.url)].some((url) =>
      sameAddress(text(url), page),
    ),
  );
  const node = here ?? whole;
  const [offer = {}] = block.in(node.offers);
  return {
    id: firstText(node.sku, node.productID, whole.sku, node.productGroupID, node["@id"]),
    name: firstText(node.name, whole.name),
    price: priceOf(node, here ? [] : variants, block),
    url: firstText(node.url, whole.url, offer.url),
    image: imageOf(node) || imageOf(whole) || imageOf(variants[0] ?? {}),
  };
}

function sameAddress(url: string, page: string): boolean {
  return url !== "" && URL.canParse(url, page) && new URL(url, page).href.split("#")[0] === page.split("#")[0];
}
