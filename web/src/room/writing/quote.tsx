import { Reply, X } from "lucide";
import { useEffect } from "preact/hooks";
import type { Line, SessionView } from "../../messages";
import { IconButton } from "../../ui/button";
import { cut } from "../../ui/cut";
import { Icon } from "../../ui/icon";
import { useLocale, useStore } from "../../ui/store";
import type { Client } from "../client";
import { nameOf } from "../words";
import { t } from "./texts";

const SHOWN = 140; // at most this many characters of the quoted line are shown

/** Returns a short text for a line that is quoted: the beginning of its words, or its kind. */
export function gist(line: Line | undefined): string {
  if (!line) return t("notHere");
  if (line.change === "retracted") return t("unsent");
  return line.kind === "picture" ? t("picture") : cut(line.text.replace(/\s+/g, " "), SHOWN);
}

function useLine(client: Client, session: string, seq: number): Line | undefined {
  return useStore(client.state, (state) => state.lines[session]?.find((line) => line.seq === seq));
}

/** Shows the line to which another line replies. The text comes from this page's own lines, or from older lines that the page
 *  fetches: a reply carries only the line's number. */
export function Quote(props: { client: Client; session: string; seq: number; reveal: (seq: number) => void }) {
  const quoted = useLine(props.client, props.session, props.seq);
  useEffect(() => void props.client.reach(props.session, props.seq), [props.seq]);
  return (
    <button
      type="button"
      class="line-quoted"
      data-testid="line-quoted"
      aria-label={t("goTo", { text: gist(quoted) })}
      onClick={() => props.reveal(props.seq)}
    >
      {quoted && <strong dir="auto">{nameOf(quoted)}</strong>}
      <span dir="auto">{gist(quoted)}</span>
    </button>
  );
}

/** A bar above the message box that shows to which line the person is replying. */
export function ReplyBar({ client, session }: { client: Client; session: SessionView["id"] }) {
  useLocale();
  const seq = useStore(client.replies, (replies) => replies[session] ?? 0);
  const quoted = useLine(client, session, seq);
  if (seq === 0 || !quoted) return null;
  return (
    <div class="reply-bar" data-testid="reply-bar">
      <Icon node={Reply} />
      <span class="reply-bar-text">
        <strong dir="auto">{t("replyTo", { name: nameOf(quoted) })}</strong>
        <span dir="auto">{gist(quoted)}</span>
      </span>
      <IconButton icon={X} kind="quiet" label={t("stopReply")} onClick={() => client.replyTo(session, 0)} />
    </div>
  );
}
