import { useEffect, useRef, useState } from "preact/hooks";
import type { Interrupted } from "../messages";
import { announce, toast } from "../ui/announce";
import { useLocale, useStore } from "../ui/store";
import type { Devices } from "./devices";
import { backAgain, interrupted } from "./interruption";
import { t } from "./words";

/** Interruptions shorter than this, ms, cause no notice. Within this time, the page replaces an unplugged headset. */
const SHORT_MS = 500;

/** If the system has taken away a person's microphone or camera, tells the person what others hear and see of them. Later, tells
 *  the person that the device is back. */
export function InterruptionNotice({ devices }: { devices: Devices }) {
  useLocale();
  const now = useStore(devices.state, interrupted);
  const [shown, setShown] = useState<Interrupted>("");
  const told = useRef<Interrupted>(""); // the devices that have been interrupted since microphone and camera last worked
  useEffect(() => {
    const show = () => {
      const back = backAgain(told.current, devices.state.get());
      told.current = now && told.current && now !== told.current ? "both" : now;
      setShown(now);
      if (now) announce(t(`interrupted.${now}`));
      else if (back) toast(t(`interrupted.back.${back}`));
    };
    const timer = setTimeout(show, now && !told.current ? SHORT_MS : 0);
    return () => clearTimeout(timer);
  }, [now]);
  if (!shown) return null;
  return (
    <p class="notice notice-warn band" data-testid="interrupted">
      {t(`interrupted.${shown}`)}
    </p>
  );
}
