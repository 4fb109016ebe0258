import { MoveDown, MoveUp, Search, X } from "lucide";
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Line, SessionView } from "../../messages";
import { IconButton } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { useLocale, useStore } from "../../ui/store";
import type { Client } from "../client";
import { composes } from "../compose";
import { finding } from "../finding";
import { folded, hits, placeOf, stepped, type Hit } from "./find";
import { mark, unmark } from "./find-marks";
import "./find.css";
import { t } from "./texts";

const FETCH_AFTER_MS = 300; // pause after the last key before older lines are fetched, ms
const QUERY_MOST = 200; // a search can have at most this many characters

interface FindProps {
  client: Client;
  session: SessionView;
  /** The element that contains the lines, each with its number in `data-seq`. */
  box: RefObject<HTMLElement | null>;
  lines: Line[];
  reveal: (seq: number) => void;
}

/** Search in the conversation. Ctrl+F or Command+F opens it while the conversation is on the screen. */
export function Find(props: FindProps) {
  const { session, box } = props;
  const open = useStore(finding) === session.id;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.code !== "KeyF") return;
      if (!box.current?.checkVisibility() || document.querySelector("dialog[open]")) return;
      // A second Ctrl+F, in the bar itself, opens the browser's own search.
      if (finding.get() === session.id && document.activeElement?.closest(".find")) return;
      event.preventDefault();
      finding.set(session.id);
      document.querySelector<HTMLInputElement>(".find input")?.select();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [session.id]);
  return open ? <Bar {...props} /> : null;
}

/** Opens and closes the search, for people without a keyboard. */
export function FindButton({ session }: { session: string }) {
  useLocale();
  return (
    <IconButton
      icon={Search}
      kind="quiet"
      label={t("find")}
      onClick={() => finding.update((now) => (now === session ? "" : session))}
      data-testid="find-open"
    />
  );
}

function Bar({ client, session, box, lines, reveal }: FindProps) {
  useLocale();
  const [query, setQuery] = useState("");
  const [now, setNow] = useState<Hit | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const found = useMemo(() => hits(lines, query), [lines, query]);
  const place = placeOf(found, now);
  const hit = found[place] ?? null;
  const words = folded(query.trim());
  const reaching = useOlderLines(client, session.id, words !== "");
  useFocusReturned(input);
  useMarks(box, words, hit, lines);
  useEffect(() => {
    if (hit) reveal(hit.seq);
  }, [hit?.seq, words]);
  const step = (by: 1 | -1) => setNow(stepped(found, now, by));
  const close = () => finding.set("");
  const onKeyDown = (event: KeyboardEvent) => {
    if (composes(event)) return;
    const by = { Enter: event.shiftKey ? 1 : -1, ArrowUp: -1, ArrowDown: 1 }[event.key] as 1 | -1 | undefined;
    if (event.key !== "Escape" && by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (by) step(by);
    else close();
  };
  return (
    <div class="find" role="search" onKeyDown={onKeyDown}>
      <Icon node={Search} size={16} />
      <input
        ref={input}
        class="find-words"
        type="text"
        enterkeyhint="search"
        maxLength={QUERY_MOST}
        aria-label={t("find")}
        placeholder={t("find")}
        value={query}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setNow(null);
        }}
        data-testid="find"
      />
      <span class="find-count num" role="status" data-testid="find-count">
        {words !== "" && (found.length > 0 ? `${found.length - place}/${found.length}` : reaching ? "" : t("find.none"))}
        {reaching && <span class="find-reaching">{t("find.earlier")}</span>}
      </span>
      <IconButton icon={MoveUp} kind="quiet" label={t("find.older")} disabled={found.length < 2} onClick={() => step(-1)} />
      <IconButton icon={MoveDown} kind="quiet" label={t("find.newer")} disabled={found.length < 2} onClick={() => step(1)} />
      <IconButton icon={X} kind="quiet" label={t("find.close")} onClick={close} data-testid="find-close" />
    </div>
  );
}

/** Focuses the field. When the bar closes, gives the focus back to the element that had it before. */
function useFocusReturned(input: RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const before = document.activeElement;
    input.current?.focus();
    return () => {
      if (before instanceof HTMLElement && document.activeElement === document.body) before.focus({ preventScroll: true });
    };
  }, []);
}

/** Fetches all older lines of a session as long as the bar searches. Returns whether lines are still being fetched. */
function useOlderLines(client: Client, session: string, searches: boolean): boolean {
  const older = useStore(client.state, (state) => (state.older[session] ?? 0) > 0);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (!searches || !older) return;
    const fetching = new AbortController();
    const timer = setTimeout(() => {
      setFailed(false);
      void fetchAll(client, session, fetching.signal).then((all) => setFailed(!all));
    }, FETCH_AFTER_MS);
    return () => {
      fetching.abort();
      clearTimeout(timer);
    };
  }, [session, searches, older]);
  return searches && older && !failed;
}

/** Fetches older lines in one request after the other, until there are none or the signal aborts. Returns false if a request
 *  fails. */
async function fetchAll(client: Client, session: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted && (client.state.get().older[session] ?? 0) > 0) {
    if (!(await client.older(session))) return signal.aborted;
  }
  return true;
}

/** Highlights the found words again whenever lines are added or changed, or enter or leave the document. */
function useMarks(box: RefObject<HTMLElement | null>, words: string, hit: Hit | null, lines: Line[]): void {
  const wanted = useRef("");
  useEffect(() => {
    const root = box.current;
    if (!root) return;
    const id = hit ? `${hit.seq}/${hit.nth}/${words}` : "";
    let frame = 0;
    const paint = () => {
      frame = 0;
      const range = mark(root, words, hit);
      if (range && wanted.current !== id) {
        wanted.current = id;
        bringIntoView(range);
      }
    };
    const later = () => {
      frame ||= requestAnimationFrame(paint);
    };
    const changed = new MutationObserver(later);
    changed.observe(root, { childList: true, subtree: true, characterData: true });
    paint();
    return () => {
      changed.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [words, hit?.seq, hit?.nth, lines]);
  useEffect(() => unmark, []);
}

/** Scrolls to a place within a line that is taller than the window. */
function bringIntoView(range: Range): void {
  const scrolling = range.startContainer.parentElement?.closest(".chat-lines");
  if (!scrolling) return;
  const place = range.getBoundingClientRect();
  const seen = scrolling.getBoundingClientRect();
  if (place.top < seen.top || place.bottom > seen.bottom) scrolling.scrollTop += place.top - seen.top - seen.height / 2;
}
