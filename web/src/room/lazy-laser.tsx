import { optional } from "./lazy";

/** The code of the laser pointers over a live picture is loaded when the page first shows a live picture. */
export const LazyLaser = optional(
  () => import("./board/live-tools"),
  (code) => code.LiveTools,
);
