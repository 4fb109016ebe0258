import { useState } from "preact/hooks";
import { dateTime } from "../staff/format";
import { sentence } from "../staff/refusals";
import { may } from "../staff/rights";
import { Button, toast, useLocale, type Locale } from "../ui";
import { Loaded, Pager } from "./loaded";
import { audit, pages, undo, type AuditItem } from "./records";
import { Table, type TableColumn } from "./table";
import { t, textOr } from "./texts";

/** The subject of an audit entry. A session is a link to its page, because nobody recognises a session by its id. */
function Subject({ item: { subject, name } }: { item: AuditItem }) {
  const session = subject.startsWith("session/") ? subject.slice("session/".length) : "";
  if (session !== "") return <a href={`#past/${encodeURIComponent(session)}`}>{session}</a>;
  return <span title={subject}>{name || subject}</span>;
}

const columns = (locale: Locale): TableColumn<AuditItem>[] => [
  { id: "at", title: t("col.at"), value: (row) => row.at, text: (row) => dateTime(row.at, locale) },
  { id: "actor", title: t("col.actor"), value: (row) => textOr(`audit.actor.${row.actor}`, row.actor) },
  { id: "action", title: t("col.action"), value: (row) => row.action, text: (row) => textOr(`audit.${row.action}`, row.action) },
  {
    id: "subject",
    title: t("col.subject"),
    value: (row) => row.subject,
    text: (row) => row.name || row.subject,
    cell: (row) => <Subject item={row} />,
  },
  { id: "detail", title: t("col.detail"), value: (row) => row.detail },
  {
    id: "change",
    title: t("col.change"),
    value: (row) => changeText(row),
  },
];

const MOST_SHOWN = 100; // characters of one value; opening hours can be long

/** Returns in words which settings an action has changed, such as "file_mb: 25 → 50". */
export function changeText({ change }: Pick<AuditItem, "change">): string {
  if (change === null) return "";
  const short = (text: string) => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
  const shown = (field: string, value: unknown) =>
    value === undefined || value === null || value === ""
      ? t("audit.nothing")
      : field === "logo" // its id says nothing to people
        ? t("audit.picture")
        : typeof value === "string"
          ? short(value)
          : short(JSON.stringify(value));
  const fields = Object.keys({ ...change.before, ...change.after });
  return fields
    .map((field) => `${field}: ${shown(field, change.before?.[field])} → ${shown(field, change.after?.[field])}`)
    .join("; ");
}

const undoable = ({ change }: AuditItem) =>
  change !== null && change.before !== null && change.after !== null && may("audit.undo");

/** The audit log: who signed in, and who opened or changed what. */
export function Audit() {
  const locale = useLocale();
  const [page, setPage] = useState(1);
  const [undone, setUndone] = useState(0);
  const takeBack = (n: number) =>
    undo(n).then(
      () => {
        toast(t("audit.undone"));
        setUndone(undone + 1);
      },
      (error: unknown) => toast(sentence(error), "error"),
    );
  return (
    <div class="past">
      <p class="dim">{t("audit.lead")}</p>
      <Loaded key={`${page} ${locale} ${undone}`} what="audit" load={() => audit(page)}>
        {(found) => (
          <>
            <Table
              title={t("nav.audit")}
              name="audit"
              rows={found.items}
              columns={columns(locale)}
              id={(row) => `${row.at} ${row.actor} ${row.action} ${row.subject}`}
              data-testid="audit"
              actions={(row) =>
                undoable(row) ? (
                  <Button kind="quiet" onClick={() => void takeBack(row.n)} data-testid="audit-undo">
                    {t("audit.undo")}
                  </Button>
                ) : null
              }
            />
            <Pager page={page} pages={pages(found)} onPage={setPage} />
          </>
        )}
      </Loaded>
    </div>
  );
}
