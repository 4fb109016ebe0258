/** Finds out which of a person's devices the operating system has taken away, as a phone does during a phone call. The page
 *  gets such a device back by itself. */

import type { Interrupted } from "../messages";
import type { DeviceState, Source } from "./device-state";

/** A camera that has been muted for this long, ms, counts as interrupted. A shorter pause can have another cause, such as a busy
 *  processor. */
const STALLED_MS = 2000;

const held = ({ wanted, on, silent, cut }: Source): boolean => wanted && (cut || (on && silent));

const named = (mic: boolean, camera: boolean): Interrupted => (mic ? (camera ? "both" : "mic") : camera ? "camera" : "");

export const interrupted = ({ mic, camera }: Pick<DeviceState, "mic" | "camera">): Interrupted => named(held(mic), held(camera));

/** Returns the interrupted devices (`before`) that work again, so that other people hear or see the person. A device that the
 * person has switched off during the interruption does not count as back. */
export function backAgain(before: Interrupted, { mic, camera }: Pick<DeviceState, "mic" | "camera">): Interrupted {
  const back = (kind: Interrupted, source: Source) => (before === kind || before === "both") && source.on && !source.silent;
  return named(back("mic", mic), back("camera", camera));
}

/**
 * Calls `changed` when the system mutes or unmutes the track, and also if the track is muted from the start. A camera counts as
 * muted only after it has been muted for `STALLED_MS`.
 */
export function watchSilence(track: MediaStreamTrack, changed: (silent: boolean) => void): void {
  const muted = () => {
    if (track.kind === "audio") changed(true);
    else setTimeout(() => track.muted && track.readyState === "live" && changed(true), STALLED_MS);
  };
  track.addEventListener("mute", muted);
  track.addEventListener("unmute", () => changed(false));
  if (track.muted) muted();
}
