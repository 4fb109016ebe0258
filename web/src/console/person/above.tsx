import { History } from "lucide";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { EarlierSession } from "../../messages";
import { Transcript } from "../../replay/transcript";
import { dateTime } from "../../staff/format";
import { sentence } from "../../staff/refusals";
import { Button, Icon, toast, useLocale } from "../../ui";
import { conversation, type Conversation, person } from "./api";
import { nextOf } from "./next";
import { t } from "./texts";
import "./person.css";

interface AboveProps {
  session: string;
  /** The visitor's newest earlier conversations, as the brief (the facts about the visitor) contains them. */
  newest: readonly EarlierSession[];
}

/** The visitor's earlier conversations above the present one. A press shows the next older conversation there, for reading
 *  only. The server writes to the audit log who has read it. */
export function Above({ session, newest }: AboveProps) {
  const locale = useLocale();
  const [opened, setOpened] = useState<Conversation[]>([]);
  // ids of all earlier conversations, newest first; null until they have been fetched
  const [ids, setIds] = useState<string[] | null>(null);
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const height = useRef(0);
  const all = ids ?? newest.map(({ id }) => id);
  const next = nextOf(all, opened);
  const open = async () => {
    setBusy(true);
    try {
      const known = ids ?? (await person(session, "")).conversations.map(({ id }) => id);
      setIds(known);
      const wanted = nextOf(known, opened);
      if (wanted === null) return;
      const found = await conversation(session, wanted.id);
      height.current = box.current?.scrollHeight ?? 0;
      setOpened([found, ...opened]);
    } catch (error) {
      toast(sentence(error), "error");
    } finally {
      setBusy(false);
    }
  };
  useLayoutEffect(() => {
    const lines = box.current?.closest(".chat-lines");
    if (lines && height.current) lines.scrollTop += (box.current?.scrollHeight ?? 0) - height.current;
    height.current = 0;
  }, [opened.length]);
  return (
    <div class="above" ref={box} data-testid="earlier-above">
      {next !== null && (
        <Button kind="quiet" icon={History} busy={busy} onClick={() => void open()} data-testid="earlier-open">
          {t("above.open", { count: next.left })}
        </Button>
      )}
      {opened.map((one) => (
        <details class="above-one" key={one.id} open data-testid="earlier-read">
          <summary>
            <Icon node={History} size={14} /> {dateTime(one.started_at, locale)} · {one.category}
            {one.counselor && ` · ${one.counselor}`}
          </summary>
          {one.notes !== "" && (
            <p class="person-text dim" dir="auto">
              {one.notes}
            </p>
          )}
          <Transcript lines={one.lines} cut={one.lines_cut} via={session} />
        </details>
      ))}
      {opened.length > 0 && <p class="above-now">{t("above.now")}</p>}
    </div>
  );
}
