import type { Context } from "../widget/protocol";
import { Bridge } from "./bridge";
import { KEPT } from "./kept";
import { type Box, sessionBox } from "./storage";

/** The functions of the browser that `Panel` needs. Tests replace them. */
export interface Surroundings {
  query: { site: string; category: string; lang: string };
  storage: Box;
  openWindow: (url: string, name: string) => Window | null;
  /** Returns whether this frame is hidden. While the frame is hidden, the widget shows the pill of the folded panel. */
  hidden: () => boolean;
  /** Moves the keyboard focus into the panel's frame. */
  focus: () => void;
  bridge: (panel: { onContext: (context: Context) => void }) => Pick<Bridge, "code" | "picture" | "fold" | "status" | "showPage">;
  /** Calls `back` whenever the browser restores this page from the back/forward cache. */
  whenBack: (back: () => void) => void;
  /** Writes a line to the browser's console, for the developers of the partner's page. */
  hint: (line: string) => void;
}

export function browser(): Surroundings {
  const query = new URLSearchParams(location.search);
  const of = (name: string) => query.get(name) ?? "";
  return {
    query: { site: of("site"), category: of("category"), lang: of("lang") },
    storage: sessionBox(KEPT),
    openWindow: (url, name) => window.open(url, name),
    hidden: () => window.innerWidth === 0,
    focus: () => window.focus(),
    bridge: (events) => new Bridge(events),
    whenBack: (back) => addEventListener("pageshow", ({ persisted }) => persisted && back()),
    hint: (line) => console.error(line),
  };
}
