import { useEffect, useState } from "preact/hooks";
import { endText } from "../staff/refusals";
import { clock, dateTime, languageName } from "../staff/format";
import { t as shared } from "../staff/texts";
import { Button, Field, Select, useLocale, type Choice, type Locale } from "../ui";
import { Loaded, Pager } from "./loaded";
import { NO_SEARCH, pages, search, type PastItem, type Search } from "./records";
import { Table, type TableColumn } from "./table";
import { t } from "./texts";
import { useSites } from "./use-sites";
import { outcomeChoices, plansOfSites, type SitePlan } from "./wrap-up/plan";

const STATES = ["preparing", "waiting", "callback", "active", "asleep", "after", "message_left", "closed"] as const;

const RATINGS = ["5", "4", "3", "2", "1", "none"];
const ratingText = (value: string) => (value === "none" ? t("past.rating.none") : t("past.rating.of", { n: value }));

const seconds = (from: number | null, to: number | null) =>
  from === null || to === null ? null : Math.max(0, Math.round((to - from) / 1000));

const columns = (locale: Locale): TableColumn<PastItem>[] => [
  { id: "started", title: t("col.started"), value: (row) => row.started_at, text: (row) => dateTime(row.started_at, locale) },
  {
    id: "state",
    title: t("col.state"),
    value: (row) => row.state,
    text: (row) => shared(`session.${row.state}`),
    cell: (row) => (
      <span class={`pill ${row.state === "active" ? "pill-ok" : row.state === "message_left" ? "pill-warn" : ""}`}>
        {shared(`session.${row.state}`)}
      </span>
    ),
  },
  { id: "user", title: t("col.user"), value: (row) => row.user_name, text: (row) => row.user_name || shared("visitor") },
  { id: "counselor", title: t("col.counselor"), value: (row) => row.counselor },
  { id: "professional", title: t("col.professional"), value: (row) => row.professional },
  { id: "category", title: t("col.category"), value: (row) => row.category_name },
  { id: "language", title: t("col.language"), value: (row) => row.language, text: (row) => languageName(row.language, locale) },
  { id: "channel", title: t("col.channel"), value: (row) => row.channel, text: (row) => shared(`channel.${row.channel}`) },
  {
    id: "waited",
    title: t("col.waited"),
    figure: true,
    value: (row) => seconds(row.waiting_at, row.active_at),
    text: (row) => duration(seconds(row.waiting_at, row.active_at)),
  },
  {
    id: "duration",
    title: t("col.duration"),
    figure: true,
    value: (row) => seconds(row.active_at, row.ended_at),
    text: (row) => duration(seconds(row.active_at, row.ended_at)),
  },
  {
    id: "rating",
    title: t("col.rating"),
    figure: true,
    value: (row) => row.rating,
    text: (row) => (row.rating === null ? "" : `${row.rating} / 5`),
  },
  { id: "outcome", title: t("col.outcome"), value: (row) => row.outcome_name },
  {
    id: "ended",
    title: t("col.ended"),
    value: (row) => row.end_reason,
    text: (row) => endText(row.end_reason),
  },
  { id: "site", title: t("col.site"), value: (row) => row.site_name },
];

const duration = (value_s: number | null) => (value_s === null ? "" : clock(value_s));

/** Returns the outcomes of all sites as choices of a filter, each outcome once. */
function useOutcomes(): Choice[] {
  const [found, setFound] = useState<Choice[]>([]);
  useEffect(() => {
    const outcomes = (plans: SitePlan[]) => plans.flatMap((site) => outcomeChoices(site.plan));
    plansOfSites().then(
      (plans) => setFound([...new Map(outcomes(plans).map((one) => [one.value, one])).values()]),
      () => undefined, // if the outcomes cannot be fetched, the other filters still work
    );
  }, []);
  return found;
}

function SearchForm({ onSearch }: { onSearch: (wanted: Search) => void }) {
  const sites = useSites();
  const outcomes = useOutcomes();
  const [wanted, setWanted] = useState(NO_SEARCH);
  const change = (part: Partial<Search>) => {
    const next = { ...wanted, ...part };
    setWanted(next);
    if (part.q === undefined) onSearch(next);
  };
  const any = { value: "", label: t("past.state.any") };
  return (
    <form
      class="search card"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(wanted);
      }}
    >
      <Field
        label={t("past.search")}
        type="search"
        placeholder={t("past.search.hint")}
        value={wanted.q}
        maxLength={200}
        data-testid="search"
        onInput={(event) => change({ q: event.currentTarget.value })}
        onBlur={() => onSearch(wanted)}
      />
      <Select
        label={t("past.state")}
        value={wanted.state}
        choices={[any, ...STATES.map((value) => ({ value, label: shared(`session.${value}`) }))]}
        onChange={(event) => change({ state: event.currentTarget.value })}
      />
      <Select
        label={t("past.site")}
        value={wanted.site}
        choices={[any, ...sites]}
        data-testid="search-site"
        onChange={(event) => change({ site: event.currentTarget.value })}
      />
      <Select
        label={t("past.outcome")}
        value={wanted.outcome}
        choices={[any, ...outcomes]}
        data-testid="search-outcome"
        onChange={(event) => change({ outcome: event.currentTarget.value })}
      />
      <Select
        label={t("past.rating")}
        value={wanted.rating}
        choices={[any, ...RATINGS.map((value) => ({ value, label: ratingText(value) }))]}
        data-testid="search-rating"
        onChange={(event) => change({ rating: event.currentTarget.value })}
      />
      <Field
        label={t("past.from")}
        type="date"
        value={wanted.from}
        onInput={(event) => change({ from: event.currentTarget.value })}
      />
      <Field label={t("past.to")} type="date" value={wanted.to} onInput={(event) => change({ to: event.currentTarget.value })} />
      <Button type="submit" kind="primary">
        {t("past.search")}
      </Button>
    </form>
  );
}

/** The part of the operators' page in which an operator searches, filters and opens live and past sessions. */
export function Past({ onOpen }: { onOpen: (session: string) => void }) {
  const locale = useLocale();
  const [wanted, setWanted] = useState(NO_SEARCH);
  const [page, setPage] = useState(1);
  return (
    <div class="past">
      <SearchForm
        onSearch={(next) => {
          setWanted(next);
          setPage(1);
        }}
      />
      <Loaded key={JSON.stringify([wanted, page])} what="sessions" load={() => search(wanted, page)}>
        {(found) => (
          <>
            <Table
              title={t("nav.past")}
              name="sessions"
              rows={found.items}
              columns={columns(locale)}
              id={(row) => row.id}
              data-testid="past-sessions"
              actions={(row) => (
                <Button onClick={() => onOpen(row.id)} data-testid="past-open">
                  {t("past.open")}
                </Button>
              )}
            />
            <p class="dim">{t("table.rows", { n: found.total })}</p>
            <Pager page={page} pages={pages(found)} onPage={setPage} />
          </>
        )}
      </Loaded>
    </div>
  );
}
