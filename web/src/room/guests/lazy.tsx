/** The code of the components for guests is fetched in a conversation that can have guests. */

import { optional } from "../lazy";

export const Guests = optional(
  () => import("./guests"),
  (code) => code.Guests,
);
