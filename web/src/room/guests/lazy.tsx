/** The components for guests. A page fetches their code only for a conversation that can have guests. */

import { optional } from "../lazy";

export const Guests = optional(
  () => import("./guests"),
  (code) => code.Guests,
);
