/** The board as a lazily loaded component: its code is fetched when the board is first shown. */

import { lazy } from "../lazy";

export const Board = lazy(
  () => import("./board"),
  (module) => module.Board,
  {
    name: "board.title",
    failed: "board.failed",
    class: "board",
  },
);
