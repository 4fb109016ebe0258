/** Keeps a long conversation short in the document: only the lines around the reader's position are rendered. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Line } from "../messages";

export interface Span {
  from: number;
  to: number;
}

/** The rendered part of a conversation: `size` lines, beginning with the line whose number is `first`. Null: the newest lines. */
export interface Part {
  first: number | null;
  size: number;
}

type Numbered = readonly Pick<Line, "seq">[];

export const MOST = 300; // greatest number of lines in the page's document at any time
export const AT_FIRST = 40; // lines that are rendered before the first paint: enough for a screen
export const GROWS = 65; // number of lines that are added in each later step, until there are MOST
export const STEP = 100; // number of lines by which the range of rendered lines moves when the reader scrolls
const ABOVE = 6; // how many of the first AT_FIRST lines are above the reader's position
const GROWS_MS = 50; // pause between two steps that add lines, ms, in which the page can handle clicks and keys
const NEAR = 900; // px: if the reader is this close to the first or last rendered line, the range of rendered lines moves
const AT_END = 60; // px: a reader this close to the end counts as being at the end
const OVER = 40; // px: if the first visible line is at least this far down in the box, the reader sees what is above the lines
const CALLED_MS = 1600; // ms for which a line is highlighted after the reader has jumped to it

/** Moves the range of rendered lines by `by` lines (negative: up), and returns the range. The range stays within the `count` lines of
 *  the conversation. */
export function moved({ from, to }: Span, by: number, count: number): Span {
  if (by < 0) {
    const first = Math.max(0, from + by);
    return { from: first, to: Math.min(to, first + MOST) };
  }
  const last = Math.min(count, to + by);
  return { from: Math.max(from, last - MOST), to: last };
}

/** Returns the range with GROWS lines more, half of them above and half below if the conversation has them. The range gets at
 *  most MOST lines. */
export function grown({ from, to }: Span, count: number): Span {
  const more = Math.min(GROWS, MOST - (to - from));
  const below = Math.min(count - to, Math.max(Math.floor(more / 2), more - from));
  return { from: Math.max(0, from - (more - below)), to: to + below };
}

/**
 * Returns the few lines to render first for a reader who is at the line `at`. If this line is one of the last, or this page does
 * not have it, returns the newest lines.
 */
export function partAt(lines: Numbered, at: number): Part {
  const index = lines.findIndex(({ seq }) => seq === at);
  if (index < 0 || index > lines.length - AT_FIRST) return { first: null, size: lines[AT_FIRST] ? AT_FIRST : MOST };
  return { first: lines[Math.max(0, index - ABOVE)]!.seq, size: AT_FIRST };
}

/** Returns the range of the lines in a part of the conversation. If this page does not have the part's first line, returns the
 *  range of the newest lines. */
export function spanOf({ first, size }: Part, lines: Numbered): Span {
  const from = first === null ? -1 : lines.findIndex(({ seq }) => seq === first);
  if (from < 0) return { from: Math.max(0, lines.length - size), to: lines.length };
  return { from, to: Math.min(lines.length, from + size) };
}

/** A reader's position in a conversation: the number of the first visible line, and the distance in px from the top of the box
 *  down to this line. The distance is negative if the line begins above the box. */
export interface Place {
  seq: string;
  offset: number;
}

/** The reader's position at the moment when they last left the conversation, and the number of the newest line that they knew of
 *  then. */
export interface LastPlace extends Place {
  newest: number;
}

/** Access to the older lines of a conversation, which the page fetches only when they are needed. `there`: whether the server has
 *  older lines. */
export interface Older {
  there: boolean;
  fetch: () => void;
  /** Fetches older lines until this page has the line `seq`. Resolves with whether the page has that line. */
  reach: (seq: number) => Promise<boolean>;
}

/** The reader's position (null: at the end), and the box's scrollTop and scrollHeight (px) when this position was read or set. */
interface Seat {
  place: Place | null;
  top: number;
  height: number;
}

interface Reader {
  place?: LastPlace;
  onPlace?: (place: Place | null) => void;
}

/**
 * Returns which part of `lines` to render in a scrolling box. The part moves as the reader scrolls.
 *
 * `seat.place` is the reader's position; null while the reader is at the end. When the height of the conversation changes (lines
 * are added on either side, a picture arrives, a pane is dragged), the box is scrolled back to this position before the next
 * paint. Only a scroll changes the position. `sent`: the number of this person's lines that are still being sent; the page shows
 * these lines below the newest line. `behind`, in the result, says whether there are newer lines that the reader has not seen.
 * `place` and `onPlace` are the props of `Chat`.
 */
export function useLineWindow(lines: Line[], sent: number, older: Older, { place: begin, onPlace }: Reader) {
  const box = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLDivElement>(null);
  const count = lines.length;
  const newest = lines.at(-1)?.seq ?? 0;
  const [back] = useState(() => (lines.some(({ seq }) => String(seq) === begin?.seq) ? begin! : null));
  const [part, setPart] = useState(() => partAt(lines, Number(back?.seq)));
  const [behind, setBehind] = useState(back !== null && newest > back.newest);
  const [wanted, setWanted] = useState(0);
  const span = spanOf(part, lines);
  const complete = span.to === count;
  const growing = span.to - span.from < Math.min(MOST, count);
  const held = part.first !== null; // the rendered part stays where it is when new lines come
  // While the part grows in steps, screen readers do not announce new lines. If all lines are rendered, the part gets its full
  // size (MOST) now. So later lines need no growth, and are announced.
  const follow = ({ from, to }: Span) => setPart({ first: null, size: from ? to - from : MOST });
  const hold = ({ from, to }: Span) => setPart({ first: lines[from]!.seq, size: to - from });
  const seat = useRef<Seat>({ place: back, top: 0, height: 0 });
  const rendered = useRef({ lines, part, complete, end: `${newest} ${sent}` });

  /** Stores the present scroll position of the box as the reader's position. */
  const sit = () => {
    const now = box.current;
    if (!now?.clientHeight) return;
    if (now.scrollHeight !== seat.current.height) scrollAfterChange(now);
    const { place, top } = seat.current;
    // If the box shrinks or a line grows, the end of the conversation also goes out of sight. Only a smaller scrollTop shows that
    // the reader has scrolled away from the end.
    const away = (place !== null || now.scrollTop < top) && !(rendered.current.complete && below(now) < AT_END);
    seat.current = { place: away ? placeIn(now) : null, top: now.scrollTop, height: now.scrollHeight };
    if (!away) setBehind(false);
  };
  /** Lines have changed their height just before a scroll: scrolls again by the same distance, from the reader's position. Does
   *  nothing if the scroll itself has brought the reader's position back. */
  const scrollAfterChange = (now: HTMLElement) => {
    const { place, top } = seat.current;
    if (!keeps(now) || (place && !Math.round(offBy(now, place)))) return;
    const by = now.scrollTop - top;
    // when lines become lower, the browser itself scrolls the box to its new end
    const shrunk = by < 0 && below(now) < 1;
    settle();
    if (!shrunk) now.scrollTop += by;
  };
  /** Returns whether only this hook keeps the reader's position. In a short conversation, the browser itself keeps it. */
  const keeps = (now: HTMLElement) => "windowed" in now.dataset && (seat.current.place?.offset ?? 0) < OVER;
  /** Scrolls the box with the lines to the reader's position. */
  const settle = () => {
    const now = box.current;
    if (!now?.clientHeight) return;
    if (seat.current.place) now.scrollTop += offBy(now, seat.current.place);
    else now.scrollTop = now.scrollHeight;
    seat.current.top = now.scrollTop;
    seat.current.height = now.scrollHeight;
  };
  /** Moves the rendered part if the reader is near an end of it. */
  const shift = () => {
    const now = box.current;
    if (growing || !now?.clientHeight) return;
    const atTop = now.scrollTop < NEAR;
    if (atTop && span.from < STEP && older.there) older.fetch();
    if (atTop && span.from > 0 && (held || below(now) > NEAR)) hold(moved(span, -STEP, count));
    else if (below(now) < NEAR && !complete) hold(moved(span, STEP, count));
    else if (!held && seat.current.place && (count >= MOST || older.there)) hold(span);
    else if (held && !seat.current.place) follow(span);
  };

  // the document still shows the lines from before this render, and the event of the reader's last scroll can still be on its way
  const changes = rendered.current.lines !== lines || rendered.current.part !== part;
  if (changes && box.current && box.current.scrollTop !== seat.current.top) sit();
  useLayoutEffect(() => {
    const end = `${newest} ${sent}`;
    if (seat.current.place && rendered.current.end !== end) setBehind(true);
    rendered.current = { lines, part, complete, end };
    settle();
    shift();
  }, [lines, part, sent, older.there]);
  useLayoutEffect(() => {
    if (wanted === 0) return;
    const line = box.current?.querySelector(`[data-seq="${wanted}"]`);
    if (line) {
      settle(); // stores the box's present height, so that sit() does not scroll once more by the distance that call() scrolls
      call(line);
      sit();
      setWanted(0);
    } else if (lines.some(({ seq }) => seq === wanted)) {
      seat.current.place = { seq: String(wanted), offset: 0 };
      setPart(partAt(lines, wanted));
    }
  }, [wanted, part, lines]);
  useEffect(() => {
    if (!growing) return;
    const timer = setTimeout(() => (held ? hold : follow)(grown(span, count)), GROWS_MS);
    return () => clearTimeout(timer);
  }, [growing, part, lines]);
  useEffect(() => {
    const now = box.current;
    if (!now || !rows.current) return;
    let hidden = !now.clientHeight;
    const resized = new ResizeObserver(() => {
      const appears = hidden;
      hidden = !now.clientHeight;
      if (hidden) return;
      // the page has scrolled the box, and the scroll event has not come yet
      if (!appears && now.scrollTop !== seat.current.top) sit();
      if (appears || !seat.current.place || keeps(now)) settle();
    });
    for (const one of [now, rows.current]) resized.observe(one);
    return () => resized.disconnect();
  }, []);

  return {
    ...span,
    box,
    rows,
    complete,
    behind,
    moving: growing || held, // screen readers must not announce older lines when these are added
    onScroll: () => {
      sit();
      onPlace?.(seat.current.place);
      shift();
    },
    reveal: (seq: number) => void older.reach(seq).then((here) => here && setWanted(seq)),
    toEnd: () => {
      seat.current.place = null;
      setBehind(false);
      follow(complete ? span : { from: 1, to: AT_FIRST });
    },
  };
}

const below = (box: HTMLElement) => box.scrollHeight - box.scrollTop - box.clientHeight;

/** Returns the reader's position in the scrolling box; null if no line is visible. */
function placeIn(box: HTMLElement): Place | null {
  const { top } = box.getBoundingClientRect();
  const lines = box.querySelectorAll<HTMLElement>("[data-seq]");
  let [first, after] = [0, lines.length]; // the index of the first visible line is in this range
  while (first < after) {
    const middle = (first + after) >> 1;
    if (lines[middle]!.getBoundingClientRect().bottom > top) after = middle;
    else first = middle + 1;
  }
  const line = lines[first];
  return line ? { seq: line.dataset.seq ?? "", offset: line.getBoundingClientRect().top - top } : null;
}

/** Returns how many px the box must be scrolled down for the reader to be at this position again; 0 if the line is missing. */
function offBy(box: HTMLElement, place: Place): number {
  const line = box.querySelector(`[data-seq="${place.seq}"]`);
  return line ? line.getBoundingClientRect().top - box.getBoundingClientRect().top - place.offset : 0;
}

/** Scrolls a line into view and highlights it for a moment. */
function call(line: Element): void {
  line.scrollIntoView({ block: "center" });
  line.classList.add("line-called");
  setTimeout(() => line.classList.remove("line-called"), CALLED_MS);
}
