/** The components of captions. Their code is fetched in a call that may have captions. */

import { optional } from "../lazy";

export const Captions = optional(
  () => import("./captions"),
  (code) => code.Captions,
);
