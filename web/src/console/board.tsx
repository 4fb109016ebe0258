import { useEffect, useMemo, useRef } from "preact/hooks";
import type { SessionView } from "../messages";
import { BoardDoc } from "../room/board/boarddoc";
import { BoardCanvas } from "../room/board/canvas";
import type { Pictures } from "../room/pictures";
import type { RoomLink } from "../room/roomlink";

export function RoomBoard({ link, session }: { link: RoomLink; session: SessionView; pictures: Pictures }) {
  const board = useMemo(() => new BoardDoc(link.board, () => session.you), [link]);
  const a = useRef<HTMLCanvasElement>(null);
  const b = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = new BoardCanvas(a.current!, b.current!, board);
    return () => canvas.close();
  }, [board]);
  return (
    <div class="recorded-board">
      <canvas ref={a} />
      <canvas ref={b} />
    </div>
  );
}
