import { useEffect } from "preact/hooks";
import type { SessionView } from "../messages";
import type { Client } from "../room/client";
import { TextArea, useStore } from "../ui";
import { Drafts } from "./drafts";
import { t } from "../staff/texts";

const drafts = new WeakMap<Client, Drafts>();

/** The notes of this console, sent to the server as they are typed. */
export function draftsOf(client: Client): Drafts {
  const known = drafts.get(client);
  if (known) return known;
  const made = new Drafts((message) => client.connection.request(message));
  drafts.set(client, made);
  return made;
}

/** Returns the field's text and its change handler. Text typed offline is sent once there is a connection. */
export function useNotes(client: Client, session: SessionView): { text: string; type: (text: string, outcome?: string) => void } {
  const notes = draftsOf(client);
  const typed = useStore(notes.state, (all) => all[session.id]);
  const status = useStore(client.state, (state) => state.status);
  useEffect(() => {
    if (status === "open") notes.send(session.id);
  }, [status, session.id]);
  const over = useStore(client.state, (state) => session.id in state.over); // handed over: the server sends no more updates
  useEffect(() => {
    if (!over) notes.told(session.id, session.notes);
  }, [session.id, session.notes, over]);
  useEffect(() => {
    const leave = () => notes.send(session.id);
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      leave();
    };
  }, [session.id]);
  return { text: typed?.text ?? session.notes, type: (text, outcome = "") => notes.type(session.id, text, outcome) };
}

export function Notes({ client, session }: { client: Client; session: SessionView }) {
  const { text, type } = useNotes(client, session);
  return (
    <TextArea
      label={t("brief.notes")}
      hint={t("brief.notes.hint")}
      rows={4}
      maxLength={4000}
      value={text}
      data-testid="notes"
      onInput={(event) => type(event.currentTarget.value)}
    />
  );
}
