/** Shows an earlier conversation to the visitor, who can only read it: its lines by day, the message that the visitor left, and
 *  the board. */

import { useEffect, useState } from "preact/hooks";
import type { Line } from "../../messages";
import "../../room/guests/words";
import { LinePicture } from "../../room/line-picture";
import { LineText } from "../../room/line-text";
import type { Pictures } from "../../room/pictures";
import { FileLine } from "../../room/sharing";
import { clock, nameAndRole } from "../../room/words";
import { Former, Unsent } from "../../room/writing/former";
import { gist } from "../../room/writing/quote";
import "../../room/writing/said.css";
import { locale } from "../../ui";
import { type Conversation, pathOf } from "./api";
import { daysOf } from "./days";
import { t } from "./words";

const day = (at: number) => new Intl.DateTimeFormat(locale(), { dateStyle: "full" }).format(at);

function PastLine({ line, lines, pictures }: { line: Line; lines: Line[]; pictures: Pictures }) {
  const own = line.role === "user";
  return (
    <li class={`chat-line chat-line-first ${own ? "chat-line-own" : ""}`} data-testid="past-line" data-kind={line.kind}>
      <div class="chat-author">
        <strong dir="auto">
          {own || line.role === "system"
            ? t("you")
            : nameAndRole({ name: line.name, role: line.role, label: line.args["label"] })}
        </strong>
        {line.kind === "caption" && <span class="pill">{t("caption")}</span>}
        <time dateTime={new Date(line.at).toISOString()}>{clock(line.at)}</time>
      </div>
      {line.reply_to > 0 && (
        <blockquote class="line-quoted" dir="auto">
          {gist(lines.find(({ seq }) => seq === line.reply_to))}
        </blockquote>
      )}
      <What line={line} pictures={pictures} />
      <Former line={line} />
    </li>
  );
}

function What({ line, pictures }: { line: Line; pictures: Pictures }) {
  if (line.change === "retracted") return <Unsent />;
  if (line.picture) return <LinePicture picture={line.picture} pictures={pictures} label={t("picture")} />;
  if (line.kind === "file") return <FileLine line={line} pictures={pictures} />;
  return (
    <div class="chat-text" dir="auto">
      <LineText text={line.text} />
    </div>
  );
}

function Drawing({ session, n, pictures }: { session: string; n: number; pictures: Pictures }) {
  const [url, setUrl] = useState("");
  useEffect(() => {
    let made = "";
    let gone = false;
    pictures.blob(`${pathOf(session)}/drawings/${n}`).then(
      (blob) => {
        if (!gone) setUrl((made = URL.createObjectURL(blob)));
      },
      () => undefined,
    );
    return () => {
      gone = true;
      URL.revokeObjectURL(made);
    };
  }, [session, n]);
  if (!url) return <div class="skeleton p-past-loading" aria-busy="true" />;
  return <img class="p-past-drawing" src={url} alt={t("drawing", { n })} data-testid="past-drawing" />;
}

export function Said({ found, pictures }: { found: Conversation; pictures: Pictures }) {
  const board = found.drawings > 0 || found.board.length > 0;
  return (
    <>
      {daysOf(found.lines).map(({ at, lines }) => (
        <section key={at}>
          <h2 class="p-past-day">{day(at)}</h2>
          <ol class="p-past-lines">
            {lines.map((line) => (
              <PastLine key={line.seq} line={line} lines={found.lines} pictures={pictures} />
            ))}
          </ol>
        </section>
      ))}
      {found.message && (
        <section>
          <h2 class="p-past-day">{t("message")}</h2>
          <p class="chat-text" dir="auto">
            {found.message}
          </p>
        </section>
      )}
      {found.lines.length === 0 && !found.message && <p class="p-quiet">{t("empty")}</p>}
      {board && (
        <section class="p-past-board">
          <h2 class="p-past-day">{t("board")}</h2>
          {Array.from({ length: found.drawings }, (_, n) => (
            <Drawing key={n} session={found.id} n={n + 1} pictures={pictures} />
          ))}
          {found.board.map((picture) => (
            <LinePicture key={picture} picture={picture} pictures={pictures} label={t("picture")} />
          ))}
        </section>
      )}
    </>
  );
}
