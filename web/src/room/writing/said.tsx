/** The content of a chat line: its text or file, the quoted line, the read mark, and the menu. The browser loads this file after
 *  it has painted the page for the first time. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Line, SessionView } from "../../messages";
import { toast } from "../../ui/announce";
import { Button } from "../../ui/button";
import type { OneOf } from "../../ui/one-of";
import { useLocale, useStore } from "../../ui/store";
import type { Client } from "../client";
import type { KeyPress } from "../compose";
import { RequestError, type FailureReason } from "../connection";
import { LineText } from "../line-text";
import { serverNow, type Change } from "../state";
import { t as room } from "../words";
import { possible } from "./correct";
import { Editor } from "./editor";
import { Former, Unsent } from "./former";
import { LineMenu } from "./menu";
import { Quote } from "./quote";
import { ReadMark } from "./reading";
import { translatable, translate, Translated } from "./translated";
import "./said.css";
import { isKey, t, type WritingKey } from "./texts";

export { Find, FindButton } from "./find-bar";
export { ReplyBar } from "./quote";
export { Reading } from "./reading";

interface SaidProps {
  client: Client;
  session: SessionView;
  line: Line;
  /** The picture or file that the line carries, rendered. */
  shared: ComponentChildren;
  /** Whether the page has a message box, so that the person can reply to lines. */
  writes: boolean;
  reveal: (seq: number) => void;
  /** Returns whether a key press sends the text. The page passes its own function, so that this code need not contain the
   *  function again. */
  sends: (press: KeyPress) => boolean;
}

export function Said({ client, session, line, shared, writes, reveal, sends }: SaidProps) {
  useLocale();
  const change = useStore(client.state, (state) => state.changes[session.id]?.[line.seq]);
  const [editing, setEditing] = useState(false);
  const alter = (text: string | null) => {
    setEditing(false);
    try {
      client.changeLine(session.id, line.seq, text);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      toast(room("refused.too_many"), "error");
    }
  };
  if (editing) return <Editor text={line.text} sends={sends} onSave={alter} onCancel={() => setEditing(false)} />;
  const may = () => possible(line, session, serverNow(client.state.get(), Date.now()), writes);
  const { reply, retract } = may();
  return (
    <>
      <div class="line-row">
        <Bubble client={client} session={session} line={line} change={change} shared={shared} reveal={reveal} />
        {(reply || retract || translatable(session, line)) && (
          <LineMenu
            possible={may}
            onTranslate={translatable(session, line) ? () => translate(session, line) : null}
            hint={!isStaff(session)}
            onReply={() => client.replyTo(session.id, line.seq)}
            onEdit={() => setEditing(true)}
            onRetract={() => alter(null)}
          />
        )}
      </div>
      <Translated client={client} session={session} line={line} />
      <Former line={line} />
      {line.author === session.you && <ReadMark client={client} session={session} line={line} />}
      {change && <Changing change={change} onDismiss={() => client.dismissLine(session.id, line.seq)} />}
    </>
  );
}

const isStaff = (session: SessionView) =>
  session.participants.some(({ id, role }) => id === session.you && role !== "user" && role !== "guest");

interface BubbleProps {
  client: Client;
  session: SessionView;
  line: Line;
  change: Change | undefined;
  shared: ComponentChildren;
  reveal: (seq: number) => void;
}

function Bubble({ client, session, line, change, shared, reveal }: BubbleProps) {
  const pending = change && change.refused === "" ? change : undefined;
  const gone = pending ? pending.text === null : line.change === "retracted";
  const quote = line.reply_to > 0 && !gone && <Quote client={client} session={session.id} seq={line.reply_to} reveal={reveal} />;
  if (!gone && shared) {
    return (
      <div>
        {quote}
        {shared}
      </div>
    );
  }
  return (
    <div class={`chat-text ${gone ? "chat-text-unsent" : ""}`} dir="auto">
      {quote}
      {gone ? <Unsent /> : <LineText text={pending?.text ?? line.text} />}
    </div>
  );
}

type ToldChange = OneOf<FailureReason, "too_late" | "too_often" | "wrong_state">;

function Changing({ change, onDismiss }: { change: Change; onDismiss: () => void }) {
  if (change.refused === "") return <div class="chat-state">{t("changing")}</div>;
  const key: WritingKey = `refused.${change.refused as ToldChange}`;
  return (
    <div class="chat-refused" role="alert">
      {t("notChanged", { reason: t(isKey(key) ? key : "refused.other") })}
      {change.text !== null && <blockquote dir="auto">{change.text}</blockquote>}
      <Button kind="quiet" onClick={onDismiss}>
        {t("dismiss")}
      </Button>
    </div>
  );
}
