import { cut } from "./cut";

/** Returns one or two letters of a name, shown instead of a person's picture. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters =
    words.length > 1
      ? words
          .slice(-2)
          .map((word) => cut(word, 1))
          .join("")
      : cut(words[0] ?? "", 2);
  return letters.toUpperCase();
}
