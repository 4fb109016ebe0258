/** Three-way merge of a form, for two people who edit the same thing at the same time. */

export interface Merged<T> {
  value: T;
  /** The names of the fields that somebody else has changed, and this operator has not. `value` has the values that the other
   *  operator saved for these fields. */
  theirs: (keyof T)[];
  /** The names of the fields that both this operator and somebody else have changed. `value` keeps this operator's values of
   *  these fields. */
  both: (keyof T)[];
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Merges the changes that somebody else has saved (`others`) into this operator's form (`mine`). `base`: the form as it was when
 *  this operator opened it. */
export function merge<T extends object>(base: T, mine: T, others: T): Merged<T> {
  const value = { ...mine };
  const theirs: (keyof T)[] = [];
  const both: (keyof T)[] = [];
  for (const field of Object.keys(others) as (keyof T)[]) {
    if (same(others[field], base[field]) || same(others[field], mine[field])) continue;
    if (same(mine[field], base[field])) {
      value[field] = others[field];
      theirs.push(field);
    } else both.push(field);
  }
  return { value, theirs, both };
}
