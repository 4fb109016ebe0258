/** The guests of a conversation, whose code is fetched when a conversation may have guests. */

import { optional } from "../lazy";

export const Guests = optional(
  () => import("./guests"),
  (code) => code.Guests,
);
