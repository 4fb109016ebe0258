/** Machine translation of a line, shown under the line's own text and marked as made by a machine. */

import { useEffect, useState } from "preact/hooks";
import type { Line, SessionView, Translated as Answer } from "../../messages";
import { locale } from "../../ui/i18n";
import { createStore, useStore } from "../../ui/store";
import type { Client } from "../client";
import { RequestError } from "../connection";
import { t } from "./texts";

/** The lines whose translation this page shows, by session and number of the line. */
const wanted = createStore<Readonly<Record<string, true>>>({});

const TRANSLATED: readonly string[] = ["text", "note"];

const keyOf = (session: SessionView, line: Line) => `${session.id} ${line.seq}`;

/** Returns whether the page offers to translate this line. Nobody needs a translation of their own words. */
export const translatable = (session: SessionView, line: Line): boolean =>
  session.translates && TRANSLATED.includes(line.kind) && line.change !== "retracted" && line.author !== session.you;

/** Makes this page ask the server for the translation of a line, and show the translation. */
export function translate(session: SessionView, line: Line): void {
  wanted.update((now) => ({ ...now, [keyOf(session, line)]: true }));
}

/** Shows the translation of a line, if this person has asked for it on this page. */
export function Translated({ client, session, line }: { client: Client; session: SessionView; line: Line }) {
  const shown = useStore(wanted, (now) => now[keyOf(session, line)] === true);
  return shown ? <Shown key={line.rev} client={client} session={session} line={line} /> : null;
}

function Shown({ client, session, line }: { client: Client; session: SessionView; line: Line }) {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [refused, setRefused] = useState(false);
  const language = locale();
  useEffect(() => {
    const stop = client.onMessage((message) => {
      const ours = message.type === "translated" && message.session === session.id && message.seq === line.seq;
      if (ours && message.language === language) setAnswer(message);
    });
    client.connection.request({ type: "translate", session: session.id, seq: line.seq, language }).catch((error: unknown) => {
      if (!(error instanceof RequestError)) throw error;
      setRefused(true);
    });
    return stop;
  }, [language]);
  if (refused || answer?.failed) return <p class="chat-state">{t("translation.failed")}</p>;
  return (
    <div class="chat-translated" aria-live="polite" data-testid="translated">
      <span class="chat-state">{t(answer ? "translation" : "translating")}</span>
      {answer && (
        <div dir="auto" lang={language}>
          {answer.text}
        </div>
      )}
    </div>
  );
}
