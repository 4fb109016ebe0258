import type { Ref } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { firstSeen, type Place } from "../room/line-window";

const places = new Map<string, Place>();
const NEAR_END = 60; // a reader this close to the end, in px, counts as being at the end
const MOST = 50; // the positions in at most this many conversations are remembered; beyond that, the oldest position is dropped

/** Remembers the reader's position in each session. `before`: the position when the session was last shown. A reader who was at the
 *  end gets no position, so that the chat follows new lines. */
export function usePlace(session: string): { ref: Ref<HTMLElement>; before: Place | undefined; onScrollCapture: () => void } {
  const ref = useRef<HTMLElement>(null);
  const before = useMemo(() => places.get(session), [session]);
  const onScrollCapture = () => {
    const lines = ref.current?.querySelector<HTMLElement>(".chat-lines");
    if (!lines || lines.clientHeight === 0) return;
    const seen = firstSeen(lines);
    places.delete(session);
    const below = lines.scrollHeight - lines.scrollTop - lines.clientHeight;
    if (seen && below >= NEAR_END) places.set(session, { seq: seen.seq, offset: seen.top - lines.getBoundingClientRect().top });
    if (places.size > MOST) places.delete([...places.keys()][0]!);
  };
  return { ref, before, onScrollCapture };
}
