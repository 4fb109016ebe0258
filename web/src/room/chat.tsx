import { ArrowDown } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Audience, Line, SessionView } from "../messages";
import { Button } from "../ui/button";
import { withTexts } from "../ui/i18n";
import { useLocale, useStore } from "../ui/store";
import { ChatLine, OutgoingLine, type Writing } from "./chat-line";
import type { Client } from "./client";
import { Composer, type AudienceChoice, type ComposerAid } from "./composer";
import { beginsGroup } from "./compose";
import type { Pictures } from "./pictures";
import { participant, typingNow, type OutLine } from "./state";
import { AT_FIRST, useLineWindow, type LastPlace, type Place } from "./line-window";
import { list, nameOf, t } from "./words";

export type { AudienceChoice } from "./composer";

const NO_LINES: Line[] = [];
const NO_OUT: OutLine[] = [];

export interface ChatProps {
  client: Client;
  session: SessionView;
  pictures: Pictures;
  /** The choice of who is allowed to read a new line. Only staff have the choice: a visitor's lines go to everyone. */
  audience?: AudienceChoice;
  /** Additions to the message box, such as saved replies. Only staff have them. */
  aid?: ComposerAid;
  /** Whether the conversation can only be read, because it is over. */
  readOnly?: boolean;
  /** Used by the replay: returns the given lines as they were at an earlier moment. */
  asThen?: (lines: Line[]) => Line[];
  /** The part of the page above the conversation's first line, such as the visitor's earlier conversations. */
  above?: ComponentChildren;
  /** The reader's position at the moment when they last left this conversation. Without a position, the chat begins at its
   *  end. */
  place?: LastPlace;
  /** Called after each scroll with the reader's position. Null: the reader is at the end. */
  onPlace?: (place: Place | null) => void;
}

/** The chat: lines in order, lines being sent, who is typing, and the message box. */
export function Chat({ client, session, pictures, audience, aid, readOnly = false, asThen, above, ...reader }: ChatProps) {
  useLocale();
  const all = useStore(client.state, (state) => state.lines[session.id] ?? NO_LINES);
  const lines = useMemo(() => asThen?.(all) ?? all, [all, asThen]);
  const outbox = useStore(client.state, (state) => state.outbox[session.id] ?? NO_OUT);
  const status = useStore(client.state, (state) => state.status);
  const chosen: Audience = audience?.value ?? "all";
  const older = useStore(client.state, (state) => (state.older[session.id] ?? 0) > 0);
  const access = {
    there: older,
    fetch: () => void client.older(session.id),
    reach: (seq: number) => client.reach(session.id, seq),
  };
  const view = useLineWindow(lines, outbox.length, access, reader);
  const writing = useWriting();
  return (
    <div class="chat">
      <div
        class="chat-lines"
        ref={view.box}
        onScroll={view.onScroll}
        tabIndex={0}
        role="log"
        aria-live={view.moving ? "off" : "polite"}
        aria-label={t("chat.title")}
        data-windowed={older || lines.length > AT_FIRST || undefined}
      >
        <div ref={view.rows}>
          {!older && view.from === 0 && above}
          {lines.length + outbox.length === 0 && <p class="chat-empty">{t("chat.empty")}</p>}
          {lines.slice(view.from, view.to).map((line, i) => (
            <ChatLine
              key={line.seq}
              client={client}
              session={session}
              line={line}
              pictures={pictures}
              writing={writing}
              writes={!readOnly}
              reveal={view.reveal}
              first={beginsGroup(lines[view.from + i - 1], line)}
            />
          ))}
          {view.complete &&
            outbox.map((line) => (
              <OutgoingLine
                key={line.id}
                line={line}
                pictures={pictures}
                onDismiss={() => client.dismissLine(session.id, line.id)}
              />
            ))}
        </div>
      </div>
      {view.behind && (
        <Button class="chat-newer" icon={ArrowDown} onClick={view.toEnd}>
          {t("chat.newLines")}
        </Button>
      )}
      {writing && !asThen && <writing.Reading client={client} session={session} box={view.rows} lines={lines} />}
      {writing && <writing.Find client={client} session={session} box={view.rows} lines={lines} reveal={view.reveal} />}
      <TypingLine client={client} session={session} />
      {status !== "open" && <p class="chat-offline">{t("chat.offline")}</p>}
      {!readOnly && (
        <>
          {writing && <writing.ReplyBar client={client} session={session.id} />}
          <Composer
            key={session.id}
            client={client}
            session={session.id}
            pictures={pictures}
            audience={audience}
            to={chosen}
            aid={aid}
          />
        </>
      )}
    </div>
  );
}

let loaded: Writing | null = null;

/** Returns the code for corrections and replies; null until it is loaded. The page fetches this code after its first paint. */
function useWriting(): Writing | null {
  const [writing, setWriting] = useState(loaded);
  useEffect(() => {
    if (writing) return;
    withTexts(import("./writing/said")).then(
      (module) => {
        loaded = module;
        setWriting(module);
      },
      () => undefined, // without the code for corrections and replies, people can still read and write lines
    );
  }, []);
  return writing;
}

function TypingLine({ client, session }: { client: Client; session: SessionView }) {
  const [now, setNow] = useState(Date.now);
  const typing = useStore(client.state, (state) => state.typing[session.id]);
  useEffect(() => {
    setNow(Date.now());
    if (!typing || Object.keys(typing).length === 0) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [typing]);
  const names = typingNow(client.state.get(), session.id, now)
    .filter((id) => id !== session.you)
    .map((id) => participant(session, id))
    .filter((person) => person !== undefined)
    .map(nameOf);
  return (
    <p class="chat-typing" aria-live="polite">
      {names.length > 0 && t(names.length > 1 ? "chat.typingMany" : "chat.typing", { names: list(names) })}
    </p>
  );
}
