/** The operator's HTTP calls about sessions, hours, the audit log and more, with the types of their answers. */
import { get, post } from "../staff/api";
import { locale } from "../ui";
import type {
  EndReason,
  Brief,
  CallbackView,
  Channel,
  Line,
  OpeningView,
  Role,
  SessionState,
  UndoReason,
  ThresholdItem,
  Why,
} from "../messages";
import type { Finding } from "./logic/findings";
import type { Hours } from "./logic/hours";

export interface PastItem {
  id: string;
  site: string;
  site_name: string;
  category: string;
  category_name: string;
  language: string;
  channel: Channel;
  state: SessionState;
  user_name: string;
  counselor: string;
  professional: string;
  started_at: number;
  waiting_at: number | null;
  active_at: number | null;
  ended_at: number | null;
  end_reason: EndReason | "";
  rating: number | null;
  outcome: string;
  outcome_name: string;
  /** Names of the tags that the session has. */
  tags: string[];
}

export interface Page<Item> {
  items: Item[];
  total: number;
  page: number;
  page_size: number;
}

export interface EventItem {
  kind: string;
  at: number;
  data: Record<string, unknown>;
}

export interface PastSession extends PastItem {
  brief: Brief;
  lines: Line[];
  lines_cut: boolean;
  /** The session's board as one Yjs update, in base64. */
  board: string;
  participants: { id: string; name: string; role: Role }[];
  events: EventItem[];
  rated: { score: number; words: string } | null;
  wrap_up: { staff: string; notes: string } | null;
  callback: CallbackView | null;
  recorded: boolean;
}

export interface AuditItem {
  actor: string;
  action: string;
  subject: string;
  /** The name of the person or thing that the action concerned; "" if there is no name. */
  name: string;
  at: number;
  detail: string;
  /** The number of the entry in the audit log. */
  n: number;
  /** The changed settings, before and after; null if the action changed none. */
  change: { before: Record<string, unknown> | null; after: Record<string, unknown> | null } | null;
  /** "yes", or why the change cannot be undone; "" for an entry that changed no settings. */
  undoable: "" | "yes" | UndoReason;
}

export interface CategoryHours {
  id: string;
  name: string;
  parent: string | null;
  /** The topic's own hours. Null: the topic has the hours of the topic `inherited_from`; if `inherited_from` is "", this topic is
   *  always open. */
  hours: Hours | null;
  inherited_from: string;
  opening: OpeningView;
}

export interface SiteHours {
  id: string;
  name: string;
  categories: CategoryHours[];
}

export interface Search {
  q: string;
  state: string;
  site: string;
  outcome: string;
  /** The rating to find: "1" to "5", or "none" for sessions without a rating. */
  rating: string;
  /** First and last day, such as "2026-11-22", in this browser's time zone; "" for no limit. */
  from: string;
  to: string;
}

export const NO_SEARCH: Search = { q: "", state: "", site: "", outcome: "", rating: "", from: "", to: "" };

/** Returns the query parameters of a search. Sessions of the last day (`to`) are included. */
export function searchQuery({ q, state, site, outcome, rating, from, to }: Search, page: number): string {
  const query = new URLSearchParams();
  if (q.trim() !== "") query.set("q", q.trim());
  if (state !== "") query.set("state", state);
  if (site !== "") query.set("site", site);
  if (outcome !== "") query.set("outcome", outcome);
  if (rating !== "") query.set("rating", rating);
  const start = from === "" ? NaN : new Date(`${from}T00:00:00`).getTime();
  const end = to === "" ? NaN : new Date(`${to}T23:59:59.999`).getTime();
  if (!Number.isNaN(start)) query.set("from", String(start));
  if (!Number.isNaN(end)) query.set("to", String(end));
  if (page > 1) query.set("page", String(page));
  return query.toString();
}

export const pages = ({ total, page_size }: Pick<Page<unknown>, "total" | "page_size">) =>
  Math.max(1, Math.ceil(total / Math.max(1, page_size)));

/** Returns the matcher's reasons for its choice of a member of staff. An event of the session holds these reasons in `data` or
 *  `data.why`. Returns null if the event holds none. */
export function whyOf(event: EventItem): Why | null {
  const found = [event.data, event.data.why].find(
    (one): one is Record<string, unknown> => typeof one === "object" && one !== null && "ring" in one && "rule" in one,
  );
  if (found === undefined) return null;
  const { ring, rule, candidates, passed_over } = found as unknown as Partial<Why> & Pick<Why, "ring" | "rule">;
  return {
    ring,
    rule,
    candidates: Array.isArray(candidates) ? candidates : [],
    passed_over: Array.isArray(passed_over) ? passed_over : [],
  };
}

export const search = (wanted: Search, page: number) =>
  get(`/api/operator/sessions?${searchQuery(wanted, page)}&lang=${locale()}`) as Promise<Page<PastItem>>;
export const session = (id: string) =>
  get(`/api/operator/sessions/${encodeURIComponent(id)}?lang=${locale()}`) as Promise<PastSession>;
export const erase = (id: string) => post(`/api/operator/sessions/${encodeURIComponent(id)}/erase`);
export const audit = (page: number) => get(`/api/operator/audit?page=${page}&lang=${locale()}`) as Promise<Page<AuditItem>>;
export const doctor = async () => ((await get(`/api/operator/doctor?lang=${locale()}`)) as { findings: Finding[] }).findings;
export const undo = (n: number) => post(`/api/operator/audit/${n}/undo`);
export const readHours = () => get(`/api/operator/hours?lang=${locale()}`) as Promise<SiteHours[]>;
export const saveHours = (site: string, category: string, hours: Hours | null) =>
  post(`/api/operator/sites/${encodeURIComponent(site)}/categories/${encodeURIComponent(category)}/hours?lang=${locale()}`, {
    hours,
  }) as Promise<SiteHours>;
/** The public holidays of this year and the next. `days` is empty if no holidays of this place are known. */
export const holidaysOf = (place: string) =>
  get(`/api/operator/holidays?place=${encodeURIComponent(place)}`) as Promise<{ days: string[]; installed: boolean }>;
export const saveThresholds = (thresholds: ThresholdItem[]) => post("/api/operator/thresholds", { thresholds });
