/** Works on the tree of a site's categories. The tree is stored as a list, in which each category names its parent. */
import type { CategorySettings } from "./api";

/** Returns how many categories are above a category in the tree. Stops counting at an unknown parent, or when the parents form a
 *  circle. */
export function depth(all: CategorySettings[], id: string, seen: string[] = []): number {
  const parent = all.find((one) => one.id === id)?.parent ?? "";
  if (parent === "" || seen.includes(parent) || !all.some((one) => one.id === parent)) return 0;
  return 1 + depth(all, parent, [...seen, id]);
}

/** Returns the categories that can become the parent of this category: all except this category and those below it. */
export const possibleParents = (all: CategorySettings[], id: string): CategorySettings[] =>
  all.filter((one) => one.id !== id && !isBelow(all, one.id, id));

function isBelow(all: CategorySettings[], id: string, ancestor: string, seen: string[] = []): boolean {
  const parent = all.find((one) => one.id === id)?.parent ?? "";
  if (parent === "" || seen.includes(id)) return false;
  return parent === ancestor || isBelow(all, parent, ancestor, [...seen, id]);
}

/** Returns the categories after moving one of them before (-1) or after (1) its neighbour with the same parent. */
export function moved(all: CategorySettings[], id: string, by: -1 | 1): CategorySettings[] {
  const parent = all.find((one) => one.id === id)?.parent ?? "";
  const siblings = all.filter((one) => one.parent === parent);
  const other = siblings[siblings.findIndex((one) => one.id === id) + by];
  if (other === undefined) return all;
  const from = all.findIndex((one) => one.id === id);
  const to = all.findIndex((one) => one.id === other.id);
  return all.map((one, n) => (n === from ? all[to]! : n === to ? all[from]! : one));
}

/** Returns the categories without the category that has this id. The children of the removed category then have no parent. */
export const without = (all: CategorySettings[], id: string): CategorySettings[] =>
  all.filter((one) => one.id !== id).map((one) => (one.parent === id ? { ...one, parent: "" } : one));

/** Returns the categories in the order of the tree: each parent is followed by its children. */
export function inTree(all: CategorySettings[], parent = "", seen: string[] = []): CategorySettings[] {
  const known = (id: string) => all.some((one) => one.id === id);
  return all
    .filter((one) => !seen.includes(one.id) && (one.parent === parent || (parent === "" && !known(one.parent))))
    .flatMap((one) => [one, ...inTree(all, one.id, [...seen, one.id])]);
}
