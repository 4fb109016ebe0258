import { useEffect } from "preact/hooks";

/** Keeps the screen on until the returned function is called. In a browser that cannot keep it on, nothing happens. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let over = false;
  const acquire = async () => {
    const { wakeLock } = navigator as Partial<Navigator>;
    if (!wakeLock || document.hidden || (lock && !lock.released)) return;
    try {
      const taken = await wakeLock.request("screen");
      if (over || (lock && !lock.released)) await taken.release();
      else lock = taken;
    } catch {
      // The browser refused to keep the screen on, for example because the battery is low. When the person returns to the page,
      // the page asks again.
    }
  };
  const returned = () => void acquire(); // the browser released the lock of the screen when the page was hidden
  document.addEventListener("visibilitychange", returned);
  void acquire();
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", returned);
    lock?.release().catch(() => undefined);
  };
}

/** Keeps the screen on while `wanted` is true, because a phone that locks during a call mutes the person. */
export function useAwake(wanted: boolean): void {
  useEffect(() => (wanted ? keepAwake() : undefined), [wanted]);
}
