/** The board, whose code is fetched when it is first needed. */

import type { SessionView } from "../../messages";
import { lazy } from "../lazy";
import type { Pictures } from "../pictures";
import type { RoomLink } from "../room-link";

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

export const Board = lazy(
  () => import("./board"),
  (module) => module.Board,
  {
    name: "board.title",
    failed: "board.failed",
    class: "board",
  },
);
