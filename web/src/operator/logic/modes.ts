/** Finds out, from the lines of a session, which mode (who talks with whom) the session had at which time. */
import type { Line, Mode } from "../../messages";

export interface Span {
  /** Who talks with whom in the session; `pair` means user and counselor alone. */
  mode: Mode | "pair";
  from: number;
  to: number;
}

const MODES: readonly string[] = ["consultation", "whisper", "conference"];
type Said = Pick<Line, "kind" | "text" | "at" | "args">;

/** Returns whether a system line says that a professional's help is over: the session was handed over, the help was cancelled, or
 *  somebody has left. */
const endsHelp = ({ text }: Said) => text === "handed_over" || text === "help.cancelled" || text === "left";

/** Returns the spans of time, in order, each with the mode that the session had during it. `start`: when the session became
 *  active. `end`: when the session ended, or now (ms). */
export function modeSpans(lines: Said[], start: number, end: number): Span[] {
  const spans: Span[] = [];
  let current: Span = { mode: "pair", from: start, to: end };
  const change = (mode: Span["mode"], at: number) => {
    if (mode === current.mode) return;
    if (at > current.from) spans.push({ ...current, to: at });
    current = { mode, from: Math.max(at, current.from), to: end };
  };
  for (const line of lines) {
    if (line.kind !== "system") continue;
    const mode = /^mode\.(\w+)$/.exec(line.text)?.[1];
    if (mode !== undefined && MODES.includes(mode)) change(mode as Mode, line.at);
    else if (endsHelp(line)) change("pair", line.at);
  }
  return [...spans, { ...current, to: Math.max(end, current.from) }];
}
