/** Returns the newest conversation that is not opened yet, and how many are left with it; null if all are open. `all`: ids, newest
 *  first. */
export function nextOf(all: readonly string[], opened: readonly { id: string }[]): { id: string; left: number } | null {
  const read = new Set(opened.map(({ id }) => id));
  const left = all.filter((id) => !read.has(id));
  const [id] = left;
  return id === undefined ? null : { id, left: left.length };
}
