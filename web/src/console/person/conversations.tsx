import { useEffect, useState } from "preact/hooks";
import { Transcript } from "../../replay/transcript";
import { dateTime } from "../../staff/format";
import { sentence } from "../../staff/refusals";
import { t as shared } from "../../staff/texts";
import { Button, Dialog, Field, toast, useLocale } from "../../ui";
import { conversation, type Conversation, type Earlier } from "./api";
import { t } from "./texts";

interface ConversationsProps {
  session: string;
  conversations: Earlier[];
  q: string;
  onSearch: (q: string) => void;
}

/** Lists the visitor's earlier conversations, which staff can search and read. */
export function Conversations({ session, conversations, q, onSearch }: ConversationsProps) {
  const locale = useLocale();
  const [read, setRead] = useState("");
  const none = conversations.length === 0;
  return (
    <>
      <h3>{t("conversations")}</h3>
      {(!none || q !== "") && (
        <Field
          label={t("search")}
          type="search"
          value={q}
          maxLength={200}
          data-testid="person-search"
          onInput={(event) => onSearch(event.currentTarget.value)}
        />
      )}
      {none && <p class="dim">{q === "" ? t("conversations.none") : t("search.none", { words: q })}</p>}
      <ul class="person-list">
        {conversations.map((one) => (
          <li key={one.id} data-testid="person-earlier">
            <p>
              {dateTime(one.started_at, locale)} · {one.category} · {one.counselor}
            </p>
            <Marks one={one} />
            {one.notes !== "" && (
              <p class="dim person-text" dir="auto">
                {one.notes}
              </p>
            )}
            <Button onClick={() => setRead(one.id)} data-testid="person-read">
              {t("open")}
            </Button>
          </li>
        ))}
      </ul>
      {read !== "" && <Reader key={read} session={session} other={read} onClose={() => setRead("")} />}
    </>
  );
}

function Marks({ one }: { one: Earlier }) {
  const marks = [one.outcome, one.rating === null ? "" : `★ ${t("rating", { n: one.rating })}`, ...one.tags].filter(Boolean);
  if (marks.length === 0) return null;
  return (
    <p class="person-marks">
      {marks.map((mark) => (
        <span key={mark} class="pill">
          {mark}
        </span>
      ))}
    </p>
  );
}

function Reader({ session, other, onClose }: { session: string; other: string; onClose: () => void }) {
  const locale = useLocale();
  const [found, setFound] = useState<Conversation | null>(null);
  useEffect(() => {
    conversation(session, other).then(setFound, (error: unknown) => {
      toast(sentence(error), "error");
      onClose();
    });
  }, []);
  if (found === null) return null;
  return (
    <Dialog
      title={`${dateTime(found.started_at, locale)} · ${found.category}`}
      closeLabel={shared("close")}
      onClose={onClose}
      class="person-conversation"
      data-testid="person-conversation"
    >
      <div class="stack">
        <p class="dim">{t("audited")}</p>
        <Marks one={found} />
        {found.notes !== "" && (
          <p class="person-text" dir="auto">
            {found.notes}
          </p>
        )}
        <Transcript lines={found.lines} cut={found.lines_cut} via={session} />
      </div>
    </Dialog>
  );
}
