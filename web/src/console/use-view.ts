import { useEffect, useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { arrange } from "../room/arrange";
import { drawingOn } from "../room/drawing-on";
import type { RoomLink } from "../room/room-link";
import { createStore, useStore } from "../ui";
import {
  choose,
  openBoard,
  screenEnded,
  toggleBoard,
  togglePage,
  viewOf,
  workOf,
  works,
  type Chosen,
  type View,
  type Work,
} from "./logic/layout";

export interface Viewing {
  view: View;
  /** What the console shows beside the conversation: the board, a shared screen, or the visitor's page. */
  work: Work;
  /** The things that the console could show beside the conversation now. If there are several, staff can switch between them. */
  works: Work[];
  choose: (view: View) => void;
  chooseWork: (work: Work) => void;
  toggleBoard: () => void;
  togglePage: () => void;
}

const NEVER = createStore(false);

/** Returns what the console shows beside a session's conversation. What staff choose there is valid for one session, until the
 *  page is closed or reloaded. */
export function useView(session: SessionView | null, link: RoomLink | null): Viewing {
  const [all, setAll] = useState<Record<string, Chosen>>({});
  const drawn = useStore(link?.boardDrawn ?? NEVER);
  const screen = session?.state === "active" && arrange(session).main !== null;
  const id = session?.id ?? "";
  const chosen = all[id] ?? {};
  const page = session?.cobrowse?.may_see === true;
  const offered = { screen, page, drawn };
  const change = (next: (chosen: Chosen) => Chosen) => setAll((was) => ({ ...was, [id]: next(was[id] ?? {}) }));
  useEffect(() => {
    if (!screen && !page && id in all) change(screenEnded);
  }, [id, screen, page]);
  const wanted = useStore(drawingOn);
  useEffect(() => {
    if (wanted?.session === id) change((was) => openBoard(was, offered));
  }, [wanted]);
  return {
    view: viewOf(chosen, offered),
    work: workOf(chosen, offered),
    works: works(offered),
    choose: (view) => change((was) => choose(was, view, offered)),
    chooseWork: (work) => change((was) => ({ ...was, work })),
    toggleBoard: () => change((was) => toggleBoard(was, offered)),
    togglePage: () => change((was) => togglePage(was, offered)),
  };
}
