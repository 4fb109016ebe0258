import { Pencil } from "lucide";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { composes } from "../../room/compose";
import type { Box } from "../../room/composer";
import { filled, type Values } from "../../staff/replies/variables";
import { countUse, repliesFor, type SavedReply } from "../../staff/replies/api";
import { t } from "../../staff/replies/texts";
import { Button } from "../../ui";
import { useCaret, write } from "./box";
import { found, slashAt, worthShowing } from "./search";

interface MenuProps {
  box: Box;
  text: string;
  site: string;
  language: string;
  values: Values;
  onManage: () => void;
}

/** Returns the saved replies of a site; null until they are loaded. Fetches them whenever the menu opens. */
function useReplies(site: string, language: string, open: boolean): { replies: SavedReply[] | null; failed: boolean } {
  const [loaded, setLoaded] = useState<{ replies: SavedReply[] | null; failed: boolean }>({ replies: null, failed: false });
  useEffect(() => {
    if (!open) return;
    let wanted = true;
    repliesFor(site, language).then(
      (replies) => wanted && setLoaded({ replies, failed: false }),
      () => wanted && setLoaded(({ replies }) => ({ replies, failed: true })),
    );
    return () => {
      wanted = false;
    };
  }, [site, language, open]);
  return loaded;
}

/** The search that "/" opens. Arrows and Enter insert a reply; Escape closes. */
export function ReplyMenu({ box, text, site, language, values, onManage }: MenuProps) {
  const caret = useCaret(box);
  const slash = caret < 0 ? null : slashAt(text, caret);
  const [closedAt, setClosedAt] = useState(-1); // position of the "/" whose menu the person closed with Escape
  const [chosen, setChosen] = useState(0);
  const { replies, failed } = useReplies(site, language, slash !== null);
  const results = slash === null ? [] : found(replies ?? [], slash.query);
  const open = slash?.from !== closedAt && (replies !== null || failed) && worthShowing(slash, results);
  const id = useId();
  useEffect(() => {
    setChosen(0);
    if (slash === null) setClosedAt(-1);
  }, [slash?.from, slash?.query]);

  const insert = (reply: SavedReply) => {
    const element = box.current;
    if (element === null || slash === null) return;
    write(element, slash.from, caret, filled(reply.text, values));
    countUse(reply.id).catch(() => undefined); // a failed count of uses is not shown
  };
  const onKey = (event: KeyboardEvent): boolean => {
    if (event.key === "Escape") setClosedAt(slash?.from ?? -1);
    else if (event.key === "ArrowDown" && results.length > 0) setChosen((chosen + 1) % results.length);
    else if (event.key === "ArrowUp" && results.length > 0) setChosen((chosen + results.length - 1) % results.length);
    else if (event.key === "Enter" && !event.shiftKey && results[chosen]) insert(results[chosen]);
    else return false;
    return true;
  };
  useKeysOf(box, open ? onKey : null);
  useActive(box, open && results.length > 0 ? `${id}-${chosen}` : "", id);
  if (!open) return null;
  return (
    <Popover box={box}>
      <ul class="replies-found" role="listbox" id={id} aria-label={t("found")}>
        {results.map((reply, n) => (
          <Option key={reply.id} id={`${id}-${n}`} reply={reply} chosen={n === chosen} onPick={() => insert(reply)} />
        ))}
      </ul>
      {results.length === 0 && (
        <p class="replies-none dim" role="status">
          {failed ? t("failed") : slash.query === "" ? t("found.empty") : t("found.none", { query: slash.query })}
        </p>
      )}
      <footer class="replies-foot">
        <span class="dim">{t("found.keys")}</span>
        <Button kind="quiet" icon={Pencil} onClick={onManage} data-testid="replies-manage">
          {t("manage")}
        </Button>
      </footer>
    </Popover>
  );
}

function Option({ id, reply, chosen, onPick }: { id: string; reply: SavedReply; chosen: boolean; onPick: () => void }) {
  const element = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    if (chosen) element.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    <li ref={element} id={id} role="option" aria-selected={chosen} data-testid="reply-option" onClick={onPick}>
      <strong dir="auto">{reply.title}</strong> <span class="pill">{t(reply.shared ? "shared" : "own")}</span>
      <p class="dim" dir="auto">
        {reply.text}
      </p>
    </li>
  );
}

/** Shows its content above the message box. It is in the browser's top layer, so that scrolling panes do not cut it off. */
function Popover({ box, children }: { box: Box; children: preact.ComponentChildren }) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const made = element.current;
    if (made === null) return;
    made.showPopover();
    const place = () => {
      const frame = box.current?.form?.getBoundingClientRect();
      if (frame === undefined) return;
      made.style.left = `${frame.left + 8}px`;
      made.style.width = `${Math.min(560, frame.width - 16)}px`;
      made.style.bottom = `${innerHeight - frame.top + 4}px`;
      made.style.maxHeight = `${Math.max(120, frame.top - 12)}px`;
    };
    place();
    addEventListener("resize", place);
    return () => removeEventListener("resize", place);
  }, []);
  return (
    // With the default prevented, a press leaves the focus in the message box.
    <div
      ref={element}
      class="replies-menu"
      popover="manual"
      data-testid="replies"
      onMouseDown={(event) => event.preventDefault()}
    >
      {children}
    </div>
  );
}

/** Gives key presses to `onKey` before the message box. Keys of an input method (Korean, Japanese, Chinese) go to the box
 *  only. */
function useKeysOf(box: Box, onKey: ((event: KeyboardEvent) => boolean) | null): void {
  const current = useRef(onKey);
  current.current = onKey;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (composes(event) || current.current?.(event) !== true) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    const element = box.current;
    element?.addEventListener("keydown", pressed, true);
    return () => element?.removeEventListener("keydown", pressed, true);
  }, []);
}

/** Tells screen readers which reply is chosen while the focus stays in the message box. */
function useActive(box: Box, option: string, list: string): void {
  useEffect(() => {
    const element = box.current;
    if (element === null || option === "") return;
    element.setAttribute("aria-controls", list);
    element.setAttribute("aria-activedescendant", option);
    return () => {
      element.removeAttribute("aria-controls");
      element.removeAttribute("aria-activedescendant");
    };
  }, [option]);
}
