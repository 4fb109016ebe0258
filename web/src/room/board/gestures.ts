/** Turns pointers into gestures on the board: one pointer draws, and two fingers move and enlarge the page. After a
 *  person has used a pen, only the pen draws: fingers and palms draw nothing. */

import type { BoardCanvas } from "./canvas";
import type { Point } from "./strokes";
import { panned, pinched, zoomed } from "./viewport";

/** Time in ms after the first finger came down. If a second finger comes down within this time, both were meant to pinch, and the
 *  board takes back what the first finger drew. If the second finger comes later, what the first finger drew stays. */
const PINCH_MS = 300;
const WHEEL_STEP = 0.01;
const LINE_PX = 16;

export interface Press {
  /** Where the pointer is on the board's page, in units. */
  at: Point;
  /** Where the pointer is on the screen, in px from the upper left corner of the board's space. */
  screen: Point;
  shift: boolean;
  touch: boolean;
  /** Whether this press is the second press of a double click or double tap. */
  double: boolean;
}

/** Functions that are called while a pointer is pressed. `move`: the pointer moves. `end`: the pointer is lifted. `cancel`: the
 *  press turns out to be a pinch. */
export interface Doing {
  move: (presses: Press[]) => void;
  end: () => void;
  /** Takes back what the pointer has done, because a second finger has made it a pinch. */
  cancel: () => void;
}

/** Returns the gesture that begins when a pointer comes down. Once this person has used a pen, fingers and palm only move the
 *  page, because a pen is more precise. */
export function roleOf(
  pointer: { type: string; button: number; others: number },
  penUsed: boolean,
  moves: boolean,
): "draw" | "pan" | "pinch" | "none" {
  if (pointer.type === "touch") {
    if (pointer.others === 1) return "pinch";
    if (pointer.others > 1) return "none";
    return penUsed || moves ? "pan" : "draw";
  }
  if (pointer.button === 1 || (pointer.button === 0 && moves)) return "pan";
  return pointer.button === 0 ? "draw" : "none";
}

interface GesturesOptions {
  begin: (press: Press) => Doing | null;
  /** Whether a single pointer moves the page instead of drawing, as it does for people who are only allowed to read. */
  moves: () => boolean;
  hover: (press: Press | null) => void;
}

const DOUBLE_MS = 350;
const DOUBLE_PX = 12;

/** Listens to the pointers and the wheel on the canvas. Returns a function that removes the listeners. */
export function gestures(target: HTMLElement, canvas: BoardCanvas, { begin, moves, hover }: GesturesOptions): () => void {
  const fingers = new Map<number, Point>();
  let penUsed = false;
  let doing: { pointer: number; began: number; what: Doing } | null = null;
  let panning: { pointer: number; at: Point } | null = null;
  let last: { at: Point; time: number } | null = null;

  const press = (event: MouseEvent): Press => {
    const screen = canvas.onScreen(event);
    const touch = (event as PointerEvent).pointerType === "touch";
    return { at: canvas.toPage(screen), screen, shift: event.shiftKey, touch, double: false };
  };
  const stop = (how: "end" | "cancel") => {
    const { what } = doing ?? {};
    doing = null;
    what?.[how]();
  };
  const down = (event: PointerEvent) => {
    const others = fingers.size;
    penUsed ||= event.pointerType === "pen";
    if (event.pointerType === "touch") fingers.set(event.pointerId, canvas.onScreen(event));
    const role = roleOf({ type: event.pointerType, button: event.button, others }, penUsed, moves());
    if (role === "none" || (doing && event.pointerType !== "touch")) return;
    event.preventDefault();
    target.focus({ preventScroll: true });
    try {
      target.setPointerCapture(event.pointerId);
    } catch {
      // browsers refuse to capture a pointer that exists only in a test
    }
    if (role === "pinch") {
      panning = null;
      if (doing) stop(event.timeStamp - doing.began < PINCH_MS ? "cancel" : "end");
    } else if (role === "pan") panning = { pointer: event.pointerId, at: canvas.onScreen(event) };
    else if (!doing) {
      const pressed = press(event);
      const double = last && event.timeStamp - last.time < DOUBLE_MS && near(last.at, pressed.screen);
      last = { at: pressed.screen, time: event.timeStamp };
      const what = begin({ ...pressed, double: Boolean(double) });
      if (what) doing = { pointer: event.pointerId, began: event.timeStamp, what };
    }
  };
  const move = (event: PointerEvent) => {
    if (doing?.pointer === event.pointerId) {
      const between = event.getCoalescedEvents();
      doing.what.move((between.length > 0 ? between : [event]).map(press));
    } else if (panning?.pointer === event.pointerId) {
      const now = canvas.onScreen(event);
      canvas.look(panned(canvas.view, [now[0] - panning.at[0], now[1] - panning.at[1]], canvas.space));
      panning.at = now;
    } else if (event.pointerType !== "touch") hover(press(event));
    if (fingers.has(event.pointerId)) pinch(event);
  };
  const pinch = (event: PointerEvent) => {
    const [before, now] = [fingers.get(event.pointerId)!, canvas.onScreen(event)];
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other && fingers.size === 2 && !doing) canvas.look(pinched(canvas.view, [before, other], [now, other], canvas.space));
    fingers.set(event.pointerId, now);
  };
  const up = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    if (panning?.pointer === event.pointerId) panning = null;
    if (doing?.pointer === event.pointerId) stop("end");
  };
  const wheel = (event: WheelEvent) => {
    const px = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const before = canvas.view;
    if (event.ctrlKey || event.metaKey)
      canvas.look(zoomed(before, Math.exp(-event.deltaY * px * WHEEL_STEP), canvas.onScreen(event), canvas.space));
    else {
      const [dx, dy] = event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
      canvas.look(panned(before, [-dx * px, -dy * px], canvas.space));
    }
    // The browser scrolls its whole page only if the board had nothing to move. With Ctrl or Meta, only the board is enlarged,
    // and never the browser's page.
    if (event.ctrlKey || event.metaKey || canvas.view !== before) event.preventDefault();
  };
  const ends = new AbortController();
  const { signal } = ends;
  target.addEventListener("pointerdown", down, { signal });
  target.addEventListener("pointermove", move, { signal });
  target.addEventListener("pointerup", up, { signal });
  target.addEventListener("pointercancel", up, { signal });
  target.addEventListener("pointerleave", () => hover(null), { signal });
  target.addEventListener("wheel", wheel, { signal, passive: false });
  return () => {
    stop("end");
    ends.abort();
  };
}

const near = (a: Point, b: Point): boolean => Math.hypot(a[0] - b[0], a[1] - b[1]) < DOUBLE_PX;
