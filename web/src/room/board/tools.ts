/** The board's tools, and the keys that choose them. Keys are recognised by their position, so that they work while a Korean
 *  keyboard types Hangul. The keys' letters are those of Excalidraw, except M for the marker: Excalidraw has no marker. */

import { ArrowUpRight, Circle, Eraser, Highlighter, type IconNode, Minus, MousePointer2, Pen, Square, Type, Zap } from "lucide";

export const TOOLS = [
  ["select", "V", MousePointer2],
  ["pen", "P", Pen],
  ["marker", "M", Highlighter],
  ["line", "L", Minus],
  ["arrow", "A", ArrowUpRight],
  ["rectangle", "R", Square],
  ["ellipse", "O", Circle],
  ["text", "T", Type],
  ["eraser", "E", Eraser],
  ["laser", "K", Zap],
] as const satisfies readonly (readonly [string, string, IconNode])[];

export type Tool = (typeof TOOLS)[number][0];

export type BoardAction =
  | { tool: Tool }
  | { nudge: [dx: number, dy: number] }
  | {
      do:
        | "undo"
        | "redo"
        | "delete"
        | "duplicate"
        | "copy"
        | "cut"
        | "all"
        | "none"
        | "place"
        | "larger"
        | "smaller"
        | "whole"
        | "before"
        | "next"
        | "list";
    };

export interface KeyPress {
  code: string;
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  isComposing: boolean;
}

const NUDGE = 4;
const NUDGE_FAR = 40;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const WITH_CTRL: Record<string, Extract<BoardAction, { do: string }>["do"]> = {
  KeyZ: "undo",
  KeyY: "redo",
  KeyD: "duplicate",
  KeyC: "copy",
  KeyX: "cut",
  KeyA: "all",
};
const PLAIN: Record<string, Extract<BoardAction, { do: string }>["do"]> = {
  Delete: "delete",
  Backspace: "delete",
  Escape: "none",
  Enter: "place",
  PageUp: "before",
  PageDown: "next",
  KeyI: "list",
};

/** Returns what a key does on the board; null if it does nothing. Pasting is not among these actions, because the browser
 *  sends an event of its own for it. */
export function actionOf(press: KeyPress): BoardAction | null {
  if (press.isComposing || press.altKey) return null;
  if (press.ctrlKey || press.metaKey) {
    const found = WITH_CTRL[press.code];
    if (!found) return null;
    return { do: found === "undo" && press.shiftKey ? "redo" : found };
  }
  const arrow = ARROWS[press.code];
  if (arrow) {
    const by = press.shiftKey ? NUDGE_FAR : NUDGE;
    return { nudge: [arrow[0] * by, arrow[1] * by] };
  }
  if (press.key === "+" || press.key === "=") return { do: "larger" };
  if (press.key === "-") return { do: "smaller" };
  if (press.key === "0") return { do: "whole" };
  if (press.shiftKey) return null;
  const tool = TOOLS.find(([, letter]) => press.code === `Key${letter}`);
  if (tool) return { tool: tool[0] };
  const found = PLAIN[press.code];
  return found ? { do: found } : null;
}
