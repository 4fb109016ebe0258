/** The code of the components of captions is fetched in a call that can have captions. */

import { optional } from "../lazy";

export const Captions = optional(
  () => import("./captions"),
  (code) => code.Captions,
);
