/** Guesses ids and addresses from what somebody types during the setup of a new installation. The person can change each
 *  guess. */

/** Returns the origin of an address of a page that somebody has typed or pasted: "shop.example/cart" → "https://shop.example".
 *  Returns any other text as it is, without the spaces around it, so that the server can say what is wrong with the text. */
export function originOf(typed: string): string {
  const text = typed.trim();
  if (text === "") return "";
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
    return /^https?:$/.test(url.protocol) && url.username === "" && !url.hostname.includes("%") ? url.origin : text;
  } catch {
    return text;
  }
}

/** Returns an id made of a text: "Fresh Flowers" → "fresh-flowers". Returns the fallback for a text without Latin letters and
 *  digits. */
export const idOf = (text: string, fallback: string) =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40) || fallback;

/** Returns an id for the site at this address: "https://www.shop.example" → "shop". */
export function siteIdOf(origin: string): string {
  try {
    const [name = ""] = new URL(originOf(origin)).hostname.split(".").filter((label) => label !== "www");
    return /^([0-9]+$|xn--)|%/.test(name) ? "site" : idOf(name, "site"); // IP addresses and encoded hosts make no readable id
  } catch {
    return "site";
  }
}
