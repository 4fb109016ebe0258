/**
 * Storage for the panel's session while the user moves from page to page on the partner's site.
 *
 * If the browser blocks third-party cookies, as Chromium does in private windows, a frame on another site's page gets no
 * sessionStorage. Then a partitioned cookie (CHIPS) stores the session, which is the only value that must survive the move to
 * another page. The browser sends this cookie only to /panel.
 */

export type Box = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export function memoryBox(): Box {
  const held = new Map<string, string>();
  return {
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  };
}

/** `document.cookie`, as an interface that tests can implement. */
export interface Jar {
  cookie: string;
}

const ATTRIBUTES = "Path=/panel; Secure; SameSite=None; Partitioned";
const A_DAY_S = 86_400;

/** Stores the value named `lasting` in a cookie, and all other values in memory. A cookie holds only 4 KB and is sent with each
 *  request. */
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

/** Returns sessionStorage. If the browser denies sessionStorage, returns a cookie store. If the browser denies cookies, too,
 *  returns a store in this page's memory. */
export function sessionBox(lasting: string): Box {
  try {
    sessionStorage.getItem("");
    return sessionStorage;
  } catch {
    return navigator.cookieEnabled ? cookieBox(lasting, document) : memoryBox();
  }
}
