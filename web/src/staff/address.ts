/** Returns the text that a part of the page's address stands for. If a "%" there has no two digits, returns "". */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
