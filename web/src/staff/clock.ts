import { useEffect, useState } from "preact/hooks";

/** Returns the server's time in ms, and renders again every `every_ms`. `ahead_ms`: how far the server's clock is ahead of this
 *  browser's. */
export function useNow(ahead_ms: number, every_ms = 1_000): number {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
  return Date.now() + ahead_ms;
}
