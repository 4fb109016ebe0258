/** The board; its code is fetched when first needed. */

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
