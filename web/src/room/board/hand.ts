/** Defines what each tool of the board does while the pointer is pressed. */

import type { Store } from "../../ui/store";
import type { BoardDoc } from "./board-doc";
import type { BoardCanvas } from "./canvas";
import type { Doing, Press } from "./gestures";
import { between, boxAround, lineTo } from "./geometry";
import { measure } from "./paint";
import { drags, gripAt, isWithin, pulls, shapeAt, within } from "./selection";
import { type Box, type Changes, MARKER_OPACITY, type Shape } from "./shape";
import type { Point } from "./strokes";
import { LINE_HEIGHT, wrap } from "./text-layout";
import type { Tool } from "./tools";
import { scaleOf } from "./viewport";

const FLUSH_MS = 33;
const MARKER_TIMES = 4;
const ERASER_PX = 10;
const REACH_PX = 8;
const REACH_TOUCH_PX = 18;
export const TURN_GAP_PX = 28;
/** A pointer that moves less than this many px while it is pressed makes a click and not a drag. */
const STILL_PX = 4;

export interface Desk {
  board: BoardDoc;
  canvas: BoardCanvas;
  tool: Tool;
  colour: string;
  /** The colour that becomes this person's own colour when they draw their first shape. */
  ownColour: string;
  stroke: number;
  selection: Store<ReadonlySet<string>>;
  /** Shows the frame that this person draws around shapes to select them; null removes it. */
  marquee: (box: Box | null) => void;
  /** Opens the text editor: for a new text at the point `at`, or for `shape`, a text of the board. */
  write: (at: Point, shape?: Shape) => void;
  laser: (trail: Point[]) => void;
}

/** Begins what the present tool does when the pointer is pressed. Returns null if the tool does nothing. */
export function begin(desk: Desk, press: Press): Doing | null {
  switch (desk.tool) {
    case "pen":
      return stroke(desk, press, { colour: desk.colour, stroke: desk.stroke, opacity: 100 });
    case "marker":
      return stroke(desk, press, { colour: desk.colour, stroke: desk.stroke * MARKER_TIMES, opacity: MARKER_OPACITY });
    case "line":
    case "arrow":
    case "rectangle":
    case "ellipse":
      return shape(desk, press, desk.tool);
    case "text":
      return text(desk, press);
    case "eraser":
      return erase(desk, press);
    case "laser":
      return point(desk, press);
    case "select":
      return select(desk, press);
  }
}

function stroke(
  { board, canvas, ownColour }: Desk,
  press: Press,
  style: { colour: string; stroke: number; opacity: number },
): Doing {
  board.claimColour(ownColour);
  const drawing = board.draw(press.at, style, canvas.page);
  const timer = setInterval(() => drawing.flush(), FLUSH_MS);
  const end = () => {
    clearInterval(timer);
    drawing.flush();
  };
  return {
    move: (presses) => presses.forEach(({ at }) => drawing.add(...at)),
    end,
    cancel: () => {
      end();
      board.undo();
    },
  };
}

function shape(desk: Desk, press: Press, kind: "line" | "arrow" | "rectangle" | "ellipse"): Doing {
  const { board, canvas, colour } = desk;
  const line = kind === "line" || kind === "arrow";
  let id = "";
  const extent = (to: Press): Changes => {
    if (line) {
      const [x, y] = lineTo(press.at, to.at, to.shift);
      return { x: press.at[0], y: press.at[1], width: x - press.at[0], height: y - press.at[1] };
    }
    const side = Math.max(Math.abs(to.at[0] - press.at[0]), Math.abs(to.at[1] - press.at[1]));
    const corner: Point = to.shift
      ? [press.at[0] + side * Math.sign(to.at[0] - press.at[0]), press.at[1] + side * Math.sign(to.at[1] - press.at[1])]
      : to.at;
    const box = boxAround(press.at, corner);
    return { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top };
  };
  return changing(
    desk,
    (to) => {
      if (id === "") {
        if (far(press, to) < STILL_PX) return new Map();
        board.beginStep();
        board.claimColour(desk.ownColour);
        const at = extent(to);
        [id = ""] = board.add([
          {
            kind,
            page: canvas.page,
            colour,
            stroke: desk.stroke,
            opacity: 100,
            x: at.x ?? 0,
            y: at.y ?? 0,
            width: at.width ?? 0,
            height: at.height ?? 0,
          },
        ]);
      }
      return new Map([[id, extent(to)]]);
    },
    () => undefined,
  );
}

const far = (a: Press, b: Press): number => Math.hypot(a.screen[0] - b.screen[0], a.screen[1] - b.screen[1]);

/** Changes shapes while the pointer moves. The canvas shows every move at once; the document gets a change every 33 ms. */
function changing({ board, canvas }: Desk, changes: (to: Press) => Map<string, Changes>, pressed: () => void): Doing {
  let latest: Map<string, Changes> = new Map();
  let began = false;
  let dirty = false;
  const write = () => {
    if (dirty) board.change(latest);
    dirty = false;
  };
  const timer = setInterval(write, FLUSH_MS);
  const end = () => {
    clearInterval(timer);
    write();
    canvas.release();
    if (!began) pressed();
  };
  return {
    move: (presses) => {
      latest = changes(presses.at(-1)!);
      if (latest.size === 0) return;
      began = dirty = true;
      canvas.preview([...latest].flatMap(([id, one]) => (board.shape(id) ? [{ ...board.shape(id)!, ...one }] : [])));
    },
    end,
    cancel: () => {
      const changed = began;
      end();
      if (changed) board.undo();
    },
  };
}

function text({ board, canvas, write }: Desk, press: Press): Doing {
  const hit = shapeAt(board.seen(canvas.page), press.at, reach(canvas, press));
  return {
    move: () => undefined,
    end: () => write(press.at, hit?.kind === "text" ? hit : undefined),
    cancel: () => undefined,
  };
}

function erase({ board, canvas }: Desk, press: Press): Doing {
  const wipe = board.eraser(canvas.page);
  const radius = () => ERASER_PX / scaleOf(canvas.view, canvas.space);
  let last = press.at;
  wipe(press.at, radius());
  return {
    move: (presses) => {
      for (const { at } of presses) {
        for (const spot of between(last, at, radius())) wipe(spot, radius());
        last = at;
      }
    },
    end: () => undefined,
    cancel: () => undefined, // if the gesture becomes a pinch, erased shapes stay erased; the person can undo the erasing
  };
}

function point({ laser }: Desk, press: Press): Doing {
  laser([press.at]);
  return {
    move: (presses) => laser(presses.map(({ at }) => at)),
    end: () => undefined,
    cancel: () => undefined,
  };
}

const reach = (canvas: BoardCanvas, press: Pick<Press, "touch">): number =>
  (press.touch ? REACH_TOUCH_PX : REACH_PX) / scaleOf(canvas.view, canvas.space);

function select(desk: Desk, press: Press): Doing {
  const { board, canvas, selection } = desk;
  const chosen = [...selection.get()].flatMap((id) => board.shape(id) ?? []).filter((one) => !one.locked);
  const gap = TURN_GAP_PX / scaleOf(canvas.view, canvas.space);
  const grip = gripAt(chosen, press.at, gap, reach(canvas, press) * 1.3);
  if (grip) {
    board.beginStep();
    const pull = (to: Press) => fitted(chosen, pulls(chosen, grip, { from: press.at, to: to.at, shift: to.shift }));
    return changing(desk, pull, () => undefined);
  }
  const hit = shapeAt(board.seen(canvas.page), press.at, reach(canvas, press));
  if (hit?.kind === "text" && press.double)
    return { move: () => undefined, end: () => desk.write(press.at, hit), cancel: () => undefined };
  const inFrame = chosen.length > 0 && isWithin(chosen, press.at, 0);
  if (!hit && !inFrame) return frame(desk, press);
  const isChosen = inFrame || (hit !== undefined && selection.get().has(hit.id));
  if (hit && !isChosen) selection.set(new Set(press.shift ? [...selection.get(), hit.id] : [hit.id]));
  const moving = isChosen ? chosen : hit ? [...(press.shift ? chosen : []), hit] : [];
  board.beginStep();
  return changing(
    desk,
    (to) => (far(press, to) < STILL_PX ? new Map<string, Changes>() : drags(moving, press.at, to.at)),
    () => {
      if (!isChosen) return;
      if (hit && press.shift) selection.set(new Set([...selection.get()].filter((id) => id !== hit.id)));
      else selection.set(new Set(hit ? [hit.id] : []));
    },
  );
}

/** Returns the changes, with a new height for each text whose width changed, because the lines of the text then break
 *  elsewhere. */
function fitted(shapes: readonly Shape[], changes: Map<string, Changes>): Map<string, Changes> {
  for (const one of shapes) {
    const change = changes.get(one.id);
    if (one.kind !== "text" || !change || change.fontSize !== undefined || change.width === undefined) continue;
    change.height =
      wrap(one.text, Math.max(change.width, one.fontSize), measure(one.fontSize)).length * one.fontSize * LINE_HEIGHT;
  }
  return changes;
}

function frame({ board, canvas, selection, marquee }: Desk, press: Press): Doing {
  const before = press.shift ? [...selection.get()] : [];
  selection.set(new Set(before));
  return {
    move: (presses) => {
      const box = boxAround(press.at, presses.at(-1)!.at);
      marquee(box);
      selection.set(new Set([...before, ...within(board.seen(canvas.page), box).map(({ id }) => id)]));
    },
    end: () => marquee(null),
    cancel: () => marquee(null),
  };
}
