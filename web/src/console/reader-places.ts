import type { LastPlace, Place } from "../room/line-window";

const places = new Map<string, LastPlace>();
const MOST = 50; // the positions in at most this many conversations are remembered; beyond that, the oldest position is dropped

/** Returns the stored position of the reader in a session's conversation, and a function that stores a new position. `newest`:
 *  the number of the session's newest line. */
export function readerOf(
  session: string,
  newest: number,
): { place: LastPlace | undefined; onPlace: (now: Place | null) => void } {
  const onPlace = (now: Place | null) => {
    // without a stored position, the reader was at the end until now, and so knows the newest line
    const known = places.get(session)?.newest ?? newest;
    places.delete(session);
    if (now) places.set(session, { ...now, newest: known });
    if (places.size > MOST) places.delete([...places.keys()][0]!);
  };
  return { place: places.get(session), onPlace };
}
