import type { Ref } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { firstSeen } from "../room/line-window";

/** A reader's position in a conversation: the first visible line, and how many px it stands below the top of the box; negative
 *  above it. */
interface Place {
  seq: string;
  offset: number;
}

const places = new Map<string, Place>();
const NEAR_END = 60; // a reader this close to the end, in px, counts as being at the end
const MOST = 50; // conversations whose position is remembered; the oldest position is dropped

/** Restores the reader's position when a session is shown again. A reader who was at the end gets no position, so that the chat
 *  follows new lines. */
export function usePlace(session: string): { ref: Ref<HTMLElement>; onScrollCapture: () => void } {
  const ref = useRef<HTMLElement>(null);
  const box = () => ref.current?.querySelector<HTMLElement>(".chat-lines") ?? null;
  useLayoutEffect(() => {
    const place = places.get(session);
    const lines = box();
    if (!place || !lines) return;
    const line = lines.querySelector(`[data-seq="${place.seq}"]`);
    if (line) lines.scrollTop += line.getBoundingClientRect().top - lines.getBoundingClientRect().top - place.offset;
  }, [session]);
  const onScrollCapture = () => {
    const lines = box();
    if (lines === null || lines.clientHeight === 0) return;
    const seen = firstSeen(lines);
    places.delete(session);
    const below = lines.scrollHeight - lines.scrollTop - lines.clientHeight;
    if (seen && below >= NEAR_END) places.set(session, { seq: seen.seq, offset: seen.top - lines.getBoundingClientRect().top });
    if (places.size > MOST) places.delete([...places.keys()][0]!);
  };
  return { ref, onScrollCapture };
}
