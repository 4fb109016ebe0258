/** The board's way to the panel: text alone goes here, so there is no voice connection and no device. In a chunk of its own. */

import type { Client } from "../room/client";
import "../room/board/board.css";
import { Devices } from "../room/devices";
import { RoomLink } from "../room/room-link";

export { Board } from "../room/board/lazy-board";

export function openLink(client: Client, session: string): RoomLink {
  const devices = new Devices();
  const link = new RoomLink(client, session, devices, false);
  link.whenClosed(() => devices.close());
  return link;
}
