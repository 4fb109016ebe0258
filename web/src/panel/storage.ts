/** sessionStorage where the browser allows it in a frame, else a memory of this page (then navigation ends what it held). */

export type Box = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export function memoryBox(): Box {
  const held = new Map<string, string>();
  return {
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  };
}

export function sessionBox(): Box {
  try {
    sessionStorage.getItem("");
    return sessionStorage;
  } catch {
    return memoryBox();
  }
}
