/** Moves an open conversation of the signed-in visitor into this panel. */

import type { Channel } from "../../messages";
import { type Made, Refusal } from "../api";
import { continued, type Item, pageOf, type Right, rightOf } from "./api";
import { openText } from "./days";

/** What moving needs of the panel. */
interface Home {
  code(): Promise<string>;
  goOn(channel: Channel, make: () => Promise<Made>): Promise<void>;
}

/** Asks the partner's back end who the visitor is, and returns the right to that visitor's thread. */
export const askRight = async (panel: Home): Promise<Right> => rightOf(await panel.code());

/** Moves this conversation here. Call it within a click: a call opens its window at once. */
export const moveHere = (panel: Home, { id, channel }: Pick<Item, "id" | "channel">, right?: Right): Promise<void> =>
  panel.goOn(channel, async () => continued(right ?? (await askRight(panel)), id));

/** Moves the visitor's newest open conversation by text here. Rejects when there is none any more. */
export async function moveOpen(panel: Home): Promise<void> {
  const right = await askRight(panel);
  const open = openText((await pageOf(right)).items);
  if (!open) throw new Refusal("over");
  await moveHere(panel, open, right);
}
