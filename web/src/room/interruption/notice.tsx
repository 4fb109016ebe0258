import { useEffect, useRef, useState } from "preact/hooks";
import type { Interrupted } from "../../messages";
import { announce, toast } from "../../ui/announce";
import { useLocale, useStore } from "../../ui/store";
import { backAgain, interrupted } from "../interruption";
import type { RoomLink } from "../room-link";
import { viewer } from "../state";
import { t } from "./words";

/** Interruptions shorter than this, ms, cause no notice. Within this time, the page replaces an unplugged headset by another
 *  microphone. */
const SHORT_MS = 500;

/** Tells the person that nobody heard them while the system had frozen this tab, for example because the phone was locked. A
 *  frozen page notices nothing itself. When the page runs again, the server tells the page that the media worker had lost the
 *  connection to this page. */
function useFrozenCall(link: RoomLink): void {
  useEffect(() => {
    let unheard = false;
    return link.client.state.subscribe(() => {
      const seen = viewer(link.view())?.peer;
      if (seen === "lost" && link.peer.state.get().status === "live") unheard = true;
      if (seen !== "live" || !unheard) return;
      unheard = false;
      toast(t("call"));
    });
  }, [link]);
}

/** If the system has taken away a person's microphone or camera, tells the person what others hear and see of them. Later, tells
 *  the person that the device is back. */
export function InterruptionNotice({ link }: { link: RoomLink }) {
  useLocale();
  useFrozenCall(link);
  const { devices } = link;
  const now = useStore(devices.state, interrupted);
  const [shown, setShown] = useState<Interrupted>("");
  const told = useRef<Interrupted>(""); // the devices that have been interrupted since all devices last worked
  useEffect(() => {
    const show = () => {
      const back = backAgain(told.current, devices.state.get());
      told.current = now && told.current && now !== told.current ? "both" : now;
      setShown(now);
      if (now) announce(t(now));
      else if (back) toast(t(`back.${back}`));
    };
    const timer = setTimeout(show, now && !told.current ? SHORT_MS : 0);
    return () => clearTimeout(timer);
  }, [now]);
  if (!shown) return null;
  return (
    <p class="notice notice-warn band" data-testid="interrupted">
      {t(shown)}
    </p>
  );
}
