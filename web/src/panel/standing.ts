/** Decides which screen the panel shows for a text session, and what the pill says while the panel is folded. Pure. */

import type { Line, SessionView } from "../messages";
import type { Talk } from "../widget/talk";
import { isClosed, type Key, rangeText, t } from "./words";

export type Screen = "closed" | "waiting" | "callback" | "called" | "room" | "lost" | "after";

export function screenOf(session: SessionView): Screen {
  if (session.state === "after" || session.state === "closed" || session.state === "message_left") return "after";
  if (session.state === "callback") return "callback";
  if (session.state === "active" && session.callback?.state === "calling" && !session.callback.came) return "called";
  if (session.state === "active" || session.state === "asleep") return session.owner_lost ? "lost" : "room";
  return session.state === "preparing" && isClosed(session.opening) ? "closed" : "waiting";
}

/** Returns how far the conversation has come ("started", "accepted" or "ended"). The widget passes this on to scripts on the
 *  partner's page. */
export function stageOf(session: SessionView): Talk["stage"] {
  if (screenOf(session) === "after") return "ended";
  return session.active_at === null ? "started" : "accepted";
}

/** Counts the lines of other people that came after the panel was folded. `seen`: the `seq` of the newest line at the moment of
 *  folding. */
export const unread = (lines: Line[], you: string, seen: number): number =>
  lines.filter((line) => line.seq > seen && line.role !== "system" && line.author !== you).length;

/** Returns the later of two times: when the newest line of somebody else arrived, and when the counselor accepted (ms, server's
 *  clock). Returns 0 if neither has happened yet. */
export function newestAt(lines: Line[], session: SessionView): number {
  const line = lines.findLast(({ role, author }) => role !== "system" && author !== session.you);
  return Math.max(line?.at ?? 0, session.active_at ?? 0);
}

export function pillText(session: SessionView, news: number): string {
  const screen = screenOf(session);
  if (screen === "after") return t("pill.ended");
  if (news > 0) return t("pill.unread", { count: news });
  if (screen === "closed") return t("closed");
  if (screen === "callback") return t("pill.callback");
  if (screen === "called") return t("pill.called");
  if (screen === "lost") return t("pill.lost");
  if (session.cobrowse?.state === "asked") return t("pill.page");
  if (screen === "room") return t(session.state === "asleep" ? "pill.asleep" : "pill.active");
  const { waiting } = session;
  if (waiting?.ringing) return t("pill.ringing");
  const range = rangeText(waiting?.low_s, waiting?.high_s);
  const place = waiting?.place ?? 1;
  return range ? t("pill.waiting.range", { place, range }) : t("pill.waiting", { place });
}

/** Returns the user's place in the queue, in words. */
export function placeText(session: SessionView): string {
  const { waiting } = session;
  if (!waiting) return "";
  if (waiting.asking_for) return t("waiting.asking_for", { name: waiting.asking_for });
  if (waiting.ringing) return "";
  if (isClosed(session.opening)) return t(waiting.staffed ? "closed.line" : "closed.alone");
  if (!waiting.staffed) return t("waiting.unstaffed");
  const range = rangeText(waiting.low_s, waiting.high_s);
  const key: Key = waiting.place <= 1 ? "waiting.next" : "waiting.place";
  return [t(key, { place: waiting.place }), range && t("wait.about", { range })].filter(Boolean).join(" · ");
}
