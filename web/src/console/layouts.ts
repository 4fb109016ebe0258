/** The panes' sizes on this machine, kept in localStorage. */
import { createStore, useStore } from "../ui";
import { defaults, readLayouts, TALKING, within, type Layouts, type Pane, type Panes } from "./logic/layout";

const KEY = "sangdam.layout";

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // the browser forbids storage: sizes last until the page is closed or reloaded
  }
}

const layouts = createStore<Layouts>(readLayouts(stored()));

export interface Layout {
  panes: Panes;
  resize: (pane: Pane, size: number) => void;
  reset: (pane: Pane) => void;
  /** Folds the card that describes the visitor, or opens it again. */
  foldSide: () => void;
}

export function useLayout(key: string): Layout {
  const panes = useStore(layouts, (all) => all[key]) ?? defaults(key);
  const put = (next: Panes) => {
    layouts.update((all) => ({ ...all, [key]: next }));
    try {
      localStorage.setItem(KEY, JSON.stringify(layouts.get()));
    } catch {
      // the browser forbids storage, so the layout lasts only until the next reload
    }
  };
  return {
    panes,
    resize: (pane, size) => put({ ...panes, [pane]: within(pane, size) }),
    reset: (pane) => put({ ...panes, [pane]: defaults(key)[pane] }),
    foldSide: () => put({ ...panes, side: panes.side === 0 ? TALKING.side : 0 }),
  };
}
