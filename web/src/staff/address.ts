/** Decodes a part of the page's address, such as "a%20b". Returns "" if the part is not encoded correctly. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
