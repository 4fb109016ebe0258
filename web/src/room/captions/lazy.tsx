/** The captions, whose code is fetched when a call may have them. */

import { optional } from "../lazy";

export const Captions = optional(
  () => import("./captions"),
  (code) => code.Captions,
);
