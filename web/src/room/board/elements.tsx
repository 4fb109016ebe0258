import { Lock, LockOpen, PencilLine, Trash2 } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { IconButton } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { t as room } from "../words";
import type { BoardDoc } from "./board-doc";
import { describe } from "./describe";
import type { Shape } from "./shape";
import { t } from "./words";

interface ElementsProps {
  board: BoardDoc;
  page: string;
  nameOf: (id: string) => string;
  mayWrite: boolean;
  onChoose: (shape: Shape) => void;
  onWrite: (shape: Shape) => void;
  onClose: () => void;
}

/** The list has at most this many shapes; the oldest ones are left out. A longer list would take too long to build. */
const LISTED_MOST = 300;

/** A dialog that lists a page's shapes, for screen readers and for people without a pointer. The newest shape comes first. */
export function Elements({ board, page, nameOf, mayWrite, onChoose, onWrite, onClose }: ElementsProps) {
  const shapes = useSeen(board, page);
  const listed = shapes.slice(-LISTED_MOST).reverse();
  const change = (shape: Shape, locked: boolean) => {
    board.beginStep();
    board.change(new Map([[shape.id, { locked }]]));
  };
  const remove = (shape: Shape) => {
    board.beginStep();
    board.remove([shape.id]);
  };
  return (
    <Dialog
      title={t("board.list.title", { n: shapes.length })}
      closeLabel={room("close")}
      onClose={onClose}
      data-testid="board-list"
    >
      {shapes.length === 0 && <p class="dim">{t("board.list.none")}</p>}
      <ol class="board-list" role="list">
        {listed.map((shape) => {
          const words = describe(shape, shapes, nameOf(shape.author));
          return (
            <li key={shape.id}>
              <button type="button" class="board-listed" dir="auto" onClick={() => onChoose(shape)}>
                <span class="board-dot" style={{ backgroundColor: shape.colour }} />
                {words}
              </button>
              {mayWrite && (
                <>
                  {shape.kind === "text" && !shape.locked && (
                    <IconButton
                      icon={PencilLine}
                      kind="quiet"
                      label={t("board.list.edit", { what: words })}
                      onClick={() => onWrite(shape)}
                    />
                  )}
                  <IconButton
                    icon={shape.locked ? Lock : LockOpen}
                    kind="quiet"
                    label={t(shape.locked ? "board.list.unlock" : "board.list.lock", { what: words })}
                    pressed={shape.locked}
                    onClick={() => change(shape, !shape.locked)}
                  />
                  <IconButton
                    icon={Trash2}
                    kind="quiet"
                    label={t("board.list.delete", { what: words })}
                    onClick={() => remove(shape)}
                  />
                </>
              )}
            </li>
          );
        })}
      </ol>
      {shapes.length > LISTED_MOST && <p class="dim">{t("board.list.more", { n: shapes.length - LISTED_MOST })}</p>}
    </Dialog>
  );
}

function useSeen(board: BoardDoc, page: string): readonly Shape[] {
  const [shapes, setShapes] = useState(() => board.seen(page));
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const later = () => (waiting ??= setTimeout(() => ((waiting = undefined), setShapes(board.seen(page))), 200));
    const end = board.listen({ onGrown: later, onChanged: later });
    return () => {
      clearTimeout(waiting);
      end();
    };
  }, [board, page]);
  return shapes;
}
