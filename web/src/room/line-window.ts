/** Keeps a long conversation short in the document: only the lines around the reader's position are rendered. */

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Line } from "../messages";

export interface Span {
  from: number;
  to: number;
}

export const MOST = 300; // lines in the document at once
export const STEP = 100; // lines by which the window moves
const NEAR = 900; // px: the window moves when the reader is this close to its end

/** Moves a window over `count` lines by `by`, within bounds. */
export function moved({ from, to }: Span, by: number, count: number): Span {
  if (by < 0) {
    const first = Math.max(0, from + by);
    return { from: first, to: Math.min(to, first + MOST) };
  }
  const last = Math.min(count, to + by);
  return { from: Math.max(from, last - MOST), to: last };
}

/** Returns the window around the line at `index`. */
export const around = (index: number, count: number): Span => {
  const from = Math.max(0, Math.min(index - MOST / 2, count - MOST));
  return { from, to: Math.min(count, from + MOST) };
};

interface Anchor {
  seq: string;
  top: number;
}

/** Returns the part of `lines` to render in the scrolling `box`. The part moves as the reader scrolls; lines on the screen stay
 *  where they are. */
export function useLineWindow(lines: Line[], box: RefObject<HTMLElement | null>) {
  const [span, setSpan] = useState<Span | null>(null); // null: the newest lines
  const anchor = useRef<Anchor | null>(null);
  const revealed = useRef(0);
  const count = lines.length;
  const to = Math.min(span?.to ?? count, count);
  const shown = { from: Math.min(span?.from ?? count, Math.max(0, to - MOST)), to };
  useEffect(() => setSpan(null), [lines[0]?.seq]);
  useLayoutEffect(() => {
    const kept = anchor.current;
    const line = kept && box.current?.querySelector(`[data-seq="${kept.seq}"]`);
    if (line && box.current) box.current.scrollTop += line.getBoundingClientRect().top - kept.top;
    anchor.current = null;
    if (revealed.current > 0) box.current?.querySelector(`[data-seq="${revealed.current}"]`)?.scrollIntoView({ block: "center" });
    revealed.current = 0;
  }, [span]);
  const move = (by: number) => {
    anchor.current = firstSeen(box.current);
    setSpan(moved(shown, by, count));
  };
  const onScroll = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
    const below = scrollHeight - scrollTop - clientHeight;
    if (scrollTop < NEAR && shown.from > 0 && (span !== null || below > NEAR)) move(-STEP);
    else if (below < NEAR && shown.to < count) move(STEP);
    else if (span === null && below > NEAR && shown.from > 0) setSpan(shown); // new lines then do not move the window
  };
  const reveal = (seq: number) => {
    const index = lines.findIndex((line) => line.seq === seq);
    if (index < 0) return;
    revealed.current = seq;
    setSpan(around(index, count));
  };
  return { ...shown, complete: shown.to === count, moving: span !== null, onScroll, reveal, toEnd: () => setSpan(null) };
}

function firstSeen(box: HTMLElement | null): Anchor | null {
  if (!box) return null;
  const { top } = box.getBoundingClientRect();
  for (const line of box.querySelectorAll<HTMLElement>("[data-seq]")) {
    const place = line.getBoundingClientRect();
    if (place.bottom > top) return { seq: line.dataset.seq ?? "", top: place.top };
  }
  return null;
}
