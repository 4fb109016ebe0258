import { optional } from "./lazy";

/** The laser on a live picture. Its code is loaded when there is such a picture. */
export const LazyLaser = optional(
  () => import("./board/live-laser"),
  (code) => code.LiveLaser,
);
