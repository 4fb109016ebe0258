import type { Ref } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Where the reader was: the first line in view, and how far it was scrolled. */
interface Place {
  line: number;
  offset: number;
}

const places = new Map<string, Place>();
const NEAR_END = 60; // px
const MOST = 50; // sessions; drops the oldest

/** Puts the conversation back where it was read, when its session is shown again. At the end it follows new lines. */
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
