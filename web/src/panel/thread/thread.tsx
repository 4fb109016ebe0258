/** Shows the visitor's own earlier conversations on this site, the newest first, or shows one of these conversations to read. */

import { ArrowLeft, Download, History } from "lucide";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Pictures } from "../../room/pictures";
import { transcriptQuery } from "../../room/transcript";
import { Button, Icon, IconButton, locale, useLocale } from "../../ui";
import { saveAs } from "../../ui/save-as";
import { Refusal } from "../api";
import type { Panel } from "../panel";
import type { PanelState } from "../state";
import { refusalText } from "../words";
import { conversationOf, type Conversation, type Item, type Page, pageOf, pathOf, type Right } from "./api";
import { askRight, moveHere } from "./moving";
import { Said } from "./said";
import "../../room/chat.css";
import "./thread.css";
import { t } from "./words";

const dated = (at: number, time: boolean) =>
  new Intl.DateTimeFormat(locale(), { dateStyle: "medium", ...(time && { timeStyle: "short", hourCycle: "h23" }) }).format(at);

function failureText(error: unknown): string {
  const reason = error instanceof Refusal ? error.reason : "internal";
  if (reason === "signed_out" || reason === "unknown_person") return t("signed_out");
  if (reason === "over") return t("over");
  return reason === "network" ? refusalText(reason) : t("failed");
}

/** Returns the sentence that says until when the server keeps a conversation. */
const keptText = (item: Item, days: number) =>
  item.kept_until === null ? t("kept.days", { days }) : t("kept", { date: dated(item.kept_until, false) });

export function Thread({ panel, state }: { panel: Panel; state: PanelState }) {
  useLocale();
  const [right, setRight] = useState<Right | null>(null);
  const [page, setPage] = useState<Page | null>(null);
  const [shown, setShown] = useState<Item | null>(null);
  const [failed, setFailed] = useState("");
  const heading = useRef<HTMLHeadingElement>(null);
  const pictures = useMemo(() => right && new Pictures(right.token), [right]);
  useEffect(() => () => pictures?.close(), [pictures]);
  useEffect(() => heading.current?.focus(), [shown?.id]);
  const work = async (what: () => Promise<void>) => {
    setFailed("");
    try {
      await what();
    } catch (error) {
      setFailed(failureText(error));
    }
  };
  const begin = () =>
    work(async () => {
      const asked = await askRight(panel);
      setRight(asked);
      setPage(await pageOf(asked));
    });
  useEffect(() => void begin(), []);
  useEffect(() => {
    if (!right) return;
    // If the partner's back end gives no new identification code, for example because the visitor has signed out, the panel
    // closes the earlier conversations.
    const again = () => void askRight(panel).then(setRight, () => panel.showPast(false));
    const timer = setTimeout(again, Math.max(60_000, right.expires_at - Date.now() - 60_000));
    return () => clearTimeout(timer);
  }, [right]);
  const older = () =>
    work(async () => {
      if (!right || !page) return;
      const next = await pageOf(right, page.items.at(-1)?.id);
      setPage({ ...next, items: [...page.items, ...next.items] });
    });
  const goOn = (item: Item) => {
    if (item.id === state.kept?.session) panel.showPast(false);
    else void work(() => moveHere(panel, item, right ?? undefined));
  };
  return (
    <div class="p-scroll p-past" data-testid="panel-past-view">
      <header class="p-past-head">
        <IconButton
          icon={ArrowLeft}
          label={t(shown ? "all" : "back")}
          kind="quiet"
          data-testid="panel-past-back"
          onClick={() => (shown ? setShown(null) : panel.showPast(false))}
        />
        <h1 ref={heading} tabIndex={-1}>
          {t("title")}
        </h1>
      </header>
      {failed && (
        <p class="notice notice-warn" role="alert" data-testid="panel-past-failed">
          {failed}
        </p>
      )}
      {failed && !page && (
        <Button wide onClick={() => void begin()}>
          {t("again")}
        </Button>
      )}
      {!failed && !page && <div class="skeleton p-past-loading" role="status" aria-label={t("loading")} />}
      {page && !shown && (
        <List page={page} here={state.kept?.session} onRead={setShown} onGoOn={goOn} onOlder={() => void older()} />
      )}
      {page && shown && right && pictures && (
        <Reader
          key={shown.id}
          item={shown}
          days={page.kept_days}
          {...{ right, pictures, work }}
          onGoOn={goOn}
          here={state.kept?.session}
        />
      )}
    </div>
  );
}

interface ListProps {
  page: Page;
  here: string | undefined;
  onRead: (item: Item) => void;
  onGoOn: (item: Item) => void;
  onOlder: () => void;
}

function List({ page, here, onRead, onGoOn, onOlder }: ListProps) {
  if (page.items.length === 0)
    return (
      <div class="p-middle">
        <Icon node={History} size={40} />
        <p role="status">{t("none")}</p>
      </div>
    );
  return (
    <>
      <ul class="p-past-list">
        {page.items.map((item) => (
          <li key={item.id} data-testid="panel-past-item" data-session={item.id}>
            <button type="button" class="p-past-item" onClick={() => onRead(item)}>
              <Facts item={item} />
              {item.words && (
                <span class="p-past-words" dir="auto">
                  {item.words}
                </span>
              )}
              <small>{keptText(item, page.kept_days)}</small>
            </button>
            {item.open && <GoOn item={item} here={here} onGoOn={onGoOn} />}
          </li>
        ))}
      </ul>
      {page.more && (
        <Button wide data-testid="panel-past-older" onClick={onOlder}>
          {t("older")}
        </Button>
      )}
    </>
  );
}

function Facts({ item }: { item: Item }) {
  return (
    <span class="p-past-facts">
      <b>{dated(item.started_at, true)}</b> · {item.category}
      {item.counselor && ` · ${t("with", { name: item.counselor })}`}{" "}
      {item.open && <span class="pill pill-ok">{t(item.asleep ? "asleep" : "open")}</span>}
    </span>
  );
}

function GoOn({ item, here, onGoOn }: { item: Item; here: string | undefined; onGoOn: (item: Item) => void }) {
  return (
    <Button kind="primary" wide data-testid="panel-past-continue" onClick={() => onGoOn(item)}>
      {t(item.id === here ? "here" : "go")}
    </Button>
  );
}

interface ReaderProps {
  item: Item;
  days: number;
  right: Right;
  pictures: Pictures;
  here: string | undefined;
  work: (what: () => Promise<void>) => Promise<void>;
  onGoOn: (item: Item) => void;
}

function Reader({ item, days, right, pictures, here, work, onGoOn }: ReaderProps) {
  const [found, setFound] = useState<Conversation | null>(null);
  const fetchLines = (before: number) =>
    work(async () => {
      const next = await conversationOf(right, item.id, before);
      setFound((now) => (now ? { ...now, older: next.older, lines: [...next.lines, ...now.lines] } : next));
    });
  useEffect(() => void fetchLines(0), []);
  const save = () =>
    work(async () => saveAs(await pictures.blob(`${pathOf(item.id)}/transcript?${transcriptQuery()}`), "conversation.html"));
  return (
    <>
      <p class="p-past-about">
        <Facts item={item} />
        <small>{keptText(item, days)}</small>
      </p>
      {item.open && <GoOn item={item} here={here} onGoOn={onGoOn} />}
      {!found && <div class="skeleton p-past-loading" role="status" aria-label={t("loading")} />}
      {found && found.older > 0 && (
        <Button wide data-testid="panel-past-lines" onClick={() => void fetchLines(found.older)}>
          {t("lines.older")}
        </Button>
      )}
      {found && <Said found={found} pictures={pictures} />}
      {found && (
        <Button wide icon={Download} data-testid="panel-past-copy" onClick={() => void save()}>
          {t("copy")}
        </Button>
      )}
    </>
  );
}
