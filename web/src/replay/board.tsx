import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { BoardDoc } from "../room/board/board-doc";
import { BoardView, usePages } from "../room/board/board-view";
import type { BoardCanvas } from "../room/board/canvas";
import { gestures } from "../room/board/gestures";
import { PageBar } from "../room/board/pages";
import { drawnAt } from "../room/board/schema";
import "../room/board/board.css";
import { WHOLE } from "../room/board/viewport";
import { Pictures } from "../room/pictures";
import { BoardHistory, type BoardStep } from "./history";
import { t } from "./texts";

const OF_STAFF = new Pictures(); // needs no token, because the cookie of staff authenticates the requests
const NOBODY: never[] = [];

interface RecordedBoardProps {
  /** The changes of the board, in order. A board without its history is one change. */
  steps: readonly BoardStep[];
  until?: number;
  /** The source of the board's pictures; by default, the route for staff who look at past sessions. */
  pictures?: Pictures;
}

/** Shows a recorded board, read only, as it was at the time `until` or at the end. Shapes have the positions that they had then,
 *  and shapes that were deleted later are shown. Shows the page that somebody drew on last, until the person chooses another
 *  page. */
export function RecordedBoard({ steps, until = Infinity, pictures = OF_STAFF }: RecordedBoardProps) {
  const history = useMemo(() => new BoardHistory(steps), [steps]);
  useEffect(() => () => history.close(), [history]);
  const board = history.at(until);
  const pages = usePages(board);
  const [chosen, setChosen] = useState<string | null>(null);
  const [zoom, setZoom] = useState(1);
  const view = useRef<BoardCanvas | null>(null);
  const last = useMemo(() => lastPage(board, until), [board, until]);
  // `board` contains only the changes up to `until` if the time of every change is known. Otherwise, shapes that were begun after
  // `until` are hidden. A shape's own time says only when the shape was begun, not when it was changed.
  const hidesAfter = history.timed ? Infinity : until;
  const page = pages.some(({ id }) => id === (chosen ?? last)) ? (chosen ?? last) : pages[0]!.id;
  const nothing = board.allShapes().length === 0 && pages.every(({ background }) => background === "");
  if (nothing && steps.length < 2) return <p class="dim">{t("board.none")}</p>;
  return (
    <div class="recorded-board" data-testid="recorded-board">
      <BoardView
        board={board}
        pictureUrl={(id) => pictures.url(id)}
        page={page}
        until={hidesAfter}
        onOpen={({ canvas, live }) => {
          view.current = canvas;
          canvas.onView = ({ zoom: now }) => setZoom(now);
          return gestures(live, canvas, { begin: () => null, moves: () => true, hover: () => undefined });
        }}
      >
        <PageBar
          pages={pages}
          page={page}
          onPage={setChosen}
          zoom={zoom}
          onWhole={() => view.current?.look(WHOLE)}
          people={NOBODY}
          colourOf={() => ""}
          nameOf={() => ""}
        />
      </BoardView>
    </div>
  );
}

/** Returns the page of the newest shape that was drawn at or before `until`. */
function lastPage(board: BoardDoc, until: number): string {
  let newest = { index: "", page: "" };
  for (const shape of board.allShapes()) if (shape.index > newest.index && drawnAt(shape.index) <= until) newest = shape;
  return newest.page;
}
