/** Reads prices as partners write them and formats them in the visitor's language. Pure. */

/** The price of a product, or the lowest and the highest of several prices. */
export interface Price {
  amounts: (string | number)[];
  currency: string;
}

const GROUPED = /^\d{1,3}([.,])\d{2,3}(?:\1\d{2,3})*$/;

/** Parses `amount`. Returns null for an amount that cannot be read, or that has two meanings: "1.299" EUR is 1,299 euros on a
 *  German page and about one euro on an English one. `decimals`: how many decimal digits the currency has. */
export function amountOf(amount: string | number, decimals: number): number | null {
  if (typeof amount === "number") return Number.isFinite(amount) ? amount : null;
  const digits = amount.replace(/[\s'’]/g, "");
  if (/^\d+$/.test(digits)) return Number(digits);
  const [, whole = "", separator = "", rest = ""] = /^([\d.,]*\d)([.,])(\d+)$/.exec(digits) ?? [];
  if (separator === "") return null;
  if (/^\d+$/.test(whole)) {
    const mayGroup = rest.length === 3 && /^[1-9]\d{0,2}$/.test(whole);
    if (!mayGroup) return Number(`${whole}.${rest}`);
    return decimals === 0 ? Number(whole + rest) : null;
  }
  const group = whole.replace(/\d/g, "")[0];
  if (!GROUPED.test(whole) || (group === separator && rest.length !== 3)) return null;
  const integer = whole.replace(/[.,]/g, "");
  return Number(group === separator ? integer + rest : `${integer}.${rest}`);
}

/** Returns a language tag that `Intl` accepts. Sites can write their language as "ko_KR". */
export function languageTag(language: string): string {
  try {
    return Intl.getCanonicalLocales(language.replaceAll("_", "-"))[0] ?? "en";
  } catch {
    return "en";
  }
}

/** Formats a price such as "1890000" and "KRW" in `language`. If the amount or the currency cannot be read, returns both of them
 *  unformatted. */
export function priceText(amount: string | number, currency: string, language: string): string {
  const code = currency.toUpperCase();
  const asItStands = [String(amount), currency].filter(Boolean).join(" ");
  if (amount === "" || !/^[A-Z]{3}$/.test(code)) return amount === "" ? "" : asItStands;
  const format = new Intl.NumberFormat(languageTag(language), {
    style: "currency",
    currency: code,
    currencyDisplay: "narrowSymbol",
  });
  const worth = amountOf(amount, format.resolvedOptions().maximumFractionDigits ?? 2);
  if (worth === null) return asItStands;
  if (code === "KRW" && /^ko(?![a-z])/i.test(language)) return `${worth.toLocaleString("ko-KR")}원`;
  return format.format(worth);
}

/** Formats a price, or the lowest and the highest of several prices as "from – to". */
export function pricesText({ amounts, currency }: Price, language: string): string {
  const byWorth = amounts
    .map((amount) => ({ amount, worth: amountOf(amount, 2) ?? Infinity }))
    .sort((a, b) => a.worth - b.worth)
    .map(({ amount }) => priceText(amount, currency, language));
  const different = [...new Set(byWorth)];
  const [lowest = ""] = different;
  return different.length > 1 ? `${lowest} – ${different.at(-1)}` : lowest;
}
