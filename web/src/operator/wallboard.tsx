import { Ear, EarOff } from "lucide";
import { useState } from "preact/hooks";
import type { CallQuality, QueueItem, SessionItem, StaffItem, Wallboard, WorkerItem } from "../messages";
import { useNow } from "../staff/clock";
import { clock, languageName, since, timeOfDay } from "../staff/format";
import { roleName } from "../staff/names";
import { t as shared } from "../staff/texts";
import { Button, useLocale, whenText, type Locale } from "../ui";
import { Confirm } from "./confirm";
import { percent } from "./logic/figures";
import { loadOf } from "./logic/load";
import { GradePill, QualityPart } from "./quality";
import type { Listening } from "./listening";
import { Table, type TableColumn } from "./table";
import { t } from "./texts";

export interface WallboardActions {
  /** Watches the call quality of a session; "" for none. */
  watch(session: string): void;
  endSession(session: string): Promise<boolean>;
  signOutStaff(staff: string): Promise<boolean>;
}

interface WallboardProps {
  board: Wallboard;
  quality: CallQuality | null;
  watched: string;
  ahead_ms: number;
  actions: WallboardActions;
  listening: Listening;
}

const STATES = ["available", "reserved", "busy", "wrap_up", "away", "lost"] as const;

function Figure({ name, value, hint, alarm = false }: { name: string; value: string | number; hint?: string; alarm?: boolean }) {
  return (
    <div class={`figure-card card ${alarm ? "figure-alarm" : ""}`} title={hint}>
      <dt>{name}</dt>
      <dd class="num">{value}</dd>
    </div>
  );
}

function Figures({ board, now }: { board: Wallboard; now: number }) {
  const users = (board.waiting ?? []).filter((one) => one.kind === "user");
  const oldest = Math.min(...users.map((one) => one.since));
  const longest_s = users.length > 0 ? (now - oldest) / 1000 : 0;
  const level = board.service_level_percent ?? null;
  const rating = board.rating_today ?? null;
  const graded = (board.sessions ?? []).filter((one) => one.quality !== null);
  const poor = graded.filter((one) => one.quality === "poor").length;
  return (
    <dl class="figures" data-testid="figures">
      <Figure name={t("live.waiting")} value={users.length + (board.more ?? 0)} alarm={users.length > 0 && longest_s > 60} />
      <Figure name={t("live.longest")} value={users.length > 0 ? clock(longest_s) : "–"} alarm={longest_s > 60} />
      <Figure name={t("live.level")} value={level === null ? "–" : `${Math.round(level)} %`} hint={t("live.level.hint")} />
      <Figure name={t("live.served")} value={board.served_today ?? 0} />
      <Figure name={t("live.left")} value={board.left_today ?? 0} />
      <Figure name={t("live.poor")} value={graded.length > 0 ? poor : "–"} hint={t("live.poor.hint")} alarm={poor > 0} />
      <Figure name={t("live.rating")} value={rating === null ? "–" : rating.toFixed(1)} />
    </dl>
  );
}

/** Shows how many staff are in each state, as a bar with numbers. */
function StaffStates({ staff }: { staff: StaffItem[] }) {
  const counted = STATES.map((state) => ({ state, n: staff.filter((one) => one.state === state).length })).filter(
    (one) => one.n > 0,
  );
  return (
    <ul class="states-bar" aria-label={t("live.staff")}>
      {counted.map(({ state, n }) => (
        <li key={state} class={`states-part state-ink-${state}`} style={{ flexGrow: n }}>
          <span class="dot" aria-hidden="true" />
          {shared(`state.${state}`)} <strong class="num">{n}</strong>
        </li>
      ))}
    </ul>
  );
}

const loadText = (row: StaffItem) =>
  loadOf(row)
    .map(({ key, ...counts }) => t(key, counts))
    .join(", ");

const staffColumns = (now: number): TableColumn<StaffItem>[] => [
  { id: "name", title: t("col.name"), value: (row) => row.name },
  { id: "role", title: t("col.role"), value: (row) => row.role, text: (row) => roleName(row.role) },
  {
    id: "state",
    title: t("col.state"),
    value: (row) => row.state,
    text: (row) => shared(`state.${row.state}`),
    cell: (row) => <span class={`pill pill-state-${row.state}`}>{shared(`state.${row.state}`)}</span>,
  },
  {
    id: "since",
    title: t("col.since"),
    figure: true,
    value: (row) => (row.since ? now - row.since : null),
    text: (row) => (row.since ? since(row.since, now) : ""),
  },
  { id: "sessions", title: t("col.sessions"), value: (row) => row.sessions, text: loadText },
  { id: "languages", title: t("col.languages"), value: (row) => row.languages.join(" ") },
];

const sessionColumns = (now: number, locale: Locale): TableColumn<SessionItem>[] => [
  { id: "since", title: t("col.since"), figure: true, value: (row) => now - row.since, text: (row) => since(row.since, now) },
  {
    id: "state",
    title: t("col.state"),
    value: (row) => row.state,
    text: (row) => shared(`session.${row.state}`),
    cell: (row) => (
      <>
        <span class={`pill ${row.lost ? "pill-danger" : row.state === "active" ? "pill-ok" : ""}`}>
          {row.lost ? shared("state.lost") : shared(`session.${row.state}`)}
        </span>{" "}
        {row.listeners.length > 0 && <span class="pill pill-warn">{t("listen.by", { names: row.listeners.join(", ") })}</span>}
      </>
    ),
  },
  { id: "channel", title: t("col.channel"), value: (row) => row.channel, text: (row) => shared(`channel.${row.channel}`) },
  {
    id: "quality",
    title: t("col.quality"),
    value: (row) => row.quality ?? "",
    text: (row) => (row.quality ? t(`grade.${row.quality}`) : ""),
    cell: (row) => <GradePill grade={row.quality} />,
  },
  { id: "counselor", title: t("col.counselor"), value: (row) => row.counselor },
  { id: "professional", title: t("col.professional"), value: (row) => row.professional },
  { id: "mode", title: t("col.mode"), value: (row) => row.mode ?? "", text: (row) => (row.mode ? t(`mode.${row.mode}`) : "") },
  { id: "category", title: t("col.category"), value: (row) => row.category },
  { id: "language", title: t("col.language"), value: (row) => row.language, text: (row) => languageName(row.language, locale) },
  { id: "site", title: t("col.site"), value: (row) => row.site },
];

const queueColumns = (now: number, locale: Locale): TableColumn<QueueItem>[] => [
  { id: "waited", title: t("col.waited"), figure: true, value: (row) => now - row.since, text: (row) => since(row.since, now) },
  { id: "kind", title: t("col.kind"), value: (row) => row.kind, text: (row) => t(`kind.${row.kind}`) },
  { id: "category", title: t("col.category"), value: (row) => row.category },
  { id: "language", title: t("col.language"), value: (row) => row.language, text: (row) => languageName(row.language, locale) },
  { id: "channel", title: t("col.channel"), value: (row) => row.channel, text: (row) => shared(`channel.${row.channel}`) },
  { id: "ringing", title: t("col.ringing"), value: (row) => row.ringing, text: (row) => (row.ringing ? t("yes") : "") },
];

const callbackColumns = (now: number, locale: Locale): TableColumn<QueueItem>[] => [
  { id: "due", title: t("col.due"), value: (row) => row.since, text: (row) => whenText(row.since, now, locale) },
  { id: "category", title: t("col.category"), value: (row) => row.category },
  { id: "language", title: t("col.language"), value: (row) => row.language, text: (row) => languageName(row.language, locale) },
];

function workerColumns(): TableColumn<WorkerItem>[] {
  return [
    { id: "worker", title: t("col.worker"), value: (row) => row.id },
    {
      id: "state",
      title: t("col.state"),
      value: (row) => row.state,
      text: (row) => t(`worker.${row.state}`),
      cell: (row) => (
        <span class={`pill ${row.state === "dead" ? "pill-danger" : row.state === "live" ? "pill-ok" : ""}`}>
          {t(`worker.${row.state}`)}
        </span>
      ),
    },
    { id: "rooms", title: t("col.rooms"), figure: true, value: (row) => row.rooms },
    { id: "peers", title: t("col.peers"), figure: true, value: (row) => row.peers },
    {
      id: "load",
      title: t("col.load"),
      figure: true,
      value: (row) => row.load,
      text: (row) => (row.load === null ? "" : percent(100 * row.load)),
      cell: (row) =>
        row.load === null ? null : (
          <span class="load-cell">
            <span class="load" aria-hidden="true">
              <span style={{ width: `${Math.min(100, 100 * row.load)}%` }} />
            </span>
            {percent(100 * row.load)}
          </span>
        ),
    },
  ];
}

type Asked =
  | { kind: "end"; session: SessionItem }
  | { kind: "listen"; session: SessionItem }
  | { kind: "sign_out"; staff: StaffItem };

function Ask({
  asked,
  actions,
  listening,
  onClose,
}: {
  asked: Asked;
  actions: WallboardActions;
  listening: Listening;
  onClose: () => void;
}) {
  if (asked.kind === "end") {
    const { session } = asked;
    return (
      <Confirm
        title={t("do.end.title")}
        yes={t("do.end.yes")}
        testid="operator-end-confirm"
        onYes={() => actions.endSession(session.id)}
        onClose={onClose}
      >
        <p>{t("do.end.text", { user: shared("role.user"), counselor: session.counselor || shared("role.counselor") })}</p>
      </Confirm>
    );
  }
  if (asked.kind === "listen") {
    const { session } = asked;
    return (
      <Confirm
        kind="primary"
        title={t("listen.title")}
        yes={t("listen.yes")}
        testid="listen-confirm"
        onYes={() => listening.start(session.id)}
        onClose={onClose}
      >
        <p>{t("listen.text", { user: shared("role.user"), counselor: session.counselor || shared("role.counselor") })}</p>
      </Confirm>
    );
  }
  const { staff } = asked;
  return (
    <Confirm
      title={t("do.sign_out.title", { name: staff.name })}
      yes={t("do.sign_out.yes", { name: staff.name })}
      testid="operator-sign-out-confirm"
      onYes={() => actions.signOutStaff(staff.id)}
      onClose={onClose}
    >
      <p>{t("do.sign_out.text")}</p>
      {staff.sessions > 0 && <p class="notice notice-warn">{t("do.sign_out.busy", { n: staff.sessions })}</p>}
    </Confirm>
  );
}

function Listen({ on, onStart, onStop }: { on: boolean; onStart: () => void; onStop: () => void }) {
  return (
    <Button icon={on ? EarOff : Ear} onClick={on ? onStop : onStart} data-testid={on ? "listen-end" : "listen"}>
      {t(on ? "listen.stop" : "listen.do")}
    </Button>
  );
}

/** The wallboard: the live state, pushed by the server at each change. */
export function WallboardView({ board, quality, watched, ahead_ms, actions, listening }: WallboardProps) {
  const locale = useLocale();
  const now = useNow(ahead_ms);
  const [asked, setAsked] = useState<Asked | null>(null);
  const { staff = [], sessions = [], waiting = [], callbacks = [], workers = [] } = board;
  const ended = (state: SessionItem["state"]) => ["after", "closed", "message_left"].includes(state);
  const looked = sessions.find((one) => one.id === watched);
  return (
    <div class="wallboard">
      <Figures board={board} now={now} />
      <StaffStates staff={staff} />
      <Table
        title={t("live.sessions")}
        name="sessions-live"
        rows={sessions}
        columns={sessionColumns(now, locale)}
        id={(row) => row.id}
        data-testid="live-sessions"
        actions={(row) =>
          ended(row.state) ? null : (
            <span class="row">
              {row.may_listen && (
                <Listen
                  on={row.id === listening.session}
                  onStart={() => setAsked({ kind: "listen", session: row })}
                  onStop={listening.stop}
                />
              )}
              <Button
                kind="quiet"
                aria-pressed={row.id === watched}
                onClick={() => actions.watch(row.id === watched ? "" : row.id)}
                data-testid="operator-watch"
              >
                {t("do.watch")}
              </Button>
              <Button onClick={() => setAsked({ kind: "end", session: row })} data-testid="operator-end">
                {t("do.end")}
              </Button>
            </span>
          )
        }
      />
      {looked !== undefined && (
        <QualityPart
          session={looked}
          quality={quality?.session === looked.id ? quality : null}
          onClose={() => actions.watch("")}
        />
      )}
      <Table
        title={t("live.staff")}
        name="staff"
        rows={staff}
        columns={staffColumns(now)}
        id={(row) => row.id}
        data-testid="live-staff"
        actions={(row) =>
          row.state === "signed_out" || row.role === "operator" ? null : (
            <Button onClick={() => setAsked({ kind: "sign_out", staff: row })} data-testid="operator-sign-out">
              {t("do.sign_out")}
            </Button>
          )
        }
      />
      <div class="two">
        <Table
          title={t("live.queue")}
          name="waiting"
          rows={waiting}
          columns={queueColumns(now, locale)}
          id={(row) => row.kind + row.session}
        />
        <Table title={t("live.workers")} name="workers" rows={workers} columns={workerColumns()} id={(row) => row.id} />
      </div>
      {callbacks.length > 0 && (
        <Table
          title={t("live.callbacks")}
          name="callbacks"
          rows={callbacks}
          columns={callbackColumns(now, locale)}
          id={(row) => row.session}
        />
      )}
      <p class="dim num">{t("live.updated", { time: timeOfDay(board.now, locale) })}</p>
      {asked !== null && <Ask asked={asked} actions={actions} listening={listening} onClose={() => setAsked(null)} />}
    </div>
  );
}
