/** Moves an open conversation of the signed-in visitor to this panel, or to a call window that the panel opens. */

import type { Channel } from "../../messages";
import { type Made, Refusal } from "../api";
import { continued, type Item, pageOf, type Right, rightOf } from "./api";
import { openText } from "./days";

/** The methods of the panel that this module needs. */
interface Home {
  code(): Promise<string>;
  goOn(channel: Channel, make: () => Promise<Made>): Promise<void>;
}

/** Gets an identification code from the partner's back end, and exchanges it for the right to read the thread of the visitor whom
 *  the code names. */
export const askRight = async (panel: Home): Promise<Right> => rightOf(await panel.code());

/** Moves a conversation to this device. Call this inside a click, because a voice or video conversation opens its window at
 *  once. */
export const moveHere = (panel: Home, { id, channel }: Pick<Item, "id" | "channel">, right?: Right): Promise<void> =>
  panel.goOn(channel, async () => continued(right ?? (await askRight(panel)), id));

/** Moves the visitor's newest open text conversation to this panel. Rejects if none is open any more. */
export async function moveOpen(panel: Home): Promise<void> {
  const right = await askRight(panel);
  const open = openText((await pageOf(right)).items);
  if (!open) throw new Refusal("over");
  await moveHere(panel, open, right);
}
