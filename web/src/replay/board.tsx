import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { unbase64 } from "../room/base64";
import { BoardDoc } from "../room/board/board-doc";
import { BoardView, usePages } from "../room/board/board-view";
import type { BoardCanvas } from "../room/board/canvas";
import { gestures } from "../room/board/gestures";
import { PageBar } from "../room/board/pages";
import { drawnAt } from "../room/board/schema";
import "../room/board/board.css";
import { updates } from "../room/board/sync";
import { WHOLE } from "../room/board/viewport";
import { Pictures } from "../room/pictures";
import type { BoardWire } from "../room/room-link";
import { createStore } from "../ui";
import { t } from "./texts";

const OF_STAFF = new Pictures(); // staff authenticate with their cookie
const NOBODY: never[] = [];

/** Returns a `BoardWire` without a connection. It delivers the recorded board once and sends nothing. */
export function recordedWire(recorded: Uint8Array): BoardWire {
  return {
    send: () => true,
    onMessage: (listener) => {
      for (const message of updates(recorded)) listener(message);
      return () => undefined;
    },
    generation: createStore(0),
  };
}

/** Shows a recorded board, read only, as it was at the time `until` or at the end. `recorded`: one Yjs update, in base64. It
 *  shows the page on which was drawn last, until the person chooses another. */
export function RecordedBoard({ recorded, until = Infinity }: { recorded: string; until?: number }) {
  const board = useMemo(() => new BoardDoc(recordedWire(unbase64(recorded)), () => ""), [recorded]);
  useEffect(() => () => board.close(), [board]);
  const pages = usePages(board);
  const [chosen, setChosen] = useState<string | null>(null);
  const [zoom, setZoom] = useState(1);
  const view = useRef<BoardCanvas | null>(null);
  const last = useMemo(() => lastPage(board, until), [board, until]);
  const page = pages.some(({ id }) => id === (chosen ?? last)) ? (chosen ?? last) : pages[0]!.id;
  const empty = board.allShapes().length === 0 && pages.every(({ background }) => background === "");
  if (empty) return <p class="dim">{t("board.none")}</p>;
  return (
    <div class="recorded-board" data-testid="recorded-board">
      <BoardView
        board={board}
        pictureUrl={(id) => OF_STAFF.url(id)}
        page={page}
        until={until}
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

/** Returns the page on which the newest shape lies that was drawn at or before `until`. */
function lastPage(board: BoardDoc, until: number): string {
  let newest = { index: "", page: "" };
  for (const shape of board.allShapes()) if (shape.index > newest.index && drawnAt(shape.index) <= until) newest = shape;
  return newest.page;
}
