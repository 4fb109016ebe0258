/** Handles keys, copying, cutting and pasting on the board. */

import type { Store } from "../../ui/store";
import type { BoardDoc } from "./board-doc";
import type { BoardCanvas } from "./canvas";
import { movedBy } from "./geometry";
import { measure } from "./paint";
import { BOARD_HEIGHT, BOARD_WIDTH, cleanText, FONT_SIZES, type NewShape, type Page } from "./schema";
import { MARKER_OPACITY, type Shape } from "./shape";
import type { Point } from "./strokes";
import { sizeOf } from "./text-layout";
import type { Pen } from "./toolbar";
import { actionOf, type BoardAction, type Tool } from "./tools";
import { WHOLE, ZOOM_STEP, zoomed } from "./viewport";

export interface Act {
  board: BoardDoc;
  canvas: BoardCanvas | null;
  page: string;
  pages: Page[];
  tool: Tool;
  pen: Pen;
  mayWrite: boolean;
  selection: Store<ReadonlySet<string>>;
  setPage: (page: string) => void;
  setTool: (tool: Tool) => void;
  /** Changes to the selection tool and selects these shapes. */
  choose: (ids: string[]) => void;
  write: (at: Point, shape?: Shape) => void;
  openList: () => void;
}

const COPY_SHIFT = 24;
/** The text that the clipboard gets when shapes are copied. The shapes themselves stay in this page's memory. */
const COPIED = "sangdam:board";
let copied: Shape[] = [];

/** Runs the action of a key that is pressed on the board. The rest of the page then does not see the key. */
export function keyboard(event: KeyboardEvent, act: Act): void {
  const target = event.target as HTMLElement;
  if (target.closest("input, textarea, select, dialog")) return;
  const action = actionOf(event);
  const control = target.closest("button") !== null;
  if (!action || (control && (event.key === "Enter" || event.key === " "))) return;
  if (!run(action, act)) return;
  event.preventDefault();
  event.stopPropagation();
}

/** Runs an action. Returns false if the action has nothing to do now: the page or the browser can then use the key. */
function run(action: BoardAction, act: Act): boolean {
  const { board, canvas, selection, mayWrite } = act;
  if ("do" in action) {
    const look = LOOKS[action.do];
    if (look) return look(act);
  }
  if (!mayWrite || !canvas) return false;
  const chosen = [...selection.get()].flatMap((id) => board.shape(id) ?? []).filter((shape) => !shape.locked);
  if ("tool" in action) {
    act.setTool(action.tool);
    return true;
  }
  if ("nudge" in action) {
    if (chosen.length === 0) return false;
    board.beginStep();
    board.change(new Map(chosen.map((shape) => [shape.id, movedBy(shape, ...action.nudge)])));
    return true;
  }
  return CHANGES[action.do]?.(act, chosen) ?? false;
}

type Do = Extract<BoardAction, { do: string }>["do"];

const LOOKS: Partial<Record<Do, (act: Act) => boolean>> = {
  larger: (act) => enlarge(act, ZOOM_STEP),
  smaller: (act) => enlarge(act, 1 / ZOOM_STEP),
  whole: ({ canvas }) => (canvas?.look(WHOLE), canvas !== null),
  before: (act) => turnPage(act, -1),
  next: (act) => turnPage(act, 1),
  list: ({ openList }) => (openList(), true),
};

const CHANGES: Partial<Record<Do, (act: Act, chosen: Shape[]) => boolean>> = {
  undo: ({ board }) => (board.undo(), true),
  redo: ({ board }) => (board.redo(), true),
  delete: ({ board }, chosen) => {
    if (chosen.length === 0) return false;
    board.beginStep();
    board.remove(chosen.map(({ id }) => id));
    return true;
  },
  duplicate: ({ board, page, selection }, chosen) => {
    if (chosen.length > 0) selection.set(new Set(board.copy(chosen, page, [COPY_SHIFT, COPY_SHIFT])));
    return true;
  },
  all: ({ board, page, choose }) => {
    choose(
      board
        .seen(page)
        .filter(({ locked }) => !locked)
        .map(({ id }) => id),
    );
    return true;
  },
  none: ({ selection, setTool, tool }) => {
    if (selection.get().size === 0 && tool === "select") return false;
    if (selection.get().size > 0) selection.set(new Set());
    else setTool("select");
    return true;
  },
  place,
};

function enlarge({ canvas }: Act, factor: number): boolean {
  if (!canvas) return false;
  const { width, height } = canvas.space;
  canvas.look(zoomed(canvas.view, factor, [width / 2, height / 2], canvas.space));
  return true;
}

function turnPage({ pages, page, setPage }: Act, by: number): boolean {
  const next = pages[pages.findIndex(({ id }) => id === page) + by];
  if (next) setPage(next.id);
  return next !== undefined;
}

const PLACED_WIDTH = 200;
const PLACED_HEIGHT = 120;

/**
 * Adds a shape without a pointer, in the middle of the visible part of the page. The present tool decides the kind of the shape;
 * the pen and the marker add a line. The arrow keys then move the shape. With the text tool, or if one text is selected, opens
 * the text editor instead.
 */
function place({ board, canvas, page, tool, pen, choose, write }: Act, chosen: Shape[]): boolean {
  if (!canvas) return false;
  const [x, y]: Point = [canvas.view.x, canvas.view.y];
  const [only] = chosen;
  if (only && chosen.length === 1 && only.kind === "text") {
    write([only.x, only.y], only);
    return true;
  }
  if (tool === "text") {
    write([x, y]);
    return true;
  }
  if (tool === "select" || tool === "eraser" || tool === "laser") return false;
  const made: NewShape = {
    kind: tool === "pen" || tool === "marker" ? "line" : tool,
    page,
    colour: pen.colour,
    stroke: tool === "marker" ? pen.stroke * 4 : pen.stroke,
    opacity: tool === "marker" ? MARKER_OPACITY : 100,
    x: x - PLACED_WIDTH / 2,
    y: y - PLACED_HEIGHT / 2,
    width: PLACED_WIDTH,
    height: PLACED_HEIGHT,
  };
  board.beginStep();
  const ids = board.add([made]);
  choose(ids);
  return true;
}

/** Copies, cuts and pastes shapes of a board. Also pastes pictures as image shapes, and plain text as a text shape. */
export function pasteInto(event: ClipboardEvent, act: Act, insert: (files: File[], as: "element") => void): void {
  const { board, page, selection, mayWrite, choose } = act;
  if (!event.clipboardData || (event.target as HTMLElement).closest("input, textarea, dialog")) return;
  if (event.type !== "paste") {
    const chosen = [...selection.get()].flatMap((id) => board.shape(id) ?? []);
    if (chosen.length === 0) return;
    copied = chosen;
    event.clipboardData.setData("text/plain", COPIED);
    event.preventDefault();
    if (event.type === "copy" || !mayWrite) return;
    board.beginStep();
    board.remove(chosen.filter(({ locked }) => !locked).map(({ id }) => id));
    return;
  }
  if (!mayWrite) return;
  event.preventDefault();
  const files = [...event.clipboardData.files];
  const text = event.clipboardData.getData("text/plain");
  if (files.length > 0) insert(files, "element");
  else if (text !== "") {
    const ids = text === COPIED ? board.copy(copied, page, [COPY_SHIFT, COPY_SHIFT]) : [pasteText(act, text)];
    choose(ids);
  }
}

function pasteText({ board, page, pen }: Act, pasted: string): string {
  const text = cleanText(pasted).trimEnd();
  const fontSize = FONT_SIZES.medium;
  const size = sizeOf(text, BOARD_WIDTH / 2, fontSize, measure(fontSize));
  board.beginStep();
  const [id = ""] = board.add([
    {
      kind: "text",
      page,
      text,
      fontSize,
      ...size,
      x: BOARD_WIDTH / 4,
      y: Math.max(0, (BOARD_HEIGHT - size.height) / 2),
      colour: pen.colour,
      stroke: 1,
      opacity: 100,
    },
  ]);
  return id;
}
