import { Check, CheckCheck } from "lucide";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Line, Mark, SessionView } from "../../messages";
import { Icon } from "../../ui/icon";
import { useStore } from "../../ui/store";
import type { Client } from "../client";
import { list, shownName } from "../words";
import { includes, namesReaders, spansOf } from "./spans";
import { t } from "./texts";

const REPORT_MS = 800;
// a line counts as read when this share of its height has been on the screen; if the line is taller than the window, it must have
// filled this share of the window's height
const SHOWN = 0.5;
const NO_MARKS: Mark[] = [];

interface ReadingProps {
  client: Client;
  session: SessionView;
  /** The element that contains the lines, each with its number in `data-seq`. */
  box: RefObject<HTMLElement | null>;
  lines: Line[];
}

/** Reports to the server which lines this page has, and which were on the screen while the page was visible. Renders nothing. */
export function Reading({ client, session, box, lines }: ReadingProps) {
  const state = useRef({ lines, seen: new Set<number>(), fresh: new Set<number>(), delivered: 0 });
  state.current.lines = lines;
  const on = session.site.read_marks;
  useEffect(() => {
    const root = box.current;
    if (!on || !root) return;
    const timer = setInterval(() => report(client, session, state.current), REPORT_MS);
    const shown = new IntersectionObserver((entries) => noteShown(entries, state.current), { threshold: [0, SHOWN, 1] });
    const observe = () => {
      for (const line of root.querySelectorAll("[data-seq]")) shown.observe(line);
    };
    const again = () => {
      shown.disconnect(); // when a line is observed again, the observer reports the line once, and says whether it is visible now
      observe();
    };
    const added = new MutationObserver(observe);
    added.observe(root, { childList: true, subtree: true });
    document.addEventListener("visibilitychange", again);
    observe();
    return () => {
      clearInterval(timer);
      shown.disconnect();
      added.disconnect();
      document.removeEventListener("visibilitychange", again);
    };
  }, [on, session.id]);
  return null;
}

type Noted = { lines: Line[]; seen: Set<number>; fresh: Set<number>; delivered: number };

function noteShown(entries: IntersectionObserverEntry[], noted: Noted): void {
  if (document.visibilityState !== "visible") return;
  for (const { target, isIntersecting, intersectionRatio, intersectionRect } of entries) {
    const seq = Number((target as HTMLElement).dataset.seq);
    const enough = intersectionRatio >= SHOWN || intersectionRect.height >= innerHeight * SHOWN;
    if (!isIntersecting || !enough || noted.seen.has(seq)) continue;
    noted.seen.add(seq);
    noted.fresh.add(seq);
  }
}

function report(client: Client, session: SessionView, noted: Noted): void {
  const delivered = noted.lines.at(-1)?.seq ?? 0;
  if (noted.fresh.size === 0 && delivered === noted.delivered) return;
  const spans = spansOf(noted.lines, session.you, noted.seen, noted.fresh).slice(-50);
  if (!client.connection.send({ type: "read", session: session.id, delivered, spans })) return;
  noted.delivered = delivered;
  noted.fresh.clear();
}

/**
 * The mark on a line that tells the line's author whether the line was delivered or read, and by whom. If `namesReaders` is
 * false, only the tooltip and screen readers say by whom.
 */
export function ReadMark({ client, session, line }: { client: Client; session: SessionView; line: Line }) {
  const marks = useStore(client.state, (state) => state.marks[session.id] ?? NO_MARKS);
  if (!session.site.read_marks) return null;
  const readers = marks.filter((mark) => includes(mark, line.seq) && mayRead(session, mark, line));
  const names = readers.flatMap(({ participant }) => {
    const person = session.participants.find(({ id }) => id === participant);
    return person ? [shownName(session, person)] : [];
  });
  const named = namesReaders(session.participants, readers);
  const delivered = marks.some((mark) => mark.delivered >= line.seq && mayRead(session, mark, line));
  if (readers.length === 0 && !delivered) return null;
  const text = readers.length === 0 ? t("delivered") : names.length === 0 ? t("read") : t("readBy", { names: list(names) });
  return (
    <span class="line-mark" title={text} data-testid={readers.length > 0 ? "line-read" : "line-delivered"}>
      <Icon node={readers.length > 0 ? CheckCheck : Check} />
      <span class={named ? "" : "visually-hidden"}>{text}</span>
    </span>
  );
}

/**
 * Returns whether a person's read mark counts for a line. The mark of a user or guest does not count for a line for staff only.
 * Users and guests never get such a line, but the number of the line can lie within a span of lines that they have read.
 */
const mayRead = (session: SessionView, mark: Mark, line: Line): boolean =>
  line.audience === "all" ||
  session.participants.every(({ id, role }) => id !== mark.participant || (role !== "user" && role !== "guest"));
