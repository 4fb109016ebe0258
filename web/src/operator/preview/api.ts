/** Asks the server how a change of settings would affect the waiting times of a typical day. Makes rows of a table from the
 *  answer. */
import { post } from "../../staff/api";
import { clock } from "../../staff/format";

export interface Figures {
  came: number;
  /** The median wait in seconds; null if nobody was served. */
  p50_s: number | null;
  p90_s: number | null;
  given_up_percent: number;
  occupancy_percent: number | null;
}

export interface PreviewAnswer {
  /** Who waits: visitors for a counselor, or counselors for a professional's help. */
  kind: "user" | "help";
  /** `really`: the figures of the recorded days. `before` and `after`: the figures of a simulation with the settings before and
   *  after the change. Null: there were too few visitors to compute figures. */
  found: { really: Figures; before: Figures; after: Figures } | null;
  arrivals: number;
  days: number;
  sure: "few" | "rough" | "fair" | "good";
  /** Whether the simulation assumes the working times of a typical colleague for this member, because the database does not show
   *  when the member works. */
  assumes_hours: boolean;
}

export type Ask = (signal: AbortSignal) => Promise<PreviewAnswer>;

const at = encodeURIComponent;

/** Each of these three functions asks the server what a change would do. The changes are those of a site's settings, of a
 *  category's opening hours, and of the settings of a member of staff (id "" for a new member). */
export const askAboutSite =
  (site: string, settings: unknown): Ask =>
  (signal) =>
    post(`/api/settings/preview/sites/${at(site)}`, { settings }, signal) as Promise<PreviewAnswer>;
export const askAboutHours =
  (site: string, category: string, hours: unknown): Ask =>
  (signal) =>
    post(`/api/settings/preview/sites/${at(site)}/hours/${at(category)}`, { hours }, signal) as Promise<PreviewAnswer>;
export const askAboutPerson =
  (id: string, settings: unknown): Ask =>
  (signal) =>
    post("/api/settings/preview/staff", { id, settings }, signal) as Promise<PreviewAnswer>;

export type FigureName = "came" | "p50" | "p90" | "given_up" | "occupancy";

export interface Row {
  name: FigureName;
  before: string;
  after: string;
  /** Whether `before` and `after` differ by more than chance would usually cause. */
  differs: boolean;
}

interface Words {
  percent: (value: string) => string;
  none: string;
}

const LEAST_SHARE = 0.1;
const LEAST: Record<FigureName, number> = { came: 1, p50: 2, p90: 4, given_up: 1, occupancy: 2 };

/** Returns the figures as rows of texts: waits such as "1:05", and percentages. */
export function rowsOf(before: Figures, after: Figures, words: Words): Row[] {
  const wait = (value: number | null) => (value === null ? words.none : clock(Math.round(value)));
  const share = (value: number | null) => (value === null ? words.none : words.percent(String(Math.round(value))));
  const row = (name: FigureName, one: number | null, other: number | null, written: (value: number | null) => string): Row => ({
    name,
    before: written(one),
    after: written(other),
    differs: differ(name, one, other),
  });
  return [
    row("came", before.came, after.came, String),
    row("p50", before.p50_s, after.p50_s, wait),
    row("p90", before.p90_s, after.p90_s, wait),
    row("given_up", before.given_up_percent, after.given_up_percent, share),
    row("occupancy", before.occupancy_percent, after.occupancy_percent, share),
  ];
}

function differ(name: FigureName, one: number | null, other: number | null): boolean {
  if (one === null || other === null) return one !== other;
  const least = name === "came" ? LEAST[name] : Math.max(LEAST[name], LEAST_SHARE * Math.abs(one));
  return Math.abs(one - other) >= least;
}
