/** Small parts of a call whose code is fetched when the call first shows them, so that the first page stays small. */

import { optional } from "./lazy";

export const InterruptionNotice = optional(
  () => import("./interruption/notice"),
  (code) => code.InterruptionNotice,
);

export const FlipCamera = optional(
  () => import("./flip-camera"),
  (code) => code.FlipCamera,
);
