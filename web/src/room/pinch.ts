/** Lets people enlarge a picture with two fingers, a double tap, or Ctrl and the wheel. Pages fetch this
 *  code when they first show a shared screen. */

import { moved, pinched, type View, WHOLE, zoomed } from "./zoom";

type Point = [number, number];

interface PinchOptions {
  /** Whether one finger moves an enlarged picture, and a double tap enlarges it. False where one finger does something else, such
   *  as drawing. */
  oneFinger?: boolean;
  /** Called when a second finger comes down. The caller then ends what the first finger began. */
  onBegin?: () => void;
  /** Called with the new scale of the picture when the person zooms. */
  onZoom?: (scale: number) => void;
}

const DOUBLE_TAP_MS = 300;
const DOUBLE_TAP_SCALE = 2.5;
const WHEEL_STEP = 0.01;

/** Lets people enlarge `content`, which fills `frame`. Returns a function that removes the listeners. */
export function pinch(
  frame: HTMLElement,
  content: HTMLElement,
  { oneFinger = false, onBegin, onZoom }: PinchOptions,
): () => void {
  const fingers = new Map<number, Point>();
  let view: View = WHOLE;
  let tapped = 0;
  content.style.transformOrigin = "0 0";
  const at = (event: MouseEvent): Point => {
    const box = frame.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const size = () => ({ width: frame.clientWidth, height: frame.clientHeight });
  const show = (next: View) => {
    const scaled = next.scale !== view.scale;
    view = next;
    content.style.transform = view.scale === 1 ? "" : `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    if (scaled) onZoom?.(view.scale);
  };
  const down = (event: PointerEvent) => {
    if (event.pointerType !== "touch") return;
    fingers.set(event.pointerId, at(event));
    if (fingers.size === 2) onBegin?.();
    const double = oneFinger && fingers.size === 1 && event.timeStamp - tapped < DOUBLE_TAP_MS;
    tapped = fingers.size === 1 ? event.timeStamp : 0;
    if (double) show(view.scale > 1 ? WHOLE : zoomed(view, DOUBLE_TAP_SCALE, at(event), size()));
  };
  const move = (event: PointerEvent) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    if (fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)![1];
      show(pinched(view, [before, other], [now, other], size()));
    } else if (oneFinger && fingers.size === 1) show(moved(view, [now[0] - before[0], now[1] - before[1]], size()));
    fingers.set(event.pointerId, now);
  };
  const up = (event: PointerEvent) => fingers.delete(event.pointerId);
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    show(zoomed(view, Math.exp(-event.deltaY * WHEEL_STEP), at(event), size()));
  };
  const ends = new AbortController();
  const { signal } = ends;
  frame.addEventListener("pointerdown", down, { signal, capture: true });
  frame.addEventListener("pointermove", move, { signal, capture: true });
  for (const end of ["pointerup", "pointercancel"] as const) frame.addEventListener(end, up, { signal, capture: true });
  frame.addEventListener("wheel", wheel, { signal, passive: false });
  const resized = new ResizeObserver(() => show(WHOLE));
  resized.observe(frame);
  return () => {
    ends.abort();
    resized.disconnect();
    show(WHOLE);
  };
}
