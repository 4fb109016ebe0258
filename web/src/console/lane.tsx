import { CalendarClock, CircleHelp, MessageCircleQuestion, MessageSquareText, Phone, PhoneIncoming, Video } from "lucide";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Channel, MessageLeft, QueueItem, SessionView } from "../messages";
import { Button, Icon, useLocale, whenText } from "../ui";
import { callsBack } from "./callback";
import type { Actions } from "./actions";
import { clock, dateTime, languageName, since } from "../staff/format";
import { MessageAnswer } from "./message-answer";
import { inOrder, waiting } from "./logic/queue";
import { nameOf, userOf } from "../staff/names";
import { t } from "../staff/texts";

const CHANNEL_ICON = { text: MessageSquareText, voice: Phone, video: Video } as const;

export function ChannelIcon({ channel }: { channel: Channel }) {
  return (
    <span title={t(`channel.${channel}`)}>
      <Icon node={CHANNEL_ICON[channel]} size={16} />
      <span class="visually-hidden">{t(`channel.${channel}`)}</span>
    </span>
  );
}

function KindIcon({ item }: { item: QueueItem }) {
  if (item.kind === "help") return <Icon node={CircleHelp} size={16} class="help-ink" />;
  if (item.kind !== "callback") return <ChannelIcon channel={item.channel} />;
  const what = t(item.staff ? "lane.appointment" : "lane.callback");
  return (
    <span title={what}>
      <Icon node={item.staff ? CalendarClock : PhoneIncoming} size={16} />
      <span class="visually-hidden">{what}</span>
    </span>
  );
}

/** The next appointment of this member of staff: when, with whom, and by which channel. */
function Next({ item, now }: { item: QueueItem; now: number }) {
  const locale = useLocale();
  return (
    <p class="lane-next" data-testid="lane-next">
      <Icon node={CalendarClock} size={16} />
      <span class="lane-text">
        {t("lane.next", { when: whenText(item.since, now, locale), name: item.name || t("visitor") })}
      </span>
      <ChannelIcon channel={item.channel} />
    </p>
  );
}

/** The list of booked callbacks and appointments whose time has not come yet. `me`: id of this member of staff. */
function Callbacks({ items, me, now }: { items: QueueItem[]; me: string; now: number }) {
  const locale = useLocale();
  const next = items.find((item) => item.staff === me);
  return (
    <section class="lane-part" data-testid="lane-callbacks">
      {next && <Next item={next} now={now} />}
      <h2>
        {t("lane.callbacks")} <span class="count">{items.length}</span>
      </h2>
      <ul>
        {items.map((item) => (
          <li key={item.session} class="lane-item">
            <KindIcon item={item} />
            <span class="lane-text">
              {item.category}{" "}
              <span class="dim">
                {languageName(item.language, locale)}
                {item.staff_name && ` · ${item.staff_name}`}
              </span>
            </span>
            <span class="num">{whenText(item.since, now, locale)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Waiting({ item, now }: { item: QueueItem; now: number }) {
  const locale = useLocale();
  return (
    <li class="lane-item">
      <KindIcon item={item} />
      <span class="lane-text">
        {item.category} <span class="dim">{languageName(item.language, locale)}</span>
      </span>
      {item.ringing && <span class="pill pill-warn">{t("lane.ringing")}</span>}
      <span class="num">{since(item.since, now)}</span>
    </li>
  );
}

const LONG_MS = 60_000; // the list marks a visitor who has got no answer for this many ms

function SessionRow({
  session,
  waits,
  now,
  chosen,
  fresh,
  onChoose,
}: {
  session: SessionView;
  /** The time at which the session's visitor began to wait for an answer (ms); null if the visitor does not wait. */
  waits: number | null;
  now: number;
  chosen: boolean;
  fresh: number;
  onChoose: () => void;
}) {
  const user = userOf(session);
  return (
    <li>
      <button
        type="button"
        class="lane-session"
        aria-current={chosen ? "true" : undefined}
        onClick={onChoose}
        data-testid="session-row"
      >
        <ChannelIcon channel={session.channel} />
        <span class="lane-text">
          <strong>{nameOf(user)}</strong>
          <span class="dim">
            {session.category.name} · {t(`session.${session.state}`)}
          </span>
        </span>
        {session.state === "after" && <span class="pill pill-warn">{t("lane.unsaved")}</span>}
        {session.room?.held === true && (
          <span class="pill pill-warn" data-testid="row-held">
            {t("session.held")}
          </span>
        )}
        {session.upgrade?.state === "ringing" && <span class="pill pill-warn">{t("lane.ringing")}</span>}
        {fresh > 0 && (
          <span class="count lane-unread" title={t("session.new_lines", { n: fresh })} data-testid="row-unread">
            <span aria-hidden="true">{fresh > 99 ? "99+" : fresh}</span>
            <span class="visually-hidden">{t("session.new_lines", { n: fresh })}</span>
          </span>
        )}
        {user?.presence === "lost" && session.state === "active" && !callsBack(session) && (
          <span class="dot dot-warn" title={t("state.lost")} />
        )}
        {user?.presence === "left_page" && (
          <span class="pill pill-warn" data-testid="row-left-page">
            {t("session.left_page")}
          </span>
        )}
        {waits === null ? (
          <span class="num">{since(session.active_at ?? session.started_at, now)}</span>
        ) : (
          <span
            class={`num lane-waits ${now - waits > LONG_MS ? "lane-waits-long" : ""}`}
            title={t("session.waits")}
            data-testid="row-waits"
          >
            <Icon node={MessageCircleQuestion} size={14} />
            <span class="visually-hidden">{t("session.waits")}</span> {since(waits, now)}
          </span>
        )}
      </button>
    </li>
  );
}

function Message({ message, my_id, actions }: { message: MessageLeft; my_id: string; actions: Actions }) {
  const locale = useLocale();
  const state =
    message.state === "taken"
      ? t(message.taken_by === my_id ? "message.taken.you" : "message.taken", { name: message.taken_by_name })
      : "";
  return (
    <li class={`message message-${message.state}`} data-testid="message">
      <p class="message-head">
        <span class={`pill ${message.state === "new" ? "pill-warn" : message.state === "done" ? "pill-ok" : ""}`}>
          {message.state === "new" ? t("message.new") : message.state === "done" ? t("message.state.done") : state}
        </span>
        <span class="dim">{dateTime(message.at, locale)}</span>
      </p>
      <p class="message-text" dir="auto">
        {message.text}
      </p>
      <p>
        <span class="dim">{t("message.contact")}</span> <strong class="selectable">{message.contact}</strong>
      </p>
      <p class="dim">
        {message.category} · {languageName(message.language, locale)} · {message.site}
      </p>
      {(message.state === "new" || message.taken_by === my_id) && (
        <MessageAnswer message={message} onSend={(text) => actions.answerMessage(message.id, text)} />
      )}
      {message.state === "new" && (
        <Button onClick={() => void actions.takeMessage(message.id)} data-testid="message-take">
          {t("message.take")}
        </Button>
      )}
      {message.state === "taken" && message.taken_by === my_id && (
        <Button onClick={() => void actions.doneMessage(message.id)} data-testid="message-done">
          {t("message.done")}
        </Button>
      )}
    </li>
  );
}

function Messages({ messages, my_id, actions }: { messages: MessageLeft[]; my_id: string; actions: Actions }) {
  const [showDone, setShowDone] = useState(false);
  const done = messages.filter((one) => one.state === "done").length;
  const listed = inOrder(messages).filter((one) => showDone || one.state !== "done");
  return (
    <section class="lane-part" id="messages" tabIndex={-1}>
      <h2>
        {t("lane.messages")} <span class="count">{messages.length - done}</span>
      </h2>
      {messages.length === done && <p class="dim">{t("lane.none.messages")}</p>}
      <ul class="messages">
        {listed.map((message) => (
          <Message key={message.id} message={message} my_id={my_id} actions={actions} />
        ))}
      </ul>
      {done > 0 && (
        <Button kind="quiet" onClick={() => setShowDone(!showDone)}>
          {showDone ? t("lane.done.hide") : t("lane.done.show", { n: done })}
        </Button>
      )}
    </section>
  );
}

interface LaneProps {
  role: "counselor" | "professional";
  my_id: string;
  queue: QueueItem[];
  /** The number of waiting requests that the list does not show. */
  more: number;
  callbacks: QueueItem[];
  messages: MessageLeft[];
  sessions: SessionView[];
  chosen: string;
  fresh: Record<string, number>;
  /** Returns when the visitor of a session began to wait for an answer (Unix ms); null if the visitor does not wait. */
  waits: (session: SessionView) => number | null;
  now: number;
  actions: Actions;
  onChoose: (session: string) => void;
  onPointer: () => void;
  mentions: ComponentChildren;
}

/** The list on the left: mentions of me, my sessions, waiting visitors, callbacks, requests for help, and
 *  the messages that visitors have left. */
export function Lane({
  role,
  my_id,
  queue,
  more,
  callbacks,
  messages,
  sessions,
  chosen,
  fresh,
  waits,
  now,
  actions,
  onChoose,
  onPointer,
  mentions,
}: LaneProps) {
  const { users, helps, longest_s } = waiting(queue, now);
  return (
    <nav class="lane" tabIndex={0} aria-label={t("tab.lane")}>
      {mentions}
      <section class="lane-part">
        <h2>
          {t("lane.sessions")} <span class="count">{sessions.length}</span>
        </h2>
        {sessions.length === 0 && <p class="dim">{t("lane.none.sessions")}</p>}
        <ul onPointerMove={onPointer}>
          {sessions.map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              waits={waits(session)}
              now={now}
              chosen={session.id === chosen}
              fresh={fresh[session.id] ?? 0}
              onChoose={() => onChoose(session.id)}
            />
          ))}
        </ul>
      </section>
      {(role === "counselor" || users.length > 0) && (
        <section class="lane-part">
          <h2>
            {t("lane.queue")} <span class={users.length > 0 ? "count count-warn" : "count"}>{users.length + more}</span>
            {users.length > 0 && <span class="dim lane-longest">{t("lane.longest", { time: clock(longest_s) })}</span>}
          </h2>
          {users.length === 0 && <p class="dim">{t("lane.none.queue")}</p>}
          <ul>
            {users.map((item) => (
              <Waiting key={item.session} item={item} now={now} />
            ))}
          </ul>
          {more > 0 && <p class="dim">{t("lane.more", { count: more })}</p>}
        </section>
      )}
      {callbacks.length > 0 && <Callbacks items={callbacks} me={my_id} now={now} />}
      {(role === "professional" || helps.length > 0) && (
        <section class="lane-part">
          <h2>
            {t("lane.helps")} <span class={helps.length > 0 ? "count count-help" : "count"}>{helps.length}</span>
          </h2>
          {helps.length === 0 && <p class="dim">{t("lane.none.helps")}</p>}
          <ul>
            {helps.map((item) => (
              <Waiting key={`help-${item.session}`} item={item} now={now} />
            ))}
          </ul>
        </section>
      )}
      <Messages messages={messages} my_id={my_id} actions={actions} />
    </nav>
  );
}
