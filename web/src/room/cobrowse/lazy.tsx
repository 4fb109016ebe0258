/** The user's side of co-browsing. Its code is fetched when a counselor asks to see the page. */

import { optional } from "../lazy";

export const Cobrowse = optional(
  () => import("./asked"),
  (code) => code.Asked,
);
