import { Bell, BellOff, Ear, EarOff, Monitor, SlidersHorizontal } from "lucide";
import { useState } from "preact/hooks";
import type { CallQuality, QueueItem, SessionItem, StaffItem, Trend, Wallboard, WorkerItem } from "../messages";
import { useNow } from "../staff/clock";
import { languageName, since } from "../staff/format";
import { timeText } from "../ui/when";
import { roleName } from "../staff/names";
import { may } from "../staff/rights";
import { t as shared } from "../staff/texts";
import { Button, useLocale, whenText, type Locale } from "../ui";
import { useAlarm } from "./alarm";
import { Confirm } from "../staff/confirm";
import { Figures } from "./figures";
import { percent } from "./logic/figures";
import { loadOf } from "./logic/load";
import { GradePill, QualityPart } from "./quality";
import type { Listening } from "./listening";
import { StaffStates } from "./staff-states";
import { Table, type TableColumn } from "./table";
import { Thresholds } from "./thresholds";
import { t } from "./texts";

export interface WallboardActions {
  /** Subscribes to the call quality of a session; "" ends the subscription. */
  watch(session: string): void;
  endSession(session: string): Promise<boolean>;
  signOutStaff(staff: string): Promise<boolean>;
}

interface WallboardProps {
  board: Wallboard;
  trend: Trend | null;
  quality: CallQuality | null;
  watched: string;
  ahead_ms: number;
  actions: WallboardActions;
  listening: Listening;
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
  { id: "name", title: t("col.user"), value: (row) => row.name, text: (row) => row.name || shared("role.user") },
  { id: "with", title: t("col.with"), value: (row) => row.staff_name, text: (row) => row.staff_name || t("appointments.anyone") },
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
  | { kind: "sign_out"; staff: StaffItem }
  | { kind: "thresholds" };

function Ask({
  asked,
  actions,
  listening,
  onClose,
}: {
  asked: Exclude<Asked, { kind: "thresholds" }>;
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

/** Shows the wallboard: the present state of the service, which the server sends at each change. */
export function WallboardView({ board, trend, quality, watched, ahead_ms, actions, listening }: WallboardProps) {
  const locale = useLocale();
  const now = useNow(ahead_ms);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [alarm, setAlarm] = useAlarm(board, now);
  const { staff = [], sessions = [], waiting = [], callbacks = [], workers = [] } = board;
  const ended = (state: SessionItem["state"]) => ["after", "closed", "message_left"].includes(state);
  const looked = sessions.find((one) => one.id === watched);
  return (
    <div class="wallboard">
      <div class="row row-end wallboard-bar">
        <Button
          kind="quiet"
          icon={alarm ? Bell : BellOff}
          aria-pressed={alarm}
          onClick={() => setAlarm(!alarm)}
          data-testid="alarm"
        >
          {t(alarm ? "alarm.on" : "alarm.off")}
        </Button>
        {may("thresholds.change") && (
          <Button
            kind="quiet"
            icon={SlidersHorizontal}
            onClick={() => setAsked({ kind: "thresholds" })}
            data-testid="thresholds-open"
          >
            {t("thresholds.open")}
          </Button>
        )}
        <Button kind="quiet" icon={Monitor} onClick={() => open("#wall", "_blank", "noopener")} data-testid="wall-open">
          {t("wall.open")}
        </Button>
      </div>
      <Figures board={board} trend={trend} now={now} />
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
          row.state === "signed_out" || row.role === "operator" || !may("live.sign_out") ? null : (
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
        {may("installation.see") && (
          <Table title={t("live.workers")} name="workers" rows={workers} columns={workerColumns()} id={(row) => row.id} />
        )}
      </div>
      {callbacks.length > 0 && (
        <Table
          title={t("live.callbacks")}
          name="callbacks"
          rows={callbacks}
          columns={callbackColumns(now, locale)}
          id={(row) => row.session}
          actions={(row) => <a href={`#past/${encodeURIComponent(row.session)}`}>{t("callbacks.open")}</a>}
        />
      )}
      <p class="dim num">{t("live.updated", { time: timeText(board.now, locale) })}</p>
      {asked?.kind === "thresholds" && <Thresholds thresholds={board.thresholds ?? []} onClose={() => setAsked(null)} />}
      {asked !== null && asked.kind !== "thresholds" && (
        <Ask asked={asked} actions={actions} listening={listening} onClose={() => setAsked(null)} />
      )}
    </div>
  );
}
