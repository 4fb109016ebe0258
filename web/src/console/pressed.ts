/** A press on "Accept" in a notification: the console accepts that ring as soon as it knows it, or says that it is over. */

import { useEffect } from "preact/hooks";
import type { Ring } from "../messages";
import { createStore, toast, useStore } from "../ui";
import { t } from "../staff/texts";

const PREFIX = "#accept=";
const WAIT_MS = 3_000; // a page that has just connected gets its rings within this time

const pressed = createStore("");

/** Takes the press from the address of a page that was opened for it, and listens for presses while the page is open. */
export function watchPresses(): void {
  if (location.hash.startsWith(PREFIX)) {
    pressed.set(decodeURIComponent(location.hash.slice(PREFIX.length)));
    history.replaceState(null, "", location.pathname + location.search);
  }
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent) => {
    const said = data as { kind?: unknown; reservation?: unknown } | null;
    if (said?.kind === "sangdam-accept" && typeof said.reservation === "string") pressed.set(said.reservation);
  });
}

/** Accepts the ring that was pressed. `here`: whether the page is connected. */
export function usePressed(rings: Ring[], here: boolean, accept: (ring: Ring) => Promise<void>): void {
  const wanted = useStore(pressed);
  const ring = rings.find((one) => one.reservation === wanted);
  useEffect(() => {
    if (wanted === "" || !here) return;
    if (ring !== undefined) {
      pressed.set("");
      void accept(ring);
      return;
    }
    const late = setTimeout(() => {
      pressed.set("");
      toast(t("ring.late"));
    }, WAIT_MS);
    return () => clearTimeout(late);
  }, [wanted, here, ring !== undefined]);
}
