import { optional } from "./lazy";

/** The laser pointers over a live picture. Their code is loaded when the page first shows a live picture. */
export const LazyLaser = optional(
  () => import("./board/live-tools"),
  (code) => code.LiveTools,
);
