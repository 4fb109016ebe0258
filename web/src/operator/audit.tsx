import { useState } from "preact/hooks";
import { ApiError } from "../staff/api";
import { Confirm } from "../staff/confirm";
import { dateTime } from "../staff/format";
import { sentence } from "../staff/refusals";
import { may } from "../staff/rights";
import { Button, toast, useLocale, type Locale } from "../ui";
import { Loaded, Pager } from "./loaded";
import { audit, pages, undo, type AuditItem } from "./records";
import { problem } from "./settings/problems";
import { Table, type TableColumn } from "./table";
import { t, textOr } from "./texts";

/** Returns the subject of an audit entry in words. This is the subject's name if it has one. A thing that exists only once has a
 *  text such as "The wallboard". For any other subject, the id is returned. */
export const subjectText = ({ subject, name }: Pick<AuditItem, "subject" | "name">): string =>
  name || textOr(`audit.subject.${subject.split("/")[0] ?? ""}`, subject);

/** The subject of an audit entry. A session is a link to its page, because nobody recognises a session by its id. */
function Subject({ item }: { item: AuditItem }) {
  const { subject } = item;
  const session = subject.startsWith("session/") ? subject.slice("session/".length) : "";
  if (session !== "") return <a href={`#past/${encodeURIComponent(session)}`}>{session}</a>;
  return (
    <span class="cell-short" title={subject}>
      {subjectText(item)}
    </span>
  );
}

/** The settings that an action has changed. */
function Settings({ item }: { item: AuditItem }) {
  const lines = changeLines(item);
  if (lines.length === 0) return null;
  return (
    <span class="cell-text" title={lines.join("; ")}>
      {lines.map((line) => (
        <span key={line} class="cell-line">
          {line}
        </span>
      ))}
    </span>
  );
}

const columns = (locale: Locale): TableColumn<AuditItem>[] => [
  { id: "at", title: t("col.at"), value: (row) => row.at, text: (row) => dateTime(row.at, locale) },
  { id: "actor", title: t("col.actor"), value: (row) => textOr(`audit.actor.${row.actor}`, row.actor) },
  { id: "action", title: t("col.action"), value: (row) => row.action, text: (row) => textOr(`audit.${row.action}`, row.action) },
  {
    id: "subject",
    title: t("col.subject"),
    value: (row) => row.subject,
    text: subjectText,
    cell: (row) => <Subject item={row} />,
  },
  {
    id: "detail",
    title: t("col.detail"),
    value: (row) => row.detail,
    cell: ({ detail }) => (detail === "" ? null : <span class="cell-short">{detail}</span>),
  },
  {
    id: "change",
    title: t("col.change"),
    value: (row) => changeText(row),
    cell: (row) => <Settings item={row} />,
  },
];

const MOST_SHOWN = 100; // a value is shortened to this many characters; opening hours can be long

/** Returns a value of a setting as people read it: without the quotes and braces of JSON. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return `(${Object.entries(value)
    .map(([name, each]) => `${name}: ${plain(each)}`)
    .join(", ")})`;
}

/** Returns in words which settings an action has changed, such as "file_mb: 25 → 50". */
export const changeText = (item: Pick<AuditItem, "change">): string => changeLines(item).join("; ");

function changeLines({ change }: Pick<AuditItem, "change">): string[] {
  if (change === null) return [];
  const short = (text: string) => (text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
  const shown = (field: string, value: unknown) =>
    value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0)
      ? t("audit.nothing")
      : field === "logo" || field === "picture" // the id of a picture says nothing to people, so it is not shown
        ? t("audit.picture")
        : typeof value === "string"
          ? short(value)
          : field === "key"
            ? (value as { kid: string }).kid
            : short(plain(value));
  const fields = Object.keys({ ...change.before, ...change.after });
  return fields.map((field) => `${field}: ${shown(field, change.before?.[field])} → ${shown(field, change.after?.[field])}`);
}

/** Returns the question to ask before an addition is undone, because people could already be using what was added; "" to ask
 *  nothing. */
export function question({ change, subject }: Pick<AuditItem, "change" | "subject">): string {
  const kind = subject.split("/")[0] ?? "";
  return change !== null && change.before === null ? textOr(`audit.undo.${kind}`, "") : "";
}

/** Returns why the server has refused to undo a change: the problem of each field, or the reason in words. */
export function whyRefused(error: unknown): string {
  if (!(error instanceof ApiError)) return sentence(error);
  const problems = Object.entries(error.fields).map(([field, found]) => `${field}: ${problem(found)}`);
  if (problems.length > 0) return [t("audit.why.invalid"), ...problems].join(" ");
  return textOr(`audit.why.${error.reason}`, sentence(error));
}

/** The audit log: who signed in, and who opened or changed what. */
export function Audit() {
  const locale = useLocale();
  const [page, setPage] = useState(1);
  const [undone, setUndone] = useState(0);
  const [asking, setAsking] = useState<AuditItem | null>(null);
  const takeBack = async (n: number) => {
    try {
      await undo(n);
      toast(t("audit.undone"));
      setUndone(undone + 1);
      return true;
    } catch (error) {
      toast(whyRefused(error), "error");
      return false;
    }
  };
  const press = (row: AuditItem) => (question(row) === "" ? void takeBack(row.n) : setAsking(row));
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
              id={(row) => String(row.n)}
              data-testid="audit"
              actions={(row) => <Undo row={row} onPress={() => press(row)} />}
            />
            <Pager page={page} pages={pages(found)} onPage={setPage} />
          </>
        )}
      </Loaded>
      {asking !== null && (
        <Confirm
          title={t("audit.undo.title")}
          yes={t("audit.undo")}
          testid="audit-undo-confirm"
          onYes={() => takeBack(asking.n)}
          onClose={() => setAsking(null)}
        >
          <p>
            <strong>{subjectText(asking)}</strong>
          </p>
          <p>{question(asking)}</p>
        </Confirm>
      )}
    </div>
  );
}

/** The button that undoes a change, or the reason why the change cannot be undone. */
function Undo({ row: { undoable }, onPress }: { row: AuditItem; onPress: () => void }) {
  if (undoable === "" || !may("audit.undo")) return null;
  if (undoable !== "yes") return <span class="dim cell-why">{t(`audit.why.${undoable}`)}</span>;
  return (
    <Button kind="quiet" onClick={onPress} data-testid="audit-undo">
      {t("audit.undo")}
    </Button>
  );
}
