import { AppWindow, CircleCheck, Store, TriangleAlert } from "lucide";
import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { SessionView } from "../messages";
import { useAwake } from "../room/awake";
import type { Handoff, HandoffError } from "../room/handoff";
import { Announcer } from "../ui/announce";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import { useLocale, useStore } from "../ui/store";
import type { Call } from "./call";
import { After, CalledBack, Closed, Invited, NotifyWindow, TryDevices } from "./later";
import { Prepare } from "./prepare";
import { Room } from "./room";
import { screenOf, type Screen } from "./screen";
import { Waiting } from "./waiting";
import { t } from "./words";

export type Start =
  | { kind: "waiting" }
  | { kind: "invited"; onEnter: () => Promise<void> }
  | { kind: "direct" }
  | { kind: "over" }
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
      {start.kind === "over" && <Expired />}
      {start.kind === "invited" && <Invited onEnter={start.onEnter} />}
      {start.kind === "direct" && (
        <Message icon={Store} title={t("direct.title")} text={t("direct.text")} testid="start-from-shop">
          {window.opener !== null && <Button onClick={() => window.close()}>{t("direct.close")}</Button>}
        </Message>
      )}
      {start.kind === "error" && (
        <Message icon={TriangleAlert} title={t("error.title")} text={start.error.message || t("error.text")} testid="call-error">
          <Button kind="primary" onClick={() => window.close()}>
            {t("error.close")}
          </Button>
        </Message>
      )}
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
  const Told = MESSAGES[screen];
  if (Told) return <Told call={call} session={session ?? null} />;
  const Shown = SCREENS[screen];
  return Shown && session ? <Shown call={call} session={session} /> : <Skeleton />;
}

const SCREENS: Partial<Record<Screen, (props: { call: Call; session: SessionView }) => ComponentChildren>> = {
  closed: Closed,
  prepare: Prepare,
  waiting: Waiting,
  callback: ({ call, session }) => (
    <main class="message card" data-testid="called-back">
      <CalledBack client={call.client} session={session} devices={() => <TryDevices call={call} />} />
    </main>
  ),
  room: Room,
  after: After,
};

const MESSAGES: Partial<Record<Screen, (props: { call: Call; session: SessionView | null }) => ComponentChildren>> = {
  replaced: ({ call }) => (
    <Message icon={AppWindow} title={t("replaced.title")} text={t("replaced.text")} testid="taken-over">
      <Button kind="primary" onClick={() => call.useHere()} data-testid="use-here">
        {t("replaced.here")}
      </Button>
    </Message>
  ),
  expired: Expired,
  message_left: ({ session }) => (
    <Message
      icon={CircleCheck}
      title={t("message.left.title")}
      text={t("message.left.text", { site: session?.site.name ?? "" })}
      testid="message-left"
    />
  ),
};

function Expired() {
  return <Message icon={Store} title={t("expired.title")} text={t("expired.text")} testid="expired" />;
}

interface MessageProps {
  icon: IconNode;
  title: string;
  text: string;
  testid: string;
  children?: ComponentChildren;
}

function Message({ icon, title, text, testid, children }: MessageProps) {
  return (
    <main class="message card" data-testid={testid}>
      <Icon node={icon} size={40} />
      <div role="alert">
        <h1>{title}</h1>
        <p>{text}</p>
      </div>
      {children}
    </main>
  );
}

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
