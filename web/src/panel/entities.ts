/** Decodes HTML character references in JSON-LD. Many page templates escape the texts of JSON-LD as HTML, although no HTML
 *  parser reads them. */

/** Decodes `&name;` with the browser's own parser, in a document that loads and runs nothing. */
const byParser = (reference: string): string =>
  new DOMParser().parseFromString(reference, "text/html").documentElement.textContent;

/** Decodes all character references: "Tom &amp; Jerry&#8217;s" becomes "Tom & Jerry’s". All other text stays as it is. */
export const decoded = (text: string, meaning: (reference: string) => string = byParser): string =>
  text.replace(/&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi, (reference) => meaning(reference));
