/** The pictures that are attached to each session's text and not sent yet. Pure. */

export type Carried = Record<string, string[]>;

/** Returns `all` with these pictures added to those of the session: each picture once, and at most `most` for the session. */
export const withPictures = (all: Carried, session: string, pictures: readonly string[], most: number): Carried =>
  pictures.length === 0 ? all : { ...all, [session]: [...new Set([...(all[session] ?? []), ...pictures])].slice(0, most) };

/** Returns `all` without one picture of a session. */
export function dropped(all: Carried, session: string, picture: string): Carried {
  const { [session]: here = [], ...others } = all;
  const left = here.filter((one) => one !== picture);
  return left.length === 0 ? others : { ...others, [session]: left };
}

/** Reads the attached pictures that this tab has stored. Damaged data counts as no pictures. */
export function readCarried(stored: string | null): Carried {
  try {
    const found: unknown = JSON.parse(stored ?? "{}");
    if (typeof found !== "object" || found === null) return {};
    const lists = Object.entries(found).filter(
      (entry): entry is [string, string[]] => Array.isArray(entry[1]) && entry[1].every((one) => typeof one === "string"),
    );
    return Object.fromEntries(lists);
  } catch {
    return {};
  }
}
