/** The text session inside the panel: the place in the queue, the chat, and buttons to add voice and to end the session. */

import { Headset, History, LogOut, Mic, PhoneOff, Presentation } from "lucide";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { AskCallback, CalledBack } from "../room/callback";
import { Chat } from "../room/chat";
import type { Client } from "../room/client";
import { lazy, optional } from "../room/lazy";
import { Pictures } from "../room/pictures";
import { others, serverNow } from "../room/state";
import { t as roomText } from "../room/words";
import { Button, Dialog, Failure, Icon, IconButton, useStore } from "../ui";
import "../room/chat.css";
import { usePanelBoard } from "./board";
import { Replaced } from "./elsewhere";
import { After, MessageForm } from "./forms";
import type { Kept } from "./kept";
import type { Panel } from "./panel";
import type { PanelState } from "./state";
import { newestAt, pillText, placeText, type Screen, screenOf, stageOf, unread } from "./standing";
import { closedText, refusalText, t } from "./words";

const Reach = lazy(
  () => import("../room/reach/mail-me"),
  (module) => module.Reach,
  { name: "lazy.loading", class: "p-reach" },
);

const Elsewhere = optional(
  () => import("../room/elsewhere/elsewhere"),
  (module) => module.Elsewhere,
);

const FindButton = optional(
  () => import("../room/writing/said"),
  (module) => module.FindButton,
);

const PushMe = optional(
  () => import("../room/reach/push-me"),
  (module) => module.PushMe,
);

type Choice = SessionView["choices"][number];

function choose(client: Client, session: SessionView, choice: Choice): void {
  client.connection.request({ type: "choose", session: session.id, choice }).catch(() => undefined);
}

function Waiting({
  session,
  onMessage,
  onCallback,
  onFold,
}: {
  session: SessionView;
  onMessage: () => void;
  onCallback: () => void;
  onFold: () => void;
}) {
  const ringing = session.waiting?.ringing === true;
  return (
    <section class="p-standing" data-testid="panel-waiting">
      <p class="p-standing-title">
        <span class="p-pulse" aria-hidden="true" />
        <b>{t(ringing ? "waiting.ringing" : "waiting.title")}</b>
      </p>
      <p role="status">{placeText(session)}</p>
      {session.site.waiting_notice && <p data-testid="waiting-notice">{session.site.waiting_notice}</p>}
      <p class="p-quiet">{t("waiting.write")}</p>
      <div class="p-row">
        <Button kind="plain" onClick={onFold}>
          {t("waiting.fold")}
        </Button>
        {session.opening?.callbacks === true && (
          <Button kind="plain" data-testid="panel-choose-callback" onClick={onCallback}>
            {roomText("callback.offer")}
          </Button>
        )}
        <Button kind="plain" data-testid="panel-choose-message" onClick={onMessage}>
          {t("waiting.message")}
        </Button>
      </div>
    </section>
  );
}

/** Shown when a counselor has begun the visitor's callback and waits for the visitor to enter. */
function Called({ panel, client, session }: { panel: Panel; client: Client; session: SessionView }) {
  const name = session.participants.find((one) => one.owner)?.name ?? "";
  const inWindow = session.channel !== "text" && (session.callback?.minutes ?? 0) > 0;
  const enter = () =>
    inWindow
      ? panel.addVoice(session.channel)
      : void client.connection.request({ type: "enter", session: session.id, channel: session.channel }).catch(() => undefined);
  return (
    <div class="p-scroll p-middle" data-testid="panel-called">
      <Icon node={Headset} size={40} />
      <h1>{t("called.title", { name })}</h1>
      <Button kind="primary" wide data-testid="panel-called-enter" onClick={enter}>
        {t("called.enter")}
      </Button>
    </div>
  );
}

function OwnerLost({
  client,
  session,
  onMessage,
  onCallback,
}: {
  client: Client;
  session: SessionView;
  onMessage: () => void;
  onCallback: () => void;
}) {
  return (
    <section class="p-standing p-standing-warn" role="status" data-testid="panel-owner-lost">
      <p>
        <b>{t("lost.title")}</b>
      </p>
      {session.choices.length > 0 && <p>{t("lost.text")}</p>}
      <div class="p-row">
        {session.choices.map((choice) => (
          <Button
            key={choice}
            kind="plain"
            data-testid={`panel-choose-${choice}`}
            onClick={() => (choice === "message" ? onMessage() : choose(client, session, choice))}
          >
            {t(`lost.${choice}`)}
          </Button>
        ))}
        {session.choices.length > 0 && session.opening?.callbacks === true && (
          <Button kind="plain" data-testid="panel-choose-callback" onClick={onCallback}>
            {roomText("callback.offer")}
          </Button>
        )}
      </div>
    </section>
  );
}

const NOTICES = {
  asking_professional: "notice.professional",
  asking_colleague: "notice.asking_colleague",
  passing_on: "notice.passing_on",
  on_hold: "notice.on_hold",
} as const;

function People({ session }: { session: SessionView }) {
  const here = others(session);
  const owner = here.find((one) => one.owner) ?? here[0];
  if (!owner) return null;
  const professionals = here.filter((one) => one.role === "professional" && one !== owner);
  return (
    <section class="p-people" data-testid="panel-people">
      <Icon node={Headset} />
      <p>
        {owner.role === "professional" ? t("professional", { name: owner.name }) : t("with", { name: owner.name })}
        {professionals.map((one) => (
          <span key={one.id} class="pill pill-help">
            {t("professional", { name: one.name })}
          </span>
        ))}
        {session.room && session.room.notice !== "" && (
          <span class="pill pill-help" role="status">
            {t(NOTICES[session.room.notice], { to: session.room.passing_to })}
          </span>
        )}
      </p>
    </section>
  );
}

function Room({
  panel,
  state,
  client,
  session,
  pictures,
  token,
  onEnd,
}: {
  panel: Panel;
  state: PanelState;
  client: Client;
  session: SessionView;
  pictures: Pictures;
  token: string;
  onEnd: () => void;
}) {
  const active = screenOf(session) === "room";
  const board = usePanelBoard(client, session);
  return (
    <>
      {active && <People session={session} />}
      {session.state === "asleep" && (
        <p class="notice" role="status" data-testid="panel-asleep">
          {t("asleep")}
        </p>
      )}
      {active && session.mail !== null && <Reach session={session} token={token} />}
      {["waiting", "active", "asleep"].includes(session.state) && session.push !== null && (
        <PushMe session={session} token={token} onAsk={() => panel.askForPush()} />
      )}
      {board.open && board.show && <div class="p-talk-board">{board.show(pictures)}</div>}
      <div class="p-talk-chat">
        <Chat client={client} session={session} pictures={pictures} />
      </div>
      <div class="p-talk-tools">
        {state.partner && state.info?.own_past && (
          <IconButton
            icon={History}
            label={t("past")}
            kind="quiet"
            data-testid="panel-past"
            onClick={() => panel.showPast(true)}
          />
        )}
        {session.state === "active" && session.site.channels.includes("voice") && (
          <Button kind="quiet" icon={Mic} title={t("voice.add")} data-testid="panel-add-voice" onClick={() => panel.addVoice()}>
            <span class="p-talk-voice">{t("voice.add")}</span>
          </Button>
        )}
        {board.show && (
          <IconButton
            icon={Presentation}
            label={roomText(board.open ? "board.close" : "board.open")}
            kind="quiet"
            pressed={board.open}
            data-testid="panel-board"
            onClick={board.toggle}
          />
        )}
        <FindButton session={session.id} />
        <Elsewhere client={client} session={session} />
        <IconButton icon={active ? PhoneOff : LogOut} label={t("end")} kind="quiet" data-testid="panel-end" onClick={onEnd} />
      </div>
    </>
  );
}

/** Ends a session in which no conversation has begun, because the visitor went back from the form for a message or a callback.
 *  Returns to the greeting. */
function giveUp(panel: Panel, client: Client, session: SessionView): void {
  void client.connection
    .request({ type: "leave", session: session.id })
    .catch(() => undefined)
    .then(() => panel.anew());
}

function EndDialog({ client, session, onClose }: { client: Client; session: SessionView; onClose: () => void }) {
  const end = () => {
    client.connection.request({ type: "leave", session: session.id }).catch(() => undefined);
    onClose();
  };
  return (
    <Dialog title={t("end.ask")} closeLabel={t("close")} onClose={onClose}>
      <div class="p-row">
        <Button kind="plain" onClick={onClose}>
          {t("end.stay")}
        </Button>
        <Button kind="danger" data-testid="panel-end-yes" onClick={end}>
          {t("end")}
        </Button>
      </div>
    </Dialog>
  );
}

/** Sends the text of the folded panel's pill to the widget. Lines that arrive while the panel is open count as read. */
function usePill(panel: Panel, state: PanelState, client: Client, session: SessionView | undefined): void {
  const lines = useStore(client.state, (room) => room.lines[session?.id ?? ""]) ?? [];
  const [seen, setSeen] = useState<number | null>(null);
  const last = lines.at(-1)?.seq ?? 0;
  useEffect(() => {
    if (!state.folded || seen === null) setSeen(last);
  }, [state.folded, last]);
  const live = session !== undefined && screenOf(session) !== "after";
  const count = session && state.folded ? unread(lines, session.you, seen ?? last) : 0;
  const words = session && state.folded ? pillText(session, count) : "";
  const stage = session ? stageOf(session) : "";
  useEffect(() => {
    if (session) panel.status(words, live, stage, count);
  }, [words, live, stage, count, session === undefined]);
}

/** Makes a sound when a line arrives or a counselor accepts, while the panel is folded or its tab is hidden. */
function useChime(state: PanelState, client: Client, session: SessionView | undefined): void {
  const lines = useStore(client.state, (room) => room.lines[session?.id ?? ""]) ?? [];
  const heard = useRef(serverNow(client.state.get(), Date.now()));
  const newest = session ? newestAt(lines, session) : 0;
  useEffect(() => {
    if (newest <= heard.current) return;
    heard.current = newest;
    if (!state.muted && (state.folded || document.hidden))
      void import("./chime").then(({ chime }) => chime()).catch(() => undefined);
  }, [newest]);
}

const HEADS: Record<
  Exclude<Screen, "after" | "closed" | "callback" | "called">,
  (props: {
    client: Client;
    session: SessionView;
    onMessage: () => void;
    onCallback: () => void;
    onFold: () => void;
  }) => ReturnType<typeof Waiting> | null
> = {
  waiting: Waiting,
  lost: OwnerLost,
  room: () => null,
};

export function Talk({ panel, state, client, kept }: { panel: Panel; state: PanelState; client: Client; kept: Kept }) {
  const session = useStore(client.state, (room) => room.sessions[kept.session]);
  const status = useStore(client.state, (room) => room.status);
  const closedReason = useStore(client.state, (room) => room.closedReason);
  const replaced = useStore(client.state, (room) => room.replaced[kept.session]);
  const [instead, setInstead] = useState<"" | "message" | "callback">("");
  const [ending, setEnding] = useState(false);
  const pictures = useMemo(() => new Pictures(kept.token), [kept.token]);
  useEffect(() => () => pictures.close(), [pictures]);
  usePill(panel, state, client, session);
  useChime(state, client, session);
  if (state.away || replaced || (status === "closed" && closedReason === "replaced"))
    return <Replaced panel={panel} away={state.away} />;
  if (!session)
    return (
      <div class="p-scroll p-skeletons" aria-busy="true">
        {[1, 2, 3].map((one) => (
          <div key={one} class="skeleton" />
        ))}
      </div>
    );
  const screen = screenOf(session);
  if (screen === "after") return <After client={client} session={session} token={kept.token} onNew={() => panel.next()} />;
  const leaveMessage = () => {
    if (session.choices.includes("message") && screen === "lost") choose(client, session, "message");
    setInstead("message");
  };
  if (screen === "called") return <Called panel={panel} client={client} session={session} />;
  const early = session.state === "preparing" && kept.purpose !== "talk" ? kept.purpose : "";
  if (screen === "callback" || (screen !== "room" && (instead || early) === "callback")) {
    return (
      <div class="p-scroll">
        {screen === "callback" ? (
          <CalledBack client={client} session={session} />
        ) : (
          <AskCallback
            client={client}
            session={session}
            onBack={instead ? () => setInstead("") : () => giveUp(panel, client, session)}
            onDone={() => setInstead("")}
          />
        )}
      </div>
    );
  }
  const callback = () => setInstead("callback");
  const offered = session.opening?.callbacks === true;
  if (screen === "closed" || early === "message")
    return (
      <MessageForm
        client={client}
        session={session}
        lead={screen === "closed" ? closedText(session.opening) : ""}
        written={state.typed.note}
        onCallback={offered ? callback : null}
        onBack={() => giveUp(panel, client, session)}
      />
    );
  if (instead === "message")
    return <MessageForm client={client} session={session} written={state.typed.note} onBack={() => setInstead("")} />;
  const Head = HEADS[screen];
  return (
    <div class="p-talk" data-testid="panel-talk">
      {status === "reconnecting" && (
        <p class="notice notice-warn" role="status" data-testid="panel-reconnecting">
          {t("reconnecting")}
        </p>
      )}
      <Failure text={state.refusal && refusalText(state.refusal)} />
      {state.blocked && (
        <p class="notice notice-warn" role="alert">
          {t("window.blocked")}{" "}
          <Button kind="plain" onClick={() => panel.addVoice()}>
            {t("window.open")}
          </Button>
        </p>
      )}
      <Head client={client} session={session} onMessage={leaveMessage} onCallback={callback} onFold={() => panel.fold()} />
      <Room
        panel={panel}
        state={state}
        client={client}
        session={session}
        pictures={pictures}
        token={kept.token}
        onEnd={() => setEnding(true)}
      />
      {ending && <EndDialog client={client} session={session} onClose={() => setEnding(false)} />}
    </div>
  );
}
