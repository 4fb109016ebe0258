/** Hooks of the board's component. These hooks find the page to show, people's names and colours, who drew a shape, and when
 *  strokes were begun. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { SessionView } from "../../messages";
import { nameOf as personName } from "../words";
import type { BoardDoc } from "./board-doc";
import type { Opened } from "./board-view";
import { colourOf as personColour } from "./colours";
import { describe } from "./describe";
import type { Press } from "./gestures";
import { drawnAt } from "./schema";
import { shapeAt } from "./selection";
import { scaleOf } from "./viewport";
import { t } from "./words";

const HOVER_PX = 6;
/** The pointer must rest on a shape for this many ms before the board says who drew the shape. */
const HOVER_MS = 500;

/** Returns the page to show. Until this person chooses a page or draws, this is the page that somebody added or drew on last. */
export function usePage(board: BoardDoc): [page: string, setPage: (page: string) => void, stay: () => void] {
  const [chosen, setChosen] = useState<string | null>(null);
  const [newest, setNewest] = useState(() => board.newestPage());
  useEffect(() => {
    if (chosen !== null) return;
    const look = () => setNewest(board.newestPage());
    return board.listen({ onGrown: look, onPages: look });
  }, [board, chosen]);
  const page = board.page(chosen ?? newest)?.id ?? board.pages()[0]!.id;
  return [page, setChosen, () => setChosen(page)];
}

/** Returns the names and colours of the people of the session. Operators are not among the people of the board. */
export function usePeople(board: BoardDoc, session: SessionView) {
  const [, redraw] = useState(0);
  useEffect(() => board.listen({ onPages: () => redraw((n) => n + 1) }), [board]);
  const people = session.participants.filter(({ role }) => role !== "operator");
  const claimed = board.colours();
  return {
    present: people.filter(({ presence }) => presence === "here" || presence === "lost"),
    nameOf: (id: string) => {
      const found = session.participants.find((person) => person.id === id);
      return id === session.you ? t("board.you") : found ? personName(found) : t("board.someone");
    },
    colourOf: (id: string) => personColour(id, people, claimed),
  };
}

export interface Tip {
  words: string;
  at: [x: number, y: number];
}

/** Says who drew the shape on which the pointer rests. */
export function useHover(
  board: BoardDoc,
  page: string,
  nameOf: (id: string) => string,
  opened: Opened | null,
): [tip: Tip | null, hover: (press: Press | null) => void] {
  const [tip, setTip] = useState<Tip | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const hover = (press: Press | null) => {
    clearTimeout(timer.current);
    setTip(null);
    if (!press || !opened) return;
    timer.current = setTimeout(() => {
      const { canvas } = opened;
      const shapes = board.seen(page);
      const hit = shapeAt(shapes, press.at, HOVER_PX / scaleOf(canvas.view, canvas.space));
      if (hit) setTip({ words: describe(hit, shapes, nameOf(hit.author)), at: press.screen });
    }, HOVER_MS);
  };
  return [tip, hover];
}

/** Reports the times at which the board's shapes were begun. Reports again whenever shapes are added, changed or deleted. */
export function useStrokes(board: BoardDoc, onStrokes: ((times: number[]) => void) | undefined): void {
  useEffect(() => {
    if (!onStrokes) return;
    const tell = () =>
      onStrokes(
        board
          .allShapes()
          .map((shape) => drawnAt(shape.index))
          .toSorted((a, b) => a - b),
      );
    return board.listen({ onGrown: tell, onChanged: tell });
  }, [board, onStrokes]);
}
