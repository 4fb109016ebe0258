/** While many people are in the room, makes the tile of the person who speaks larger. So the speaker's face can be recognised
 *  even on a phone. */

import { useEffect, useRef } from "preact/hooks";
import type { SessionView } from "../../messages";
import { useStore } from "../../ui/store";
import { largeOnStage } from "../arrange";
import type { Client } from "../client";
import { others } from "../state";

const FULL = 5; // the speaker's tile becomes larger than the others if at least this many other people are in the room
const SPOKE_MS = 1500; // ms for which a person must speak before their tile becomes larger; a cough is shorter
const NOBODY: string[] = [];

/**
 * Returns the id of the person whose tile becomes or stays large; "" if `people` has fewer than `FULL` people. Pure. The caller
 * enlarges the tile when the result has been the same for `SPOKE_MS`.
 */
export function nextLarge(former: string, speaking: string[], people: string[]): string {
  if (people.length < FULL) return "";
  const heard = speaking.filter((one) => people.includes(one));
  if (heard.includes(former)) return former;
  return heard[0] ?? (people.includes(former) ? former : "");
}

export function useSpeakerOnStage(client: Client, session: SessionView): void {
  const speaking = useStore(client.state, (state) => state.speaking[session.id] ?? NOBODY);
  const people = others(session).map((one) => one.id);
  const wanted = nextLarge(largeOnStage.get(), speaking, people);
  const room = useRef(people.length);
  room.current = people.length;
  useEffect(() => {
    if (room.current < FULL) {
      largeOnStage.set("");
      return;
    }
    const timer = setTimeout(() => largeOnStage.set(wanted), SPOKE_MS);
    return () => clearTimeout(timer);
  }, [wanted, people.length < FULL]);
  useEffect(() => () => largeOnStage.set(""), []);
}
