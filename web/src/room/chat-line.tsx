import type { Line, SessionView } from "../messages";
import { Button } from "../ui/button";
import type { Client } from "./client";
import { sends } from "./compose";
import { drawingOn } from "./drawing-on";
import { lineFailure } from "./failures";
import { LinePicture } from "./line-picture";
import { LineText } from "./line-text";
import type { Pictures } from "./pictures";
import { FileLine } from "./sharing";
import type { OutLine } from "./state";
import { clock, nameAndRole, nameOf, systemText, t } from "./words";

/** The code for corrections, replies and read marks, which the page fetches after its first paint. */
export type Writing = typeof import("./writing/said");

export interface ChatLineProps {
  client: Client;
  session: SessionView;
  writing: Writing | null;
  /** Whether the page has a message box, so that the person can reply to lines. */
  writes: boolean;
  /** Scrolls to another line, even if the page renders only a part of the conversation, and that line is not in this part. */
  reveal: (seq: number) => void;
  line: Line;
  /** Whether the line begins a group of lines, and so shows author and time. */
  first: boolean;
  pictures: Pictures;
}

export function ChatLine({ line, first, ...rest }: ChatLineProps) {
  const { session, pictures, writing } = rest;
  if (line.kind === "system" || line.role === "system") {
    const text = systemText(line);
    return text === null ? null : (
      <div class="chat-system" data-testid="chat-line" data-kind="system">
        {text}
      </div>
    );
  }
  const own = line.author === session.you;
  const author = own ? t("you") : nameAndRole({ name: line.name, role: line.role, label: line.args["label"] });
  // A picture that only staff are allowed to see must not be put on the board, which the user sees.
  const drawable = session.room?.board === "write" && line.audience === "all";
  const onDraw = drawable ? () => drawingOn.set({ session: session.id, picture: line.picture }) : undefined;
  const shared = line.picture ? (
    <LinePicture picture={line.picture} pictures={pictures} label={t("chat.pictureBy", { name: nameOf(line) })} onDraw={onDraw} />
  ) : line.kind === "file" ? (
    <FileLine line={line} pictures={pictures} />
  ) : null;
  return (
    <div
      class={`chat-line ${own ? "chat-line-own" : ""} ${first ? "chat-line-first" : ""} ${line.audience === "staff" ? "chat-line-staff" : ""}`}
      data-testid="chat-line"
      data-kind={line.kind}
      data-role={line.role}
      data-audience={line.audience}
      data-seq={line.seq}
    >
      {first ? (
        <div class="chat-author">
          <strong dir="auto">{author}</strong>
          {line.audience === "staff" && <span class="pill pill-help">{t("chat.staffOnly")}</span>}
          <time dateTime={new Date(line.at).toISOString()}>{clock(line.at)}</time>
        </div>
      ) : (
        <span class="visually-hidden">{author}: </span>
      )}
      {writing ? (
        <writing.Said line={line} sends={sends} shared={shared} {...rest} />
      ) : (
        (shared ?? (
          <div class="chat-text" dir="auto">
            <LineText text={line.text} />
          </div>
        ))
      )}
    </div>
  );
}

/** A line of this person while it is being sent, or after the server has refused it. */
export function OutgoingLine({ line, pictures, onDismiss }: { line: OutLine; pictures: Pictures; onDismiss: () => void }) {
  return (
    <div
      class={`chat-line chat-line-own chat-line-first ${line.refused ? "chat-line-refused" : "chat-line-sending"}`}
      data-testid="chat-line"
      data-state={line.refused ? "refused" : "sending"}
    >
      {line.kind === "picture" ? (
        <LinePicture picture={line.picture} pictures={pictures} label={t("chat.pictureBy", { name: t("you") })} />
      ) : (
        <div class="chat-text" dir="auto">
          <LineText text={line.text} />
        </div>
      )}
      {line.refused ? (
        <div class="chat-refused" role="alert">
          {t("chat.refused", { reason: lineFailure(line.refused) })}
          <Button kind="quiet" onClick={onDismiss}>
            {t("chat.dismiss")}
          </Button>
        </div>
      ) : (
        <div class="chat-state">{t("chat.sending")}</div>
      )}
    </div>
  );
}
