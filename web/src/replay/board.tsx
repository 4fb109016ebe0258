import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { StoredPicture } from "../staff/brief";
import { unbase64 } from "../room/base64";
import { BoardDoc } from "../room/board/board-doc";
import { BoardCanvas } from "../room/board/canvas";
import { update } from "../room/board/sync";
import type { BoardWire } from "../room/room-link";
import { createStore } from "../ui";
import { t } from "./texts";

/** Returns a `BoardWire` without a connection. It delivers the recorded board once and sends nothing. */
export function recordedWire(recorded: Uint8Array): BoardWire {
  return {
    send: () => true,
    onMessage: (listener) => {
      listener(update(recorded));
      return () => undefined;
    },
    generation: createStore(0),
  };
}

/** Shows a recorded board, read only, as it was at the time `until` or at the end. `recorded`: one Yjs update, in base64. */
export function RecordedBoard({ recorded, until = Infinity }: { recorded: string; until?: number }) {
  const board = useMemo(() => new BoardDoc(recordedWire(unbase64(recorded)), () => ""), [recorded]);
  const canvas = useRef<BoardCanvas | null>(null);
  const resting = useRef<HTMLCanvasElement>(null);
  const live = useRef<HTMLCanvasElement>(null);
  const [background] = useState(board.background);
  const empty = board.shapes().length === 0 && background === "";
  useEffect(() => {
    if (!resting.current || !live.current) return;
    const made = new BoardCanvas(resting.current, live.current, board);
    canvas.current = made;
    return () => made.close();
  }, [board]);
  useEffect(() => canvas.current?.showUntil(until), [board, until]);
  if (empty) return <p class="dim">{t("board.none")}</p>;
  return (
    <div class="recorded-board" data-testid="recorded-board">
      {background !== "" && <StoredPicture id={background} alt="" class="recorded-board-back" />}
      <canvas ref={resting} />
      <canvas ref={live} />
    </div>
  );
}
