import { useState } from "preact/hooks";
import { locale as localeNow, Select, useLocale, type Locale } from "../../ui";
import { Loaded } from "../loaded";
import { shownText } from "../logic/table";
import { Table, type TableColumn } from "../table";
import { Days } from "./days";
import { lastDays, timeName, wrongDays, zoneHere } from "./report";
import {
  hours,
  MOST_STAFF_DAYS,
  parts,
  readStaffHours,
  STAFF_BY,
  STATES,
  type StaffAsked,
  type StaffBy,
  type StaffReport,
  type StaffRow,
} from "./staff-hours";
import { t } from "./texts";

/** Shows how long staff were in which state: by person, by day, by week, or by person and day. */
export function StaffHours() {
  const locale = useLocale();
  const [asked, setAsked] = useState<StaffAsked>({ ...lastDays(7, new Date()), by: "staff" });
  const change = (part: Partial<StaffAsked>) => setAsked({ ...asked, ...part });
  const most = MOST_STAFF_DAYS[asked.by];
  const wrong = wrongDays(asked, most);
  const what = JSON.stringify({ ...asked, locale });
  return (
    <>
      <p class="dim">{t("hours.lead")}</p>
      <form class="card report-choose" onSubmit={(event) => event.preventDefault()}>
        <Days asked={asked} onChange={change} />
        <Select
          label={t("by")}
          value={asked.by}
          choices={STAFF_BY.map((value) => ({ value, label: t(`by.${value}`) }))}
          data-testid="hours-by"
          onChange={(event) => change({ by: event.currentTarget.value as StaffBy })}
        />
      </form>
      {wrong !== null ? (
        <p class="notice notice-warn" role="alert">
          {t(`wrong.${wrong}`, { by: t(`by.${asked.by}`), days: most })}
        </p>
      ) : (
        <Loaded key={what} what={what} load={() => readStaffHours(asked)}>
          {(report) => <Shown report={report} by={asked.by} />}
        </Loaded>
      )}
    </>
  );
}

function Shown({ report: { rows, total }, by }: { report: StaffReport; by: StaffBy }) {
  const locale = useLocale();
  if (total.signed_in_s === 0) return <p class="card report-nobody">{t("hours.nobody")}</p>;
  return (
    <>
      <Total total={total} />
      {by !== "staff_day" && <Bars rows={rows} by={by} />}
      <Table
        title={t("hours.table")}
        name="staff-hours"
        rows={rows}
        columns={columns(by, locale)}
        id={(row) => `${row.at} ${row.staff}`}
        data-testid="hours"
      />
      <p class="dim">{t("hours.zone", { zone: zoneHere() })}</p>
    </>
  );
}

/** Shows the sums over all rows as cards: how long staff were in each state. */
function Total({ total }: { total: StaffRow }) {
  const locale = useLocale();
  const shown = columns("staff", locale).filter((column) => column.id !== "name");
  return (
    <dl class="figures" data-testid="hours-total">
      {shown.map((column) => (
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

/** Draws one bar for each row, divided by state. The table under the bars has the numbers. */
function Bars({ rows, by }: { rows: StaffRow[]; by: StaffBy }) {
  return (
    <figure class="card report-chart">
      <figcaption class="dim hours-keys">
        {STATES.map((state) => (
          <span key={state} class={`report-key hours-key-${state}`}>
            {t(`hours.${state}`)}
          </span>
        ))}
      </figcaption>
      <ul class="hours-bars" aria-hidden="true">
        {rows.map((row) => (
          <li key={`${row.at} ${row.staff}`}>
            <span class="hours-name">{nameOf(row, by)}</span>
            <span class="hours-bar">
              {parts(row, rows).map(({ state, part }) => (
                <span key={state} class={`hours-part hours-${state}`} style={{ inlineSize: `${part * 100}%` }} />
              ))}
            </span>
            <span class="hours-sum num">{hours(row.signed_in_s)}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

function nameOf(row: StaffRow, by: StaffBy): string {
  if (by === "staff") return row.name;
  return timeName(row.at ?? 0, by === "week" ? "week" : "day", localeNow());
}

function columns(by: StaffBy, locale: Locale): TableColumn<StaffRow>[] {
  const time = (id: string, title: string, value: (row: StaffRow) => number): TableColumn<StaffRow> => ({
    id,
    title,
    figure: true,
    value,
    text: (row) => hours(value(row)),
  });
  const day: TableColumn<StaffRow> = { id: "at", title: t("col.what"), value: (row) => row.at, text: (row) => nameOf(row, by) };
  const name: TableColumn<StaffRow> = { id: "name", title: t("hours.person"), value: (row) => row.name };
  const percent = new Intl.NumberFormat(locale, { style: "percent" });
  return [
    ...(by === "staff" ? [] : [day]),
    ...(by === "staff" || by === "staff_day" ? [name] : []),
    time("signed_in", t("hours.signed_in"), (row) => row.signed_in_s),
    ...STATES.map((state) => time(state, t(`hours.${state}`), (row) => row[`${state}_s`])),
    {
      id: "occupancy",
      title: t("hours.occupancy"),
      figure: true,
      value: (row) => row.occupancy_percent,
      text: (row) => (row.occupancy_percent === null ? "–" : percent.format(row.occupancy_percent / 100)),
    },
  ];
}
