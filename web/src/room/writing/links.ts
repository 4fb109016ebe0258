/** Links in a text: http, https, mailto and tel, nothing else. Pure. */

import { LinkifyIt, REBuilder } from "linkify-it";

export interface Link {
  kind: "link";
  href: string;
  /** The address as the reader sees it. The host in the address is written in punycode if letters that look like Latin ones
   *  could deceive the reader. */
  text: string;
}

const PHONE = /\+?\d[\d().-]{1,30}\d/y;
const MOST_LINKS = 100; // at most this many links in one row of text; further addresses stay plain text
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g; // marks of text direction, which could reorder a shown address
const HANGUL_TLD = /^((?:https?:\/\/)?[^/?#]*\.[a-z]{2,}(?::\d+)?)[가-힣]+$/i;
const PARTICLE =
  /^([\x21-\x7e]+[A-Za-z0-9/_=&%#-])(?:은|는|이|가|을|를|의|에|도|만|로|으로|와|과|랑|이랑|에서|에서는|에는|에도|까지|부터|보다|요|이요|나|이나|고|이고|인데|예요|에요|이에요|입니다)$/;

/** Rules for recognising hosts. A Korean particle can follow a host without a space: "naver.com에서". */
class Hosts extends REBuilder {
  override get_host_terminator(): RegExp {
    return (this.cache.src_host_terminator ??= new RegExp(`(?:${super.get_host_terminator().source}|(?=[가-힣]))`));
  }
}

const finder = new LinkifyIt({ fuzzyLink: true, maxLength: 2048, rebuilder: new Hosts() })
  .add("ftp:", null)
  .add("//", null)
  .add("tel:", {
    validate: (text, at) => {
      PHONE.lastIndex = at;
      return PHONE.exec(text)?.[0].length ?? 0;
    },
  });

/** Splits a text into links and the plain text between them, in order. */
export function links(text: string): (string | Link)[] {
  const pieces: (string | Link)[] = [];
  let from = 0;
  for (const match of (finder.match(text) ?? []).slice(0, MOST_LINKS)) {
    const raw = withoutTail(match.raw);
    const link = linkTo(raw, match.schema);
    if (!link) continue;
    pieces.push(text.slice(from, match.index), link);
    from = match.index + raw.length;
  }
  pieces.push(text.slice(from));
  return pieces.filter((piece) => piece !== "");
}

/** Removes the characters at the end of an address that are not part of it: emphasis such as "*", and a Korean particle that
 *  follows without a space. */
function withoutTail(raw: string): string {
  const bare = raw.replace(/[*_~]+$/, "");
  return HANGUL_TLD.exec(bare)?.[1] ?? PARTICLE.exec(bare)?.[1] ?? bare;
}

function linkTo(raw: string, schema: string): Link | null {
  if (schema === "tel:") return { kind: "link", href: raw.toLowerCase(), text: raw };
  if (schema === "mailto:") {
    const mail = raw.replace(/^mailto:/i, "");
    return { kind: "link", href: `mailto:${encodeURIComponent(mail).replace("%40", "@")}`, text: raw.replace(BIDI, "") };
  }
  return webLink(raw);
}

function webLink(raw: string): Link | null {
  const address = /^https?:/i.test(raw) ? raw : `https://${raw}`;
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  if (!["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "") return null;
  const [, before = "", host = ""] = /^((?:https?:\/\/)?)([^/?#]*)/i.exec(raw) ?? [];
  const shown = isPlainHost(host.replace(/:\d+$/, "")) ? raw : before + url.host + raw.slice(before.length + host.length);
  return { kind: "link", href: url.href, text: shown.replace(BIDI, "") };
}

const ASCII = /^[a-z0-9-]*$/i;
const LATIN = /^[a-z0-9\u00df-\u00f6\u00f8-\u00ff-]*$/i;
const KOREAN = /^[\p{Script=Hangul}0-9-]*$/u;
const EAST_ASIAN = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー0-9-]*$/u;
const CYRILLIC = /^[\p{Script=Cyrillic}0-9.-]*$/u;

/** Returns whether a host cannot deceive readers: no label mixes scripts, and Cyrillic appears only if the whole host is
 *  Cyrillic. */
export function isPlainHost(host: string): boolean {
  if (CYRILLIC.test(host)) return true;
  return host.split(".").every((label) => [ASCII, LATIN, KOREAN, EAST_ASIAN].some((script) => script.test(label)));
}
