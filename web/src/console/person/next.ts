/** Returns the newest conversation that the reader has not opened, and how many are unopened with it; null if none is. `all`:
 *  ids, newest first. */
export function nextOf(all: readonly string[], opened: readonly { id: string }[]): { id: string; left: number } | null {
  const read = new Set(opened.map(({ id }) => id));
  const left = all.filter((id) => !read.has(id));
  const [id] = left;
  return id === undefined ? null : { id, left: left.length };
}
