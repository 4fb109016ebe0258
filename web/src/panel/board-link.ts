/** Connects the panel to the board by WebSocket, because the panel has no media connection. The panel fetches this
 *  code when a conversation becomes active. */

import type { Client } from "../room/client";
import { Devices } from "../room/devices";
import { RoomLink } from "../room/room-link";

export { Board } from "../room/board/lazy-board";

export function openLink(client: Client, session: string): RoomLink {
  const devices = new Devices();
  const link = new RoomLink(client, session, devices, false);
  link.whenClosed(() => devices.close());
  return link;
}
