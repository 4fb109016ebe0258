/** Formats a moment near today in words: "tomorrow 09:00", "월요일 09:00". Pure: clock and language are parameters. */

const DAY_MS = 86_400_000;

/** Returns the number of calendar days from `now` to `at`, in this browser's time zone. A day that has 23 hours because the
 *  clocks change also counts as one. */
function daysAhead(at: number, now: number): number {
  const midnight = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  return Math.round((midnight(at) - midnight(now)) / DAY_MS);
}

/** Returns the day in words: "today", "목요일", "Wed, Dec 2". */
export function dayText(at: number, now: number, locale: string): string {
  const days = daysAhead(at, now);
  if (days >= 0 && days <= 1) return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(days, "day");
  const near = days > 1 && days < 7;
  return new Intl.DateTimeFormat(
    locale,
    near ? { weekday: "long" } : { month: "short", day: "numeric", weekday: "short" },
  ).format(at);
}

export const timeText = (at: number, locale: string): string =>
  new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);

export const whenText = (at: number, now: number, locale: string): string =>
  `${dayText(at, now, locale)} ${timeText(at, locale)}`;
