import { Pencil } from "lucide";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Box } from "../../room/composer";
import { filled, type Values } from "../../staff/replies/variables";
import { countUse, repliesFor, type SavedReply } from "../../staff/replies/api";
import { t } from "../../staff/replies/texts";
import { ReplyThumbs } from "../../staff/replies/thumbs";
import { Button } from "../../ui";
import { useCaret, write } from "../message-box";
import { BoxMenu, useActive, useKeysOf } from "../box-menu";
import { found, slashAt, worthShowing } from "./search";

interface MenuProps {
  box: Box;
  text: string;
  site: string;
  language: string;
  values: Values;
  onInsert: (reply: SavedReply) => void;
  onManage: () => void;
}

/** Returns the saved replies that this person can insert at a site; null until they are loaded. Fetches the replies whenever the
 *  menu opens. */
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

/** The search that "/" opens. The arrow keys choose a reply, Enter inserts the reply, and Escape closes the menu. */
export function ReplyMenu({ box, text, site, language, values, onInsert, onManage }: MenuProps) {
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
    onInsert(reply);
    countUse(reply.id).catch(() => undefined); // if the server cannot count the use of the reply, the person is not told
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
    <BoxMenu box={box} testid="replies">
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
    </BoxMenu>
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
      <ReplyThumbs pictures={reply.pictures} />
    </li>
  );
}
