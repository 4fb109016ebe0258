/** Converts opening hours between the operator's form and the server's format. Pure. */

export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** Opening hours in the server's format: spans such as "09:00-18:00". "24:00" is the midnight that ends a day. */
export interface Hours {
  timezone: string;
  week: Partial<Record<Weekday, string[]>>;
  days: Record<string, string[]>;
}

export interface Span {
  from: string;
  to: string;
}

export interface Draft {
  timezone: string;
  week: Record<Weekday, Span[]>;
  days: { day: string; spans: Span[] }[];
}

export const OFFICE: Span = { from: "09:00", to: "18:00" };

// A time field cannot hold 24:00, so it shows the midnight that ends a day as 00:00.
const fromWire = (spans: string[]): Span[] =>
  spans.map((span) => {
    const [from = "", to = ""] = span.split("-");
    return { from, to: to === "24:00" ? "00:00" : to };
  });
const toWire = (spans: Span[]): string[] => spans.map(({ from, to }) => `${from}-${to === "00:00" ? "24:00" : to}`);

export function draftOf(hours: Hours | null, timezone: string): Draft {
  const week = Object.fromEntries(
    WEEKDAYS.map((day, n) => [day, hours ? fromWire(hours.week[day] ?? []) : n < 5 ? [OFFICE] : []]),
  ) as Draft["week"];
  const days = Object.entries(hours?.days ?? {}).map(([day, spans]) => ({ day, spans: fromWire(spans) }));
  return { timezone: hours?.timezone ?? timezone, week, days: days.sort((a, b) => a.day.localeCompare(b.day)) };
}

/** Returns the special days with the closed days added. If a day is in the list already, its entry stays as it is, even if the
 *  entry repeats every year. */
export function withClosed(days: Draft["days"], closed: string[]): Draft["days"] {
  const known = new Set(days.map(({ day }) => day));
  const added = closed.filter((day) => !known.has(day) && !known.has(day.slice(5))).map((day) => ({ day, spans: [] }));
  return [...days, ...added].sort((a, b) => a.day.localeCompare(b.day));
}

export function hoursOf(draft: Draft): Hours {
  const week = Object.fromEntries(
    WEEKDAYS.filter((day) => draft.week[day].length > 0).map((day) => [day, toWire(draft.week[day])]),
  );
  return {
    timezone: draft.timezone.trim(),
    week,
    days: Object.fromEntries(draft.days.filter(({ day }) => day !== "").map(({ day, spans }) => [day, toWire(spans)])),
  };
}

/** Describes the week in a line, joining days with equal hours: "mon–fri 09:00–18:00". `name` returns the name of a weekday. */
export function weekText(hours: Hours, name: (day: Weekday) => string): string {
  const texts = WEEKDAYS.map((day) => (hours.week[day] ?? []).map((span) => span.replace("-", "–")).join(", "));
  const runs: string[] = [];
  for (let first = 0; first < 7;) {
    let last = first;
    while (last < 6 && texts[last + 1] === texts[first]) last += 1;
    const days = last === first ? [first] : [first, last];
    if (texts[first]) runs.push(`${days.map((n) => name(WEEKDAYS[n] ?? "mon")).join("–")} ${texts[first]}`);
    first = last + 1;
  }
  return runs.join(" · ");
}
