/** The board, whose code is fetched when it is first needed. */

import { useEffect, useState } from "preact/hooks";
import type { SessionView } from "../../messages";
import { Button } from "../../ui/Button";
import { useLocale } from "../../ui/store";
import type { Pictures } from "../pictures";
import type { RoomLink } from "../roomlink";
import { t } from "../words";

export interface BoardProps {
  link: RoomLink;
  session: SessionView;
  pictures: Pictures;
  /** The product's picture id, offered first as background. */
  product?: string;
  /** Shows what was drawn until then (ms since the epoch) and no more. */
  until?: number;
  /** Told when the strokes that are there were begun. */
  onStrokes?: (times: number[]) => void;
}

type Loaded = typeof import("./Board");

let loaded: Loaded | null = null;

export function Board(props: BoardProps) {
  useLocale();
  const [module, setModule] = useState(loaded);
  const [failed, setFailed] = useState(false);
  const load = () => {
    setFailed(false);
    import("./Board").then(
      (found) => {
        loaded = found;
        setModule(found);
      },
      () => setFailed(true),
    );
  };
  useEffect(() => {
    if (!module) load();
  }, []);
  if (module) return <module.Board {...props} />;
  if (!failed) return <div class="board board-loading skeleton" aria-busy="true" aria-label={t("board.title")} />;
  return (
    <div class="board board-failed" role="alert">
      <p>{t("board.failed")}</p>
      <Button onClick={load}>{t("tryAgain")}</Button>
    </div>
  );
}
