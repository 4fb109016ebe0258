import { useEffect } from "preact/hooks";
import type { SessionView } from "../messages";
import type { Client } from "../room/client";
import { toast, useStore } from "../ui";
import type { RoomState } from "../room/state";
import { Drafts } from "./drafts";
import { nameOf, userOf } from "../staff/names";
import { t } from "../staff/texts";

const drafts = new WeakMap<Client, Drafts>();

/** Returns this console's drafts of notes, which are sent to the server as they are typed. */
export function draftsOf(client: Client): Drafts {
  const known = drafts.get(client);
  if (known) return known;
  const made = new Drafts((message) => client.connection.request(message));
  drafts.set(client, made);
  return made;
}

export interface Notes {
  text: string;
  /** The id of the session's outcome; "" until an outcome is chosen. */
  outcome: string;
  tags: string[];
  /** Changes text, outcome or tags, whichever is given. The rest stays unchanged. */
  type: (change: { text?: string; outcome?: string; tags?: string[] }) => void;
}

/** Returns the notes on a session and a function that changes them. Notes that the person types while the console is
 *  disconnected are sent as soon as it is connected again. */
export function useNotes(client: Client, session: SessionView): Notes {
  const notes = draftsOf(client);
  const typed = useStore(notes.state, (all) => all[session.id]);
  const told = { notes: session.notes, outcome: session.outcome, tags: session.tags };
  const status = useStore(client.state, (state) => state.status);
  useEffect(() => {
    if (status === "open") notes.send(session.id);
  }, [status, session.id]);
  // After a handover, this page gets no more updates of the session.
  const over = useStore(client.state, (state) => session.id in state.over);
  useEffect(() => {
    if (!over) notes.told(session.id, told);
  }, [session.id, told.notes, told.outcome, told.tags.join(), over]);
  useEffect(() => {
    const leave = () => notes.send(session.id);
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      leave();
    };
  }, [session.id]);
  const now = { text: typed?.text ?? told.notes, outcome: typed?.outcome ?? told.outcome, tags: typed?.tags ?? told.tags };
  return {
    ...now,
    type: (change) => {
      const { text, outcome, tags } = { ...now, ...change };
      notes.type(session.id, text, outcome, tags);
    },
  };
}

/**
 * When a session has ended for this person, sends the draft of the notes to the server and deletes the draft from this tab. Does
 * nothing for a session that this person handed over. If the draft has text, a toast says that the notes were saved.
 */
export function useAutosaved(client: Client, { over, sessions }: RoomState): void {
  useEffect(() => {
    const notes = draftsOf(client);
    for (const [id, typed] of Object.entries(notes.state.get())) {
      const session = sessions[id];
      if (!(id in over) || over[id] === "handed_over" || session === undefined) continue;
      notes.send(id);
      if (typed.text.trim() !== "") toast(t("wrap.autosaved", { user: nameOf(userOf(session)) }));
      notes.forget(id);
    }
  }, [over]);
}
