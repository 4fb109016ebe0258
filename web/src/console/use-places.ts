import type { Ref } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** A reader's position in a conversation: the index of the first visible line, and how many px of that line are scrolled away. */
interface Place {
  line: number;
  offset: number;
}

const places = new Map<string, Place>();
const NEAR_END = 60; // px from the end that count as being at the end
const MOST = 50; // positions remembered; the oldest is dropped

/** Restores the reader's position when a session is shown again. A reader who was at the end gets no position, so that the chat
 *  follows new lines. */
export function usePlace(session: string): { ref: Ref<HTMLElement>; onScrollCapture: () => void } {
  const ref = useRef<HTMLElement>(null);
  const box = () => ref.current?.querySelector<HTMLElement>(".chat-lines") ?? null;
  useLayoutEffect(() => {
    const place = places.get(session);
    const lines = box();
    if (!place || !lines) return;
    const line = lines.children[place.line];
    if (line instanceof HTMLElement) lines.scrollTop = line.offsetTop + place.offset;
  }, [session]);
  const onScrollCapture = () => {
    const lines = box();
    if (lines === null || lines.clientHeight === 0) return;
    const top = lines.scrollTop;
    places.delete(session);
    if (lines.scrollHeight - top - lines.clientHeight >= NEAR_END) places.set(session, placeIn(lines, top));
    if (places.size > MOST) places.delete([...places.keys()][0]!);
  };
  return { ref, onScrollCapture };
}

function placeIn(lines: HTMLElement, top: number): Place {
  const children = [...lines.children] as HTMLElement[];
  const line = Math.max(
    0,
    children.findIndex((one) => one.offsetTop + one.offsetHeight > top),
  );
  return { line, offset: top - (children[line]?.offsetTop ?? 0) };
}
