/** Where the panel remembers its session while the user walks through the partner's site.
 *
 *  In a frame on a foreign page sessionStorage is denied when the browser blocks third-party cookies (Chromium's private
 *  windows do). Then a partitioned cookie (CHIPS) takes the one value that must survive; it is sent with /panel alone. */

export type Box = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export function memoryBox(): Box {
  const held = new Map<string, string>();
  return {
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  };
}

/** The browser's `document.cookie`, replaceable in tests. */
export interface Jar {
  cookie: string;
}

const ATTRIBUTES = "Path=/panel; Secure; SameSite=None; Partitioned";
const A_DAY_S = 86_400;

/** Stores `lasting` in a cookie and everything else in memory: a cookie holds 4 KB and is sent with each request. */
export function cookieBox(lasting: string, jar: Jar): Box {
  const memory = memoryBox();
  const name = encodeURIComponent(lasting);
  const read = () => jar.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return {
    getItem: (key) => (key === lasting ? decodeURIComponent(read()?.slice(name.length + 1) ?? "") || null : memory.getItem(key)),
    setItem: (key, value) => {
      if (key === lasting) jar.cookie = `${name}=${encodeURIComponent(value)}; Max-Age=${A_DAY_S}; ${ATTRIBUTES}`;
      else memory.setItem(key, value);
    },
    removeItem: (key) => {
      if (key === lasting) jar.cookie = `${name}=; Max-Age=0; ${ATTRIBUTES}`;
      else memory.removeItem(key);
    },
  };
}

/** Returns sessionStorage; without it a cookie; without cookies the memory of this page. */
export function sessionBox(lasting: string): Box {
  try {
    sessionStorage.getItem("");
    return sessionStorage;
  } catch {
    return navigator.cookieEnabled ? cookieBox(lasting, document) : memoryBox();
  }
}
