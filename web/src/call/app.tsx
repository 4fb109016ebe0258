import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { SessionView } from "../messages";
import { useAwake } from "../room/awake";
import type { Handoff, HandoffError } from "../room/handoff";
import { Announcer } from "../ui/announce";
import { useLocale, useStore } from "../ui/store";
import type { Call } from "./call";
import {
  After,
  CalledBack,
  Closed,
  Direct,
  Expired,
  Gone,
  GuestPrepare,
  Invited,
  MessageLeft,
  NotifyWindow,
  PhoneCamera,
  Replaced,
  TryDevices,
  Unprepared,
} from "./later";
import { Prepare } from "./prepare";
import { Room } from "./room";
import { screenOf, type Screen } from "./screen";
import { Waiting } from "./waiting";
import { t } from "./words";

export type Start =
  | { kind: "waiting" }
  | { kind: "invited"; invite: string; onEnter: () => Promise<void> }
  | { kind: "direct" }
  | { kind: "over" }
  | { kind: "camera"; handoff: Handoff }
  | { kind: "notify"; handoff: Handoff }
  | { kind: "error"; error: HandoffError }
  | { kind: "call"; call: Call };

export function App({ start }: { start: Start }) {
  const language = useLocale();
  useEffect(() => {
    document.title = t("title");
  }, [language]);
  return (
    <>
      {start.kind === "waiting" && <Skeleton />}
      {start.kind === "notify" && <NotifyWindow handoff={start.handoff} />}
      {start.kind === "over" && <Expired away={false} />}
      {start.kind === "invited" && <Invited invite={start.invite} onEnter={start.onEnter} />}
      {start.kind === "camera" && <PhoneCamera handoff={start.handoff} />}
      {start.kind === "direct" && <Direct />}
      {start.kind === "error" && <Unprepared why={start.error.message} />}
      {start.kind === "call" && <CallScreens call={start.call} />}
      <Announcer />
    </>
  );
}

function CallScreens({ call }: { call: Call }) {
  const state = useStore(call.client.state);
  const local = useStore(call.local);
  const session = state.sessions[call.session];
  const screen = screenOf(state, call.session, local);
  useAwake(call.handoff.channel !== "text" && (screen === "waiting" || screen === "room"));
  if (screen === "expired") return <Expired away={call.tookBack} />;
  if (screen === "replaced") return <Replaced call={call} />;
  const Shown = SCREENS[screen];
  return Shown && session ? <Shown call={call} session={session} /> : <Skeleton />;
}

const SCREENS: Partial<Record<Screen, (props: { call: Call; session: SessionView }) => ComponentChildren>> = {
  closed: Closed,
  gone: Gone,
  prepare: (props) => (props.call.handoff.part ? <GuestPrepare {...props} /> : <Prepare {...props} />),
  waiting: Waiting,
  callback: ({ call, session }) => (
    <main class="message card" data-testid="called-back">
      <CalledBack client={call.client} session={session} devices={() => <TryDevices call={call} />} />
    </main>
  ),
  room: Room,
  after: After,
  message_left: MessageLeft,
};

/** A placeholder for the *prepare* screen, shown until the session exists. */
function Skeleton() {
  return (
    <div class="prepare" role="status" aria-label={t("skeleton")} data-testid="call-skeleton">
      <div class="card prepare-devices">
        <div class="skeleton skeleton-preview" />
        <div class="skeleton skeleton-line" />
        <div class="skeleton skeleton-line" />
      </div>
      <div class="prepare-side">
        <div class="skeleton skeleton-title" />
        <p class="skeleton-words">{t("skeleton")}</p>
        <div class="skeleton skeleton-button" />
      </div>
    </div>
  );
}
