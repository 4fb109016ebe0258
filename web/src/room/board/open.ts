import type { RoomLink } from "../room-link";
import { serverNow } from "../state";
import { BoardDoc } from "./board-doc";

const open = new WeakMap<RoomLink, BoardDoc>();

/** Returns the board document of a room. Each room has one document, which lives as long as the room, even while the board is
 *  hidden. */
export function boardOf(link: RoomLink): BoardDoc {
  const known = open.get(link);
  if (known) return known;
  const board = new BoardDoc(
    link.board,
    () => link.view()?.you ?? "",
    () => Math.round(serverNow(link.client.state.get(), Date.now())),
  );
  open.set(link, board);
  link.whenClosed(() => board.close());
  return board;
}
