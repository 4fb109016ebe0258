import type { SessionView } from "../../messages";
import type { RoomLink } from "../room-link";
import { nameAndRole, t as room } from "../words";
import { t } from "./words";

/** Identifies a live picture: the camera or shared screen of a participant in a session's room. */
export interface PictureOf {
  link: RoomLink;
  session: SessionView;
  participant: string;
  kind: "screen" | "camera";
}

export interface LivePicture {
  key: string;
  name: string;
  stream: MediaStream;
}

/** Returns the live pictures of which the board can take a still picture: the cameras and screens of the other people, and this
 *  person's own screen. */
export function livePictures(link: RoomLink, session: SessionView): LivePicture[] {
  const { slots } = link.peer.state.get();
  const found: LivePicture[] = [];
  for (const [slot, { participant, kind }] of Object.entries(session.room?.slots ?? {})) {
    const person = session.participants.find(({ id }) => id === participant);
    const stream = slots[Number(slot)];
    if (!person || !stream || !person.media[kind]) continue;
    const name =
      kind === "screen" ? room("screenOf", { name: nameAndRole(person) }) : t("board.cameraOf", { name: nameAndRole(person) });
    found.push({ key: `${participant} ${kind}`, name, stream });
  }
  const own = link.devices.state.get().screen.track;
  if (own) found.push({ key: "own", name: t("board.ownScreen"), stream: new MediaStream([own]) });
  return found;
}

/** Returns the name of a live picture. Signs of presence (such as a laser pointer) on a live picture contain this name instead of
 *  a page's id. No page of a board can have this name. */
export const livePage = (participant: string, kind: "screen" | "camera"): string => `live:${kind}:${participant}`;
