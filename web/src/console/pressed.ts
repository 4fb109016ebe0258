/**
 * A person pressed "Accept" in a notification about a ring. The console then accepts this ring as soon as the server reports the
 * ring to the console. If the server does not report the ring within 3 s, the console says that the ring is over.
 */

import { useEffect } from "preact/hooks";
import type { Ring } from "../messages";
import { createStore, toast, useStore } from "../ui";
import { t } from "../staff/texts";
import { decoded } from "../staff/address";

const PREFIX = "#accept=";
const WAIT_MS = 3_000; // a page that has just connected gets its rings within this time

const pressed = createStore("");

/** Finds out for which ring "Accept" was pressed in a notification. If the press has opened this page, the page's address names
 *  the ring. If this page was open before, a message of the service worker names the ring. */
export function watchPresses(): void {
  if (location.hash.startsWith(PREFIX)) {
    pressed.set(decoded(location.hash.slice(PREFIX.length)));
    history.replaceState(null, "", location.pathname + location.search);
  }
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent) => {
    const said = data as { kind?: unknown; reservation?: unknown } | null;
    if (said?.kind === "sangdam-accept" && typeof said.reservation === "string") pressed.set(said.reservation);
  });
}

/** Accepts the ring on whose notification "Accept" was pressed. `here`: whether this page is connected to the server. */
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
