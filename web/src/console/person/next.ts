/** Returns the newest conversation that the reader has not opened (`id`), and how many conversations the reader has not opened
 *  (`left`, which also counts `id`). Returns null if the reader has opened all. `all`: ids, newest first. */
export function nextOf(all: readonly string[], opened: readonly { id: string }[]): { id: string; left: number } | null {
  const read = new Set(opened.map(({ id }) => id));
  const left = all.filter((id) => !read.has(id));
  const [id] = left;
  return id === undefined ? null : { id, left: left.length };
}
