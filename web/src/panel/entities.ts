/** HTML's character references in texts that no HTML parser has seen: JSON-LD is written by templates that escape for HTML. */

/** Decodes `&name;` with the browser's own parser, in a document that loads and runs nothing. */
const byParser = (reference: string): string =>
  new DOMParser().parseFromString(reference, "text/html").documentElement.textContent;

/** "Tom &amp; Jerry&#8217;s" → "Tom & Jerry’s". Leaves everything that is not a reference. */
export const decoded = (text: string, meaning: (reference: string) => string = byParser): string =>
  text.replace(/&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi, (reference) => meaning(reference));
