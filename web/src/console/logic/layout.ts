/** Decides how the console divides its page: how large the panes are, and what is shown beside the conversation. Pure. */
import type { Channel, Role } from "../../messages";

/** The panes' sizes in CSS pixels, except `work`. `work`: the share of the console's middle that the board or a shared screen
 *  takes. */
export interface Panes {
  lane: number;
  /** Width of the card that describes the visitor, in px; 0 while the card is folded. */
  side: number;
  /** Height of the row that shows the people in the session. */
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
const FOLDS_BELOW = 140; // px; the pane `side` folds if somebody drags it to less than this width

/** The sizes before anybody drags a pane: one set for the conversation alone, and one for an open board. The board needs width,
 *  so the card that describes the visitor is folded while the board is open. */
export const TALKING: Panes = { lane: 264, side: 340, people: 184, work: 0.68 };
export const WORKING: Panes = { ...TALKING, lane: 220, side: 0, people: 104 };

/** Returns the name under which the panes' sizes are stored. Each pair of a channel and a role has two names: one for the sizes
 *  without an open board, and one for the sizes with it. */
export const layoutKey = (channel: Channel, role: Role, working: boolean): string =>
  `${channel}.${role}${working ? ".working" : ""}`;

export const defaults = (key: string): Panes => (key.endsWith(".working") ? WORKING : TALKING);

/** Returns a pane's size within its limits. Only the card that describes the visitor (`side`) can also have the size 0: it is
 *  then folded. */
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

/** `chat`: the conversation alone. `both`: the conversation, and beside it the board, a shared screen or the visitor's page.
 *  `board`: the board, the shared screen or the visitor's page alone. */
export type View = "chat" | "both" | "board";
export const VIEWS: readonly View[] = ["chat", "both", "board"];
export type Work = "board" | "screen" | "page";

/** The views that a member of staff chose in one session: `viewOfScreen` while a shared screen or the visitor's page could be
 *  shown, `view` at all other times. When neither a screen nor a page can be shown any more, `viewOfScreen` is forgotten
 *  (`screenEnded`), so that the next screen or page opens by itself. */
export interface Chosen {
  view?: View;
  viewOfScreen?: View;
  /** Which of several things to show beside the conversation: the board, a shared screen, or the visitor's page. */
  work?: Work;
}

export interface Offered {
  /** Whether another person in the session shares a screen. */
  screen: boolean;
  /** Whether this person is allowed to see the visitor's page. */
  page?: boolean;
  /** Whether somebody has drawn on the session's board. */
  drawn: boolean;
}

/** Returns the view to show.
 *
 *  - While a screen or the visitor's page can be shown, this is `viewOfScreen`. If the person has not chosen `viewOfScreen`, it is
 *    `board` if `view` is `board`, and otherwise `both`.
 *  - At all other times, this is `view`. If the person has not chosen `view`, it is `both` if somebody has drawn on the board, and
 *    otherwise `chat`. So a blank board never opens by itself. */
export function viewOf(chosen: Chosen, { screen, page, drawn }: Offered): View {
  if (screen || page === true) return chosen.viewOfScreen ?? (chosen.view === "board" ? "board" : "both");
  return chosen.view ?? (drawn ? "both" : "chat");
}

/** Returns the things that the console can show beside the conversation now. The console shows the first of these things, unless
 *  the person has chosen another. */
export const works = ({ screen, page }: Offered): Work[] => [
  ...(page === true ? ["page" as const] : []),
  ...(screen ? ["screen" as const] : []),
  "board",
];

export function workOf(chosen: Chosen, offered: Offered): Work {
  const there = works(offered);
  return chosen.work && there.includes(chosen.work) ? chosen.work : there[0]!;
}

/** Returns the person's choices of layout after they have chosen a view. */
export const choose = (chosen: Chosen, view: View, { screen, page }: Offered): Chosen =>
  screen || page === true ? { ...chosen, viewOfScreen: view } : { ...chosen, view };

/** Returns the choices after a press on the board's button, which opens or closes the board. */
export function toggleBoard(chosen: Chosen, offered: Offered): Chosen {
  const open = viewOf(chosen, offered) !== "chat" && workOf(chosen, offered) === "board";
  return choose(works(offered).length > 1 ? { ...chosen, work: "board" } : chosen, open ? "chat" : "both", offered);
}

/** Returns the member's choices of views after a part of the page has asked to show the board. An open board stays as it is. */
export function openBoard(chosen: Chosen, offered: Offered): Chosen {
  const open = viewOf(chosen, offered) !== "chat" && workOf(chosen, offered) === "board";
  return open ? chosen : toggleBoard(chosen, offered);
}

/** Returns the choices after a press on the button of the visitor's page, which opens or closes that page. */
export function togglePage(chosen: Chosen, offered: Offered): Chosen {
  const open = viewOf(chosen, offered) !== "chat" && workOf(chosen, offered) === "page";
  return choose({ ...chosen, work: "page" }, open ? "chat" : "both", offered);
}

/**
 * Returns the member's choices of views when neither a shared screen nor the visitor's page can be shown any more. Only the
 * choice `view` stays, so that the next screen or page opens by itself.
 */
export const screenEnded = ({ view }: Chosen): Chosen => (view === undefined ? {} : { view });
