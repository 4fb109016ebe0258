import { useState } from "preact/hooks";
import { clock, languageName } from "../../staff/format";
import { Select, useLocale, locale as localeNow, type Choice, type Locale } from "../../ui";
import { Loaded } from "../loaded";
import { shownText } from "../logic/table";
import { Table, type TableColumn } from "../table";
import { useSites } from "../use-sites";
import { Chart } from "./chart";
import { Days } from "./days";
import {
  BY,
  lastDays,
  MOST_DAYS,
  readReport,
  timeName,
  wrongDays,
  zoneHere,
  type Asked,
  type By,
  type Report,
  type ReportRow,
} from "./report";
import { StaffHours } from "./staff-part";
import { t } from "./texts";

const KINDS = ["visitors", "staff"] as const;

/** Shows the reports on visitors, or those on the hours of staff. */
export function ReportsPart() {
  const [kind, setKind] = useState<(typeof KINDS)[number]>("visitors");
  return (
    <div class="past">
      <div class="segments report-kinds" role="group" aria-label={t("kind")}>
        {KINDS.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={kind === each}
            data-testid={`report-kind-${each}`}
            onClick={() => setKind(each)}
          >
            {t(`kind.${each}`)}
          </button>
        ))}
      </div>
      {kind === "visitors" ? <Visitors /> : <StaffHours />}
    </div>
  );
}

/** Shows how many visitors came and how long they waited, by time, site, topic, outcome, language or counselor. */
function Visitors() {
  const locale = useLocale();
  const sites = useSites();
  const [asked, setAsked] = useState<Asked>({ ...lastDays(7, new Date()), by: "day", site: "" });
  const change = (part: Partial<Asked>) => setAsked({ ...asked, ...part });
  const wrong = wrongDays(asked, MOST_DAYS[asked.by]);
  const what = JSON.stringify({ ...asked, locale });
  return (
    <>
      <p class="dim">{t("lead")}</p>
      <Choose asked={asked} sites={sites} onChange={change} />
      {wrong !== null ? (
        <p class="notice notice-warn" role="alert">
          {t(`wrong.${wrong}`, { by: t(`by.${asked.by}`), days: MOST_DAYS[asked.by] })}
        </p>
      ) : (
        <Loaded key={what} what={what} load={() => readReport(asked)}>
          {(report) => <Shown report={report} by={asked.by} />}
        </Loaded>
      )}
    </>
  );
}

function Choose({ asked, sites, onChange }: { asked: Asked; sites: Choice[]; onChange: (part: Partial<Asked>) => void }) {
  return (
    <form class="card report-choose" onSubmit={(event) => event.preventDefault()}>
      <Days asked={asked} onChange={(part, days) => onChange({ ...part, ...(days === null ? {} : byFor(days, asked.by)) })} />
      <Select
        label={t("by")}
        value={asked.by}
        choices={BY.map((value) => ({ value, label: t(`by.${value}`) }))}
        data-testid="report-by"
        onChange={(event) => onChange({ by: event.currentTarget.value as By })}
      />
      <Select
        label={t("site")}
        value={asked.site}
        choices={[{ value: "", label: t("site.any") }, ...sites]}
        data-testid="report-site"
        onChange={(event) => onChange({ site: event.currentTarget.value })}
      />
    </form>
  );
}

/** Returns how `by` (hour, day, week and so on) changes when a report covers this many days. A single day is shown by hour
 *  instead of by day or week. More than seven days are shown by day instead of by hour. */
function byFor(days: number, by: By): Partial<Asked> {
  if (days === 1 && (by === "day" || by === "week")) return { by: "hour" };
  return days > 7 && by === "hour" ? { by: "day" } : {};
}

function Shown({ report: { rows, total }, by }: { report: Report; by: By }) {
  const locale = useLocale();
  if (total.offered === 0) return <p class="card report-nobody">{t("nobody")}</p>;
  return (
    <>
      <Total total={total} />
      <Chart rows={rows.filter((row) => row.at !== null)} by={by} language={locale} />
      <Table
        title={t("table")}
        name="report"
        rows={rows}
        columns={columns(by, locale)}
        id={(row) => row.group.join(" ")}
        data-testid="report"
      />
      <p class="dim">{t("zone", { zone: zoneHere() })}</p>
    </>
  );
}

/** Shows the figures of the report's whole period as cards. */
function Total({ total }: { total: ReportRow }) {
  const locale = useLocale();
  const wanted = ["offered", "answered", "given_up", "level", "p50", "p90", "rating"];
  const shownColumns = columns("day", locale).filter((column) => wanted.includes(column.id));
  return (
    <dl class="figures" data-testid="report-total">
      {shownColumns.map((column) => (
        <div key={column.id} class="figure-card card">
          <dt>{column.title}</dt>
          <dd>
            <span class="figure-value num">{shownText(column, total)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function nameOf(row: ReportRow, by: By): string {
  if (row.at !== null) return timeName(row.at, by, localeNow());
  if (by === "language") return languageName(row.name, localeNow());
  return row.name || t(by === "category" || by === "outcome" ? `none.${by}` : "none.counselor");
}

function columns(by: By, locale: Locale): TableColumn<ReportRow>[] {
  const number = (
    id: string,
    title: string,
    value: (row: ReportRow) => number | null,
    text: (value: number) => string = String,
  ) => ({
    id,
    title,
    figure: true,
    value,
    text: (row: ReportRow) => shown(value(row), text),
  });
  const percent = (value: number) => new Intl.NumberFormat(locale, { style: "percent" }).format(value / 100);
  const pair = (id: string, title: string, asked: (row: ReportRow) => number, found: (row: ReportRow) => number) => ({
    ...number(id, title, asked),
    text: (row: ReportRow) => (asked(row) === 0 ? "0" : t("of", { asked: asked(row), found: found(row) })),
  });
  return [
    { id: "what", title: t("col.what"), value: (row) => row.at ?? nameOf(row, by), text: (row) => nameOf(row, by) },
    number("offered", t("col.offered"), (row) => row.offered),
    number("answered", t("col.answered"), (row) => row.answered),
    number("given_up", t("col.given_up"), (row) => row.given_up),
    number("messages", t("col.messages"), (row) => row.messages),
    number("callbacks", t("col.callbacks"), (row) => row.callbacks),
    number("level", t("col.level"), (row) => row.service_level_percent, percent),
    number("wait", t("col.wait"), (row) => row.wait_mean_s, clock),
    number("p50", t("col.p50"), (row) => row.wait_p50_s, clock),
    number("p90", t("col.p90"), (row) => row.wait_p90_s, clock),
    number("talk", t("col.talk"), (row) => row.talk_mean_s, clock),
    number("handle", t("col.handle"), (row) => row.handle_mean_s, clock),
    pair(
      "help",
      t("col.help"),
      (row) => row.help_asked,
      (row) => row.help_joined,
    ),
    pair(
      "transfers",
      t("col.transfers"),
      (row) => row.transfers_asked,
      (row) => row.transferred,
    ),
    {
      ...number("rating", t("col.rating"), (row) => row.rating),
      text: (row) => (row.rating === null ? "–" : t("rating", { score: row.rating.toFixed(1), count: row.rated })),
    },
  ];
}

const shown = (value: number | null, text: (value: number) => string) => (value === null ? "–" : text(value));
