import type { Line } from "../messages";
import { authorRole, guestLine } from "../room/guests/words";
import { LineText } from "../room/line-text";
import { Pictures } from "../room/pictures";
import { FileLine } from "../room/sharing";
import { Former, Unsent } from "../room/writing/former";
import { gist } from "../room/writing/quote";
import "../room/writing/said.css";
import { StoredPicture } from "../staff/brief";
import { timeText } from "../ui/when";
import { nameOf, roleName } from "../staff/names";
import { useLocale } from "../ui";
import { t, textOr } from "./texts";

const OF_STAFF = new Pictures(); // staff authenticate with their cookie

function Said({ line, lines, via }: { line: Line; lines: Line[]; via: string }) {
  const locale = useLocale();
  const staff = line.audience === "staff";
  if (line.kind === "system") {
    const name = nameOf({ name: line.args["name"] ?? "" });
    return (
      <li class={`said said-system ${staff ? "said-staff" : ""}`}>
        <time class="num">{timeText(line.at, locale)}</time>{" "}
        {guestLine(line, name) || textOr(`sys.${line.text}`, line.text, { ...line.args, name })}
      </li>
    );
  }
  return (
    <li class={`said said-${line.role} ${staff ? "said-staff" : ""}`} data-testid="transcript-line">
      <p class="said-head">
        <strong dir="auto">{nameOf(line)}</strong> <span class="dim">{authorRole(line, roleName(line.role))}</span>{" "}
        <time class="num dim">{timeText(line.at, locale)}</time>
        {staff && <span class="pill pill-help">{t("staff")}</span>}
        {(line.kind === "note" || line.kind === "caption") && <span class="pill">{t(line.kind)}</span>}
      </p>
      {line.reply_to > 0 && (
        <blockquote class="said-quoted" dir="auto">
          {gist(lines.find(({ seq }) => seq === line.reply_to))}
        </blockquote>
      )}
      {line.change === "retracted" && <Unsent />}
      {line.picture !== "" && <StoredPicture id={line.picture} alt={line.text} class="said-picture" via={via} />}
      {line.kind === "file" && line.change === "" && <FileLine line={line} pictures={OF_STAFF} via={via} />}
      {line.text !== "" && line.kind !== "file" && (
        <div class="said-text" dir="auto">
          <LineText text={line.text} />
        </div>
      )}
      <Former line={line} />
    </li>
  );
}

/** The chat of a session, with staff-only lines marked. `cut`: whether the server has left out the last lines, because there are
 *  too many. `via`: for an earlier session, my current session with the same visitor. */
export function Transcript({ lines, cut = false, via = "" }: { lines: Line[]; cut?: boolean; via?: string }) {
  if (lines.length === 0) return <p class="dim">{t("transcript.none")}</p>;
  return (
    <>
      <ol class="transcript" data-testid="transcript">
        {lines.map((line) => (
          <Said key={line.seq} line={line} lines={lines} via={via} />
        ))}
      </ol>
      {cut && <p class="dim">{t("transcript.cut")}</p>}
    </>
  );
}
