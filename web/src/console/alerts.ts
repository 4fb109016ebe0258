/** Alerts the member of staff to an incoming call: by sound, by notification and by the screen reader. */
import { useEffect, useRef, useState } from "preact/hooks";
import { announce, useStore } from "../ui";
import { keyLabel } from "./logic/keys";
import { isWriting } from "./writing";
import { field, titleKey, type Call } from "./logic/ringing";
import { notify, notifyCall } from "./notify";
import { prefs } from "../staff/prefs";
import { Ringer } from "./ringer";
import { t } from "../staff/texts";

export const ringer = new Ringer();

/** Unlocks the sound at the first click or key press. Returns whether the browser allows sound now. */
export function useRingerReady(): boolean {
  const [ready, setReady] = useState(ringer.ready);
  useEffect(() => {
    if (ready) return;
    const unlock = () => void ringer.unlock().then(() => setReady(ringer.ready));
    unlock(); // the browser allows sound already if the person has clicked or typed on the page, for example to sign in
    addEventListener("pointerdown", unlock);
    addEventListener("keydown", unlock);
    return () => {
      removeEventListener("pointerdown", unlock);
      removeEventListener("keydown", unlock);
    };
  }, [ready]);
  return ready;
}

const whoCalls = (ring: Call) => ring.from_name || field(ring, "user_name") || t("visitor");

/**
 * Rings for the incoming call `ring` until another call or none is shown. Does not ring while the person has muted all ringing,
 * or while `silenced` is this call's id.
 */
export function useAlerts(ring: Call | null, silenced: string): void {
  const { ringVolume, ringMuted } = useStore(prefs);
  const id = ring?.reservation ?? "";
  const shown = useRef<Call | null>(ring);
  shown.current = ring;
  useRingerReady();

  useEffect(() => {
    if (id === "" || ringMuted || silenced === id) return;
    ringer.start(ringVolume);
    return () => ringer.stop();
  }, [id, silenced, ringMuted, ringVolume]);

  useEffect(() => {
    const call = shown.current;
    if (id === "" || call === null) return;
    const kind = call.kind === "help" || call.kind === "upgrade" ? call.kind : "";
    announce(
      t(kind ? `ring.announce.${kind}` : "ring.announce", {
        who: whoCalls(call),
        topic: call.category,
        key: keyLabel(isWriting() ? "accept_writing" : "accept"),
      }),
      "assertive",
    );
    const title = t(titleKey(call));
    const body = `${whoCalls(call)} · ${call.category}`;
    return call.kind === "upgrade" ? notify(title, body, id) : notifyCall(title, body, id);
  }, [id]);
}
