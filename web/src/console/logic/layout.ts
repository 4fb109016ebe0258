/** How the console shares out its room: the panes' sizes, and what is beside the conversation. Pure. */
import type { Channel, Role } from "../../messages";

/** Sizes in CSS pixels, but `work`: the share of the middle that the board or a shared screen takes. */
export interface Panes {
  lane: number;
  /** The person card; 0 while it is folded. */
  side: number;
  /** The row of faces. */
  people: number;
  work: number;
}
export type Pane = keyof Panes;

export const LIMITS: Record<Pane, { least: number; most: number; step: number }> = {
  lane: { least: 180, most: 400, step: 16 },
  side: { least: 260, most: 560, step: 16 },
  people: { least: 96, most: 420, step: 16 },
  work: { least: 0.4, most: 0.8, step: 0.02 },
};
const FOLDS_BELOW = 140; // px: a person card that is dragged narrower folds away

/** Sizes until somebody drags. The board needs the width, so the person card folds beside it. */
export const TALKING: Panes = { lane: 264, side: 340, people: 184, work: 0.68 };
export const WORKING: Panes = { ...TALKING, lane: 220, side: 0, people: 104 };

/** Returns the name under which sizes are remembered: per channel and role, and apart while the board is open. */
export const layoutKey = (channel: Channel, role: Role, working: boolean): string =>
  `${channel}.${role}${working ? ".working" : ""}`;

export const defaults = (key: string): Panes => (key.endsWith(".working") ? WORKING : TALKING);

/** Returns a size within its limits. Only the person card may also be 0: folded. */
export function within(pane: Pane, size: number): number {
  const { least, most } = LIMITS[pane];
  if (pane === "side" && size < FOLDS_BELOW) return 0;
  return Math.min(most, Math.max(least, size));
}

/** Returns the size after a key on the splitter, or null for other keys. `sign`: 1 if the pane grows to the right or down. */
export function sizeAfterKey(pane: Pane, size: number, key: string, sign: 1 | -1): number | null {
  const { least, most, step } = LIMITS[pane];
  const moves: Record<string, number> = { ArrowRight: sign, ArrowDown: sign, ArrowLeft: -sign, ArrowUp: -sign };
  if (key === "Home") return least;
  if (key === "End") return most;
  const move = moves[key];
  if (move === undefined) return null;
  if (pane === "side" && size === 0) return move > 0 ? least : 0;
  if (pane === "side" && size + move * step < least) return 0;
  return within(pane, size + move * step);
}

export type Layouts = Record<string, Panes>;

/** Reads remembered sizes. Damaged or unknown parts fall back to the defaults. */
export function readLayouts(kept: string | null): Layouts {
  let found: unknown;
  try {
    found = JSON.parse(kept ?? "{}");
  } catch {
    return {};
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) return {};
  return Object.fromEntries(Object.entries(found).map(([key, panes]) => [key, panesOf(panes, defaults(key))]));
}

function panesOf(found: unknown, fallback: Panes): Panes {
  const sizes = (typeof found === "object" && found !== null ? found : {}) as Partial<Record<Pane, unknown>>;
  const size = (pane: Pane) => {
    const value = sizes[pane];
    return typeof value === "number" && Number.isFinite(value) ? within(pane, value) : fallback[pane];
  };
  return { lane: size("lane"), side: size("side"), people: size("people"), work: size("work") };
}

/** The conversation alone, the board or shared screen beside it, or that over the whole middle. */
export type View = "chat" | "both" | "board";
export const VIEWS: readonly View[] = ["chat", "both", "board"];
export type Work = "board" | "screen";

/** What a member of staff chose in one session. A shared screen has a choice of its own, so that it opens by itself. */
export interface Chosen {
  view?: View;
  viewOfScreen?: View;
  /** Which of the two is shown while there are both. */
  work?: Work;
}

export interface Offered {
  /** Whether somebody else shares a screen. */
  screen: boolean;
  /** Whether the board has anything on it. */
  drawn: boolean;
}

/** Returns what to show: the choice, else whatever there is to see, else the conversation. Blank paper never opens by itself. */
export function viewOf(chosen: Chosen, { screen, drawn }: Offered): View {
  if (screen) return chosen.viewOfScreen ?? (chosen.view === "board" ? "board" : "both");
  return chosen.view ?? (drawn ? "both" : "chat");
}

export const workOf = (chosen: Chosen, { screen }: Offered): Work => (screen ? (chosen.work ?? "screen") : "board");

/** Returns the choices after a view was chosen. */
export const choose = (chosen: Chosen, view: View, { screen }: Offered): Chosen =>
  screen ? { ...chosen, viewOfScreen: view } : { ...chosen, view };

/** Returns the choices after a press on the board's button: it closes an open board, and opens any other. */
export function toggleBoard(chosen: Chosen, offered: Offered): Chosen {
  const open = viewOf(chosen, offered) !== "chat" && workOf(chosen, offered) === "board";
  return choose(offered.screen ? { ...chosen, work: "board" } : chosen, open ? "chat" : "both", offered);
}

/** Returns the choices after a shared screen ended: the next one opens by itself again. */
export const screenEnded = ({ view }: Chosen): Chosen => (view === undefined ? {} : { view });
