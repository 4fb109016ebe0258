/** Moves an open conversation of the signed-in visitor into this panel. */

import type { Channel } from "../../messages";
import { type Made, Refusal } from "../api";
import { continued, type Item, pageOf, type Right, rightOf } from "./api";
import { openText } from "./days";

/** The methods of the panel that moving a conversation needs. */
interface Home {
  code(): Promise<string>;
  goOn(channel: Channel, make: () => Promise<Made>): Promise<void>;
}

/** Asks the partner's back end who the visitor is, and returns the right to that visitor's thread. */
export const askRight = async (panel: Home): Promise<Right> => rightOf(await panel.code());

/** Moves a conversation into this panel. Call this inside a click: a voice or video conversation opens a window at once. */
export const moveHere = (panel: Home, { id, channel }: Pick<Item, "id" | "channel">, right?: Right): Promise<void> =>
  panel.goOn(channel, async () => continued(right ?? (await askRight(panel)), id));

/** Moves the visitor's newest open text conversation into this panel. Rejects if none is open any more. */
export async function moveOpen(panel: Home): Promise<void> {
  const right = await askRight(panel);
  const open = openText((await pageOf(right)).items);
  if (!open) throw new Refusal("over");
  await moveHere(panel, open, right);
}
