import type { Ref } from "preact";
import { useRef } from "preact/hooks";
import { placeIn, type Place } from "../room/line-window";

/** The reader's position, and the number of the newest line that there was when the reader left the end. */
export interface LastPlace extends Place {
  newest: number;
}

const places = new Map<string, LastPlace>();
const NEAR_END = 60; // a reader this close to the end, in px, counts as being at the end
const MOST = 50; // the positions in at most this many conversations are remembered; beyond that, the oldest position is dropped

interface Remembered {
  ref: Ref<HTMLElement>;
  before: LastPlace | undefined;
  onScrollCapture: () => void;
}

/** Remembers the reader's position in each session. `before`: the position when the session was last shown. A reader who was at the
 *  end gets no position, so that the chat follows new lines. `newest`: the number of the session's newest line. */
export function usePlace(session: string, newest: number): Remembered {
  const ref = useRef<HTMLElement>(null);
  const before = places.get(session); // not memoized, because the chat can be mounted again
  const onScrollCapture = () => {
    const lines = ref.current?.querySelector<HTMLElement>(".chat-lines");
    if (!lines || lines.clientHeight === 0) return;
    const place = placeIn(lines);
    const seen = places.get(session)?.newest ?? newest;
    places.delete(session);
    const below = lines.scrollHeight - lines.scrollTop - lines.clientHeight;
    if (place && below >= NEAR_END) places.set(session, { ...place, newest: seen });
    if (places.size > MOST) places.delete([...places.keys()][0]!);
  };
  return { ref, before, onScrollCapture };
}
