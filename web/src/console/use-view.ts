import { useEffect, useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { arrange } from "../room/arrange";
import { drawingOn } from "../room/drawing-on";
import type { RoomLink } from "../room/room-link";
import { createStore, useStore } from "../ui";
import { choose, openBoard, screenEnded, toggleBoard, viewOf, workOf, type Chosen, type View, type Work } from "./logic/layout";

export interface Viewing {
  view: View;
  /** Which of the two is shown beside the conversation: the board or a shared screen. */
  work: Work;
  /** Whether somebody shares a screen. Staff can then switch between screen and board. */
  screen: boolean;
  choose: (view: View) => void;
  chooseWork: (work: Work) => void;
  toggleBoard: () => void;
}

const NEVER = createStore(false);

/** Returns what the console shows beside a session's conversation. Each choice holds for one session, and lasts as long as the
 *  page. */
export function useView(session: SessionView | null, link: RoomLink | null): Viewing {
  const [all, setAll] = useState<Record<string, Chosen>>({});
  const drawn = useStore(link?.boardDrawn ?? NEVER);
  const screen = session?.state === "active" && arrange(session).main !== null;
  const id = session?.id ?? "";
  const chosen = all[id] ?? {};
  const offered = { screen, drawn };
  const change = (next: (chosen: Chosen) => Chosen) => setAll((was) => ({ ...was, [id]: next(was[id] ?? {}) }));
  useEffect(() => {
    if (!screen && id in all) change(screenEnded);
  }, [id, screen]);
  const wanted = useStore(drawingOn);
  useEffect(() => {
    if (wanted?.session === id) change((was) => openBoard(was, offered));
  }, [wanted]);
  return {
    view: viewOf(chosen, offered),
    work: workOf(chosen, offered),
    screen,
    choose: (view) => change((was) => choose(was, view, offered)),
    chooseWork: (work) => change((was) => ({ ...was, work })),
    toggleBoard: () => change((was) => toggleBoard(was, offered)),
  };
}
