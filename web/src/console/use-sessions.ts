import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SessionView, StaffMe } from "../messages";
import type { Client } from "../room/client";
import { Devices } from "../room/devices";
import { keep, kept } from "../room/kept";
import { RoomLink } from "../room/room-link";
import type { RoomState } from "../room/state";
import { inWaitingOrder, steady, unread } from "./logic/news";
import { leftOpen, mine, selected, toWrapUp } from "./logic/queue";
import { createStore, useStore } from "../ui";
import { Seen } from "./seen";
import { amReading } from "../staff/names";

/** Session → true: the sessions that this member of staff handed over and has wrapped up since. */
const wrappedUp = createStore<Record<string, true>>({});
export const noteWrappedUp = (session: string): void => wrappedUp.update((all) => ({ ...all, [session]: true }));

/** Returns the sessions that I have handed over and can still wrap up, even while I have other sessions. The page shows these
 *  sessions as ended. */
function useHandedOver(state: RoomState, me: StaffMe): SessionView[] {
  const saved = useStore(wrappedUp);
  const since = useRef(new Map<string, number>());
  const now = Date.now() + state.clockOffset;
  const given = Object.keys(state.over).filter((id) => state.over[id] === "handed_over");
  for (const id of given) if (!since.current.has(id)) since.current.set(id, now);
  return toWrapUp(
    given.filter((id) => !(id in saved)).map((id) => ({ id, at: since.current.get(id) ?? now })),
    me,
    now,
  ).flatMap(({ id, until }) => {
    const one = state.sessions[id];
    return one ? [{ ...one, state: "after" as const, room: null, help: null, end_reason: "", wrap_up_until: until }] : [];
  });
}

export interface Sessions {
  /** My sessions, in the order of the list: the visitor who has waited longest for my answer comes first. */
  list: SessionView[];
  current: SessionView | null;
  choose: (session: string) => void;
  /** Session → how many unread lines of other people it has. */
  fresh: Record<string, number>;
  /** Call this when the pointer moves over the list of sessions. The rows then keep their order for a moment. */
  onPointer: () => void;
}

const CHOSEN = "sangdam.chosen";
const STEADY_MS = 1_500; // time for which rows keep their order after the pointer has moved over the list, ms

/** Returns my sessions in order, the shown session, and the numbers of unread lines. `reading`: whether the shown session's
 *  conversation is on the screen. */
export function useSessions(state: RoomState, me: StaffMe, reading: boolean): Sessions {
  const [chosen, setChosen] = useState(() => sessionStorage.getItem(CHOSEN) ?? "");
  const seen = useMemo(() => new Seen(), []);
  const order = useRef<string[]>([]);
  const movedAt = useRef(0);
  const focused = useFocused();
  const handed = useHandedOver(state, me);
  const open = mine([...Object.values(state.sessions).filter((one) => !(one.id in state.over)), ...handed]);
  const sorted = inWaitingOrder(open, state.lines);
  const list = Date.now() - movedAt.current < STEADY_MS ? steady(order.current, sorted) : sorted;
  order.current = list.map((one) => one.id);
  const current = selected(open, chosen);
  useEffect(() => sessionStorage.setItem(CHOSEN, current?.id ?? chosen), [current?.id]);
  const lines = (session: string) => state.lines[session] ?? [];
  if (current !== null && focused && reading) seen.mark(current.id, lines(current.id).at(-1)?.seq ?? 0);
  const fresh = Object.fromEntries(list.map((one) => [one.id, unread(one, lines(one.id), seen.upTo(one.id)).length]));
  const onPointer = () => {
    movedAt.current = Date.now();
  };
  return { list, current, choose: setChosen, fresh, onPointer };
}

/** Returns whether this page has the focus. Without the focus, lines that arrive count as unread. */
function useFocused(): boolean {
  const [focused, setFocused] = useState(() => document.hasFocus());
  useEffect(() => {
    const look = () => setFocused(document.hasFocus());
    const events = ["focus", "blur", "visibilitychange"] as const;
    for (const event of events) addEventListener(event, look);
    return () => {
      for (const event of events) removeEventListener(event, look);
    };
  }, []);
  return focused;
}

/**
 * Returns the room of the session that the console shows; null while that session is not active. The console has at most one
 * room at a time, and each room opens its own devices. So a microphone is never open in two rooms, and the microphone's light
 * goes out when the call ends.
 */
export function useRoom(client: Client, session: SessionView | null): RoomLink | null {
  const id = session?.state === "active" ? session.id : "";
  const [link, setLink] = useState<RoomLink | null>(null);
  useEffect(() => {
    if (id === "") return;
    const devices = new Devices(kept(id)?.mic === false);
    const made = new RoomLink(client, id, devices);
    setLink(made);
    const noting = devices.state.subscribe(() => {
      const { mic, camera } = devices.state.get();
      keep({ session: id, mic: mic.wanted, camera: camera.wanted });
    });
    return () => {
      noting();
      made.close();
      devices.close();
      setLink(null);
    };
  }, [client, id]);

  const speaks = session !== null && session.room?.media === true && !amReading(session);
  useEffect(() => {
    // A call works without devices: the controls say that the microphone was refused, and the call goes on.
    if (link !== null && speaks) void link.devices.start({ mic: true, camera: false });
  }, [link, speaks]);
  return link?.session === id ? link : null;
}

/**
 * Puts the person's other calls on hold while the person looks at another conversation, because there is one microphone. The
 * visitor's page and the console show the hold, and the person ends each hold by hand. `taking`: the session that is about to be
 * shown.
 */
export function useHoldElsewhere(client: Client, state: RoomState, { list, current }: Sessions, taking: string): void {
  const asked = useRef(new Set<string>());
  const left = leftOpen(
    list.filter((one) => !(one.id in state.replaced) && one.id !== taking),
    current?.id ?? "",
  ).join(" ");
  useEffect(() => {
    if (state.status !== "open") return;
    for (const session of left.split(" ").filter((id) => id !== "" && !asked.current.has(id))) {
      asked.current.add(session);
      // The server refuses only if the visitor is on hold already or the call is over. While this page is offline, nothing is
      // sent: the page asks again when it is connected.
      client.connection
        .request({ type: "hold", session, on: true })
        .catch(() => undefined)
        .finally(() => asked.current.delete(session));
    }
  }, [client, left, state.status]);
}
