/** The components that show captions. Their code is fetched only in a call that can have captions. */

import { optional } from "../lazy";

export const Captions = optional(
  () => import("./captions"),
  (code) => code.Captions,
);
