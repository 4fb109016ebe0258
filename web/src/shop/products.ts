/** The products of the demo shop: six products in two categories. Their texts are in the shop's texts, by id. */
import type en from "./en.json";

export type Category = "cameras" | "audio";
type Id = "m5" | "lens35" | "boram" | "sori-one" | "sori-buds" | "maru";

export interface Item {
  id: Id;
  category: Category;
  /** The product's price in won. */
  price: number;
}

export const ITEMS: readonly Item[] = [
  { id: "m5", category: "cameras", price: 1_890_000 },
  { id: "lens35", category: "cameras", price: 590_000 },
  { id: "boram", category: "cameras", price: 129_000 },
  { id: "sori-one", category: "audio", price: 329_000 },
  { id: "sori-buds", category: "audio", price: 169_000 },
  { id: "maru", category: "audio", price: 448_000 },
];
/** Every product has a table of four facts. These are the facts' numbers, which occur in the keys of their texts. */
export const FACTS = [1, 2, 3, 4] as const;

export const item = (id: string): Item | undefined => ITEMS.find((one) => one.id === id);
export const picture = (id: string): string => `/pictures/${id}.webp`;
export const page = (id: string): string => `/${id}.html`;
export const won = (amount: number, language: string): string =>
  language === "ko" ? `${amount.toLocaleString("ko-KR")}원` : `₩${amount.toLocaleString(language === "en" ? "en-US" : language)}`;

/** Returns the schema.org description of a product, for the `<script type="application/ld+json">` of its page. */
export const jsonLd = (one: Item, t: (key: keyof typeof en) => string) => ({
  "@context": "https://schema.org",
  "@type": "Product",
  sku: one.id,
  name: t(`${one.id}.name`),
  description: t(`${one.id}.about`),
  image: picture(one.id),
  url: page(one.id),
  offers: { "@type": "Offer", price: one.price, priceCurrency: "KRW", availability: "https://schema.org/InStock" },
});
