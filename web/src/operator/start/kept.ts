/** Keeps in the tab what somebody types during the setup of a new installation, so that a reload does not lose these texts.
 *  Passwords and the one-time links of staff are never kept. */
import { useState } from "preact/hooks";

const at = (name: string) => `sangdam-start-${name}`;

export function read<T extends object>(name: string, initial: T): T {
  try {
    return { ...initial, ...(JSON.parse(sessionStorage.getItem(at(name)) ?? "{}") as Partial<T>) };
  } catch {
    return initial; // the tab has stored nothing, or the browser forbids storage
  }
}

export function keep(name: string, value: object | null): void {
  try {
    if (value === null) sessionStorage.removeItem(at(name));
    else sessionStorage.setItem(at(name), JSON.stringify(value));
  } catch {
    // The browser forbids storage. The form works, but a reload empties it.
  }
}

/** A form's fields, with a function that changes some of them and a function that forgets them all. */
export function useKept<T extends object>(name: string, initial: T): [T, (part: Partial<T>) => void, () => void] {
  const [value, setValue] = useState(() => read(name, initial));
  const change = (part: Partial<T>) => {
    const next = { ...value, ...part };
    keep(name, next);
    setValue(next);
  };
  const forget = () => {
    keep(name, null);
    setValue(initial);
  };
  return [value, change, forget];
}
