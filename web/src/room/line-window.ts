/** Keeps a long conversation short in the document: only the lines around the reader's position are rendered. */

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Line } from "../messages";

export interface Span {
  from: number;
  to: number;
}

export const MOST = 300; // lines that are in the page's document at once
export const AT_FIRST = 40; // lines that are rendered before the first paint: enough for a screen
export const STEP = 100; // lines by which the rendered window moves when the reader scrolls
const NEAR = 900; // px: if the reader is this close to the end of the window, the window moves
const AT_END = 60; // px: a reader this close to the end counts as being at the end
const GROWS_MS = 50; // time from the first paint until all lines of the window are rendered
const CALLED_MS = 1600; // how long a line that the reader jumped to is highlighted

/** Returns the range of rendered lines moved by `by` lines, within the `count` lines that there are. */
export function moved({ from, to }: Span, by: number, count: number): Span {
  if (by < 0) {
    const first = Math.max(0, from + by);
    return { from: first, to: Math.min(to, first + MOST) };
  }
  const last = Math.min(count, to + by);
  return { from: Math.max(from, last - MOST), to: last };
}

/** Returns the range of lines to render so that the line at `index` is in its middle. `count`: the number of all lines. */
export const around = (index: number, count: number): Span => {
  const from = Math.max(0, Math.min(index - MOST / 2, count - MOST));
  return { from, to: Math.min(count, from + MOST) };
};

/** Returns the rendered range for the same lines as before, after older lines were added; null if the lines are gone. `first`:
 *  the number of the line that was the first line before the older lines were added. */
export function shifted({ from, to }: Span, first: number, lines: readonly Pick<Line, "seq">[]): Span | null {
  const by = lines.findIndex((line) => line.seq === first);
  return by < 0 ? null : { from: from + by, to: to + by };
}

/** A reader's position in a conversation: the number of the first visible line, and the distance in px from the top of the box
 *  down to this line. The distance is negative if the line begins above the box. */
export interface Place {
  seq: string;
  offset: number;
}

/** Returns how many of the newest lines to render before the first paint, so that the line `at` is among them; null if `at` is too
 *  far back. */
export function atFirst(lines: readonly Pick<Line, "seq">[], at: number): number | null {
  const back = lines.length - lines.findIndex(({ seq }) => seq === at);
  if (back > lines.length) return AT_FIRST;
  return back > MOST ? null : Math.max(AT_FIRST, back);
}

/** Access to the older lines of a conversation, which the page fetches only when they are needed. `there`: whether the server has
 *  older lines. */
export interface Older {
  there: boolean;
  fetch: () => void;
  /** Fetches older lines until this page has the line `seq`. Resolves with whether it has. */
  reach: (seq: number) => Promise<boolean>;
}

/** Returns the part of `lines` to render in the scrolling `box`. The part moves as the reader scrolls; lines on the screen stay
 *  where they are, even when older lines are added. `place`: where the reader was when they last saw the conversation. */
export function useLineWindow(lines: Line[], box: RefObject<HTMLElement | null>, older: Older, place?: Place) {
  const count = lines.length;
  const first = lines[0]?.seq ?? 0;
  // how many of the newest lines to render while `held` is null; null: MOST
  const [newest, setNewest] = useState(() => atFirst(lines, Number(place?.seq)));
  const [held, setHeld] = useState<{ span: Span; first: number } | null>(() => {
    if (newest !== null) return null;
    const at = lines.findIndex(({ seq }) => seq === Number(place?.seq));
    return { span: around(at, count), first };
  });
  const [wanted, setWanted] = useState(0);
  const anchor = useRef(place ?? null); // where the reader must be after the next rendering
  const before = useRef(first);
  // at this moment, the document still shows the lines as they were
  if (before.current !== first) anchor.current ??= placeIn(box.current);
  before.current = first;
  const span = held && shifted(held.span, held.first, lines);
  const setSpan = (next: Span | null) => setHeld(next && { span: next, first });
  const to = Math.min(span?.to ?? count, count);
  const shown = { from: Math.min(span?.from ?? count, Math.max(0, to - (span ? MOST : (newest ?? MOST)))), to };
  const growing = newest !== null && count > 0;
  useEffect(() => {
    if (!growing) return;
    const timer = setTimeout(() => {
      anchor.current ??= placeIn(box.current);
      setNewest(null);
    }, GROWS_MS);
    return () => clearTimeout(timer);
  }, [growing]);
  useLayoutEffect(() => {
    restore(box.current, anchor.current);
    anchor.current = null;
  }, [held, first, newest]);
  const move = (by: number) => {
    anchor.current = placeIn(box.current);
    setSpan(moved(shown, by, count));
  };
  const seat = useSeat(box, place);
  const onScroll = () => {
    seat();
    if (newest !== null || !box.current?.clientHeight) return; // the page still adds lines above, or is hidden
    const { scrollTop, scrollHeight, clientHeight } = box.current;
    const below = scrollHeight - scrollTop - clientHeight;
    if (scrollTop < NEAR && shown.from < STEP && older.there) older.fetch();
    if (scrollTop < NEAR && shown.from > 0 && (span !== null || below > NEAR)) move(-STEP);
    else if (below < NEAR && shown.to < count) move(STEP);
    // keeps this span, so that new lines do not move it
    else if (span === null && below > AT_END && (count >= MOST || older.there)) setSpan(shown);
    // a reader who has come back to the end sees new lines again
    else if (span !== null && below <= AT_END && shown.to === count) {
      anchor.current = placeIn(box.current);
      setSpan(null);
    }
  };
  // a reader at the very top cannot scroll up, and one near the end sees new lines, so the check runs here, too
  useLayoutEffect(onScroll, [first, older.there, newest, count]);
  useLayoutEffect(() => {
    if (wanted === 0) return;
    const line = box.current?.querySelector(`[data-seq="${wanted}"]`);
    const index = line ? -1 : lines.findIndex(({ seq }) => seq === wanted);
    if (line) {
      call(line);
      setWanted(0);
    } else if (index >= 0) setSpan(around(index, count));
  }, [wanted, held, first]);
  const reveal = (seq: number) => void older.reach(seq).then((here) => here && setWanted(seq));
  const moving = span !== null || (newest !== null && count > AT_FIRST); // older lines are not announced
  return { ...shown, complete: shown.to === count, moving, onScroll, reveal, toEnd: () => setSpan(null) };
}

/** Keeps the first visible line where it is while lines above it change their height, such as lines whose picture arrives, and
 *  when the chat is shown again. Does nothing for a reader at the end. `begin`: where the reader begins. Returns a function to call
 *  after each scroll. */
function useSeat(box: RefObject<HTMLElement | null>, begin: Place | null = null): () => void {
  const seat = useRef({ place: begin, scrolled: 0 });
  const sit = () => {
    const now = box.current;
    if (!now || now.clientHeight === 0) return;
    const atEnd = now.scrollHeight - now.scrollTop - now.clientHeight <= AT_END;
    seat.current = { place: atEnd ? null : placeIn(now), scrolled: now.scrollTop };
  };
  useEffect(() => {
    const now = box.current;
    const rows = now?.firstElementChild;
    if (!now || !rows) return;
    let hidden = false;
    const resized = new ResizeObserver(() => {
      const { place, scrolled } = seat.current;
      const appears = hidden;
      hidden = now.clientHeight === 0;
      if (hidden) return;
      if (appears) restore(now, place);
      else if (now.scrollTop !== scrolled) sit(); // the page has scrolled on purpose, and the scroll event has yet to come
      else if ("windowed" in now.dataset) restore(now, place);
    });
    resized.observe(rows);
    return () => resized.disconnect();
  }, []);
  return sit;
}

/** Returns the reader's position in the scrolling box; null if no line is visible. */
export function placeIn(box: HTMLElement | null): Place | null {
  if (!box) return null;
  const { top } = box.getBoundingClientRect();
  for (const line of box.querySelectorAll<HTMLElement>("[data-seq]")) {
    const at = line.getBoundingClientRect();
    if (at.bottom > top) return { seq: line.dataset.seq ?? "", offset: at.top - top };
  }
  return null;
}

/** Scrolls the box so that the reader is at this position again. */
function restore(box: HTMLElement | null, place?: Place | null): void {
  const line = place && box?.querySelector(`[data-seq="${place.seq}"]`);
  if (line && box) box.scrollTop += line.getBoundingClientRect().top - box.getBoundingClientRect().top - place.offset;
}

/** Scrolls a line into view and highlights it for a moment. */
function call(line: Element): void {
  line.scrollIntoView({ block: "center" });
  line.classList.add("line-called");
  setTimeout(() => line.classList.remove("line-called"), CALLED_MS);
}
