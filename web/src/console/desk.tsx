import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Audience, SessionView, StaffMe } from "../messages";
import { Client } from "../room/client";
import { Pictures } from "../room/pictures";
import { Captions } from "../room/captions/lazy";
import { Guests } from "../room/guests/lazy";
import { optional } from "../room/lazy";
import { RecordingBar } from "../room/recording-bar";
import type { RoomLink } from "../room/room-link";
import { type RoomState, withGuests } from "../room/state";
import { locale, toast, useLocale, useStore } from "../ui";
import { makeActions, type Actions } from "./actions";
import { ringer, useAlerts, useRingerReady } from "./alerts";
import { ApiError, signOut } from "../staff/api";
import { ConnectionBand } from "../staff/bands";
import { Bar } from "./bar";
import { callsBack } from "./callback";
import { BriefCard } from "../staff/brief";
import { useNow } from "../staff/clock";
import { deskKeys, type Open } from "./desk-keys";
import { EndDialog, HandOverDialog, KeysDialog, LeaveDialog } from "./dialogs";
import { HelpDialog } from "./help";
import { Idle } from "./idle";
import { Lane } from "./lane";
import { useLayout } from "./layouts";
import { layoutKey } from "./logic/layout";
import { waitsSince } from "./logic/news";
import { shown, upgrades, type Call } from "./logic/ringing";
import { Modes, type Planned } from "./modes";
import { userOf } from "../staff/names";
import { mentionInbox, type Inbox } from "./mentions/inbox";
import { Mentions } from "./mentions/mentions";
import { ReadAlong } from "./mentions/read-along";
import { useAutosaved } from "./notes";
import { askPermission, permission } from "./notify";
import { usePressed } from "./pressed";
import { Reading } from "./reading";
import { Incoming } from "./ring";
import { Room } from "./room";
import { Account } from "../staff/account/account";
import { Settings } from "./settings";
import { standing } from "./standing";
import { Tabs, type Tab } from "./tabs";
import { t, textOr } from "../staff/texts";
import { MissedBand, TopBar } from "./top-bar";
import { Splitter } from "./splitter";
import { TransferDialog } from "./transfer";
import { PersonCard } from "./person/person-card";
import { WrapUp } from "./wrapup";
import { isWriting } from "./writing";
import { useAwayAfter } from "./use-away-after";
import { useKeys } from "./use-keys";
import { useHoldElsewhere, useRoom, useSessions } from "./use-sessions";
import { useNews, useTitle } from "./use-news";
import { useView } from "./use-view";

const UpdateBand = optional(
  () => import("./standby/bands"),
  (module) => module.UpdateBand,
);

interface DeskProps {
  /** Called when the person has been signed out. `because`: the reason, which the sign-in page shows. */
  onSignedOut: (because: string) => void;
}

/** The signed-in console. This component holds one connection to the server for as long as it is shown. */
export function Desk({ onSignedOut }: DeskProps) {
  const client = useMemo(() => new Client({ locale: locale() }), []);
  const inbox = useMemo(() => mentionInbox(client), [client]);
  useEffect(() => {
    client.open();
    return () => client.close();
  }, [client]);
  const state = useStore(client.state);
  const over = state.status === "closed" && (state.closedReason === "signed_out" || state.closedReason === "token");
  useEffect(() => {
    if (over) onSignedOut(t("signin.signed_out"));
  }, [over]);
  if (state.staff === null) return <Opening status={state.status} />;
  return <Signed client={client} inbox={inbox} state={state} me={state.staff} onSignedOut={onSignedOut} />;
}

function Opening({ status }: { status: RoomState["status"] }) {
  return (
    <main class="opening" aria-busy="true">
      <ConnectionBand status={status} />
      <div class="skeleton opening-lane" />
      <div class="skeleton opening-room" />
      <div class="skeleton opening-side" />
    </main>
  );
}

interface SignedProps extends DeskProps {
  client: Client;
  inbox: Inbox;
  state: RoomState;
  me: StaffMe;
}

function Signed({ client, inbox, state, me, onSignedOut }: SignedProps) {
  useLocale();
  const now = useNow(state.clockOffset, state.rings.length > 0 ? 200 : 1000);
  const actions = useMemo(() => makeActions((message) => client.connection.request(message)), [client]);
  const pictures = useMemo(() => new Pictures(), []);
  useEffect(() => () => pictures.close(), [pictures]);
  const [tab, setTab] = useState<Tab>("lane");
  const sessions = useSessions(state, me, tab === "chat" || !isPhone());
  const session = sessions.current;
  const link = useRoom(client, session);
  const [taking, setTaking] = useState("");
  useHoldElsewhere(client, state, sessions, taking);
  const viewing = useView(session, link);
  const working = viewing.view !== "chat" && session?.state === "active";
  const layout = useLayout(layoutKey(session?.channel ?? "text", me.role, working));
  const [open, setOpen] = useState<Open>(null);
  const [planned, setPlanned] = useState<Planned | null>(null);
  const [audience, setAudience] = useState<Audience>("all");
  const [silenced, setSilenced] = useState("");
  const [declining, setDeclining] = useState("");
  const calls: Call[] = [...state.rings, ...upgrades(sessions.list.filter((one) => !(one.id in state.replaced)))];
  const ring = shown(calls.filter((one) => one.expires_at > now));
  const soundReady = useRingerReady();
  useAlerts(ring, silenced);
  useNews(sessions, calls.length);
  useAutosaved(client, state);
  const away = useAwayAfter(me);
  useTitle(sessions, ring !== null);
  useRingOverToasts(state);
  useEffect(() => {
    void import("./standby/standby").then((standby) => standby.begin(me.id)).catch(() => undefined);
  }, [me.id]);
  const mine = standing(session, state.replaced);
  const { live, owner, reading, mayAsk, mayHold, joined } = mine;
  const help = session?.help ?? null;

  useEffect(() => {
    setPlanned(null);
    setAudience("all");
    setOpen((was) => (was === "settings" || was === "account" || was === "keys" ? was : null));
  }, [session?.id]);
  useEffect(() => {
    if (session !== null) setTab(reading ? "work" : "chat");
  }, [session?.id, session?.state, reading]);
  useEffect(() => setPlanned(null), [help?.mode, help?.hear_user]);
  usePageOpens(session, () => owner && isPhone() && !isWriting() && setTab("work"));

  const changeState = (to: "available" | "away") => {
    if (to === "available" && permission() === "default") void askPermission();
    void actions.setState(to);
  };
  const end = () => {
    if (session === null || !live) return;
    if (!owner) setOpen("leave");
    else if (userOf(session)?.presence === "here") setOpen("end");
    else void actions.leave(session.id);
  };
  const choose = (id: string) => {
    sessions.choose(id);
    setTab("chat");
  };
  /** Accepts a ringing request and opens its conversation. */
  const accept = async (call: Call) => {
    setTaking(call.session);
    const taken =
      call.kind === "upgrade" ? await actions.answerUpgrade(call.session, true) : await actions.accept(call.reservation);
    if (taken && call.kind === "upgrade") choose(call.session);
    else if (taken) sessions.choose(call.session); // when the accepted session arrives, the console shows its conversation
    setTaking("");
  };
  usePressed(state.rings, state.status === "open", accept);
  const decline = (call: Call) =>
    call.kind === "upgrade" ? void actions.answerUpgrade(call.session, false) : setDeclining(call.reservation);
  const setHold = (on: boolean) => session !== null && void actions.hold(session.id, on);
  const openTab = (to: Tab) => {
    if (to === "work" && viewing.view === "chat") viewing.choose("both");
    setTab(to);
  };
  const { lane, people, work } = layout.panes;
  const side = joined || session?.state === "after" ? Math.max(SHOWS_FORM, layout.panes.side) : layout.panes.side;
  const onAgain = mayAsk ? () => setOpen(help?.transfer ? "transfer" : "help") : null;
  const setters = {
    onOpen: setOpen,
    onTab: setTab,
    onPlan: setPlanned,
    onAudience: setAudience,
    onSilence: setSilenced,
    onAccept: accept,
    onDecline: decline,
  };
  useKeys(
    deskKeys({
      me,
      ring,
      sessions,
      standing: mine,
      link,
      viewing,
      layout,
      audience,
      planned,
      actions,
      ...setters,
      onState: changeState,
      onChoose: choose,
      onEnd: end,
    }),
  );

  const hold =
    owner && live && session?.room?.media === true ? { held: session.room.held, allowed: mayHold, onHold: setHold } : null;
  const board = {
    open: working && viewing.work === "board" && (tab === "work" || !isPhone()),
    onToggle: () => {
      if (isPhone() && working && viewing.work === "board") setTab(tab === "work" ? "chat" : "work");
      else {
        viewing.toggleBoard();
        setTab("work");
      }
    },
  };
  const page = {
    open: working && viewing.work === "page" && (tab === "work" || !isPhone()),
    onToggle: () => {
      if (isPhone() && working && viewing.work === "page") setTab(tab === "work" ? "chat" : "work");
      else {
        viewing.togglePage();
        setTab("work");
      }
    },
  };
  const style = { "--lane": `${lane}px`, "--side": `${side}px`, "--people": `${people}px`, "--work": work };
  const mentions = useStore(inbox);
  const { waiting = [], more = 0, callbacks = [], messages = [] } = state.queue;
  return (
    <div
      class="desk"
      style={style}
      data-tab={working || reading || tab !== "work" ? tab : "chat"}
      data-reading={reading || undefined}
      data-session={session !== null || undefined}
      data-folded={(side === 0 && !reading) || undefined}
    >
      <TopBar
        me={me}
        now={now}
        onState={changeState}
        onSettings={() => setOpen("settings")}
        onKeys={() => setOpen("keys")}
        onSignOut={() => leaveDesk(onSignedOut)}
      />
      <div class="bands">
        <ConnectionBand status={state.status} />
        <MissedBand me={me} onState={changeState} />
        <UpdateBand />
        {session !== null && <RecordingBar client={client} session={session} />}
        {session?.captions && <Captions client={client} session={session} />}
        {session && withGuests(session) && <Guests client={client} session={session} />}
        {!soundReady && me.state === "available" && <p class="notice band">{t("ring.sound.blocked")}</p>}
      </div>
      <Lane
        role={me.role === "professional" ? "professional" : "counselor"}
        my_id={me.id}
        queue={waiting}
        more={more}
        callbacks={callbacks}
        messages={messages}
        sessions={sessions.list}
        chosen={session?.id ?? ""}
        fresh={sessions.fresh}
        waits={(one) => waitsSince(one, state.lines[one.id] ?? [])}
        now={now}
        actions={actions}
        onChoose={choose}
        onPointer={sessions.onPointer}
        mentions={<Mentions inbox={inbox} />}
      />
      {!reading && <Splitter pane="lane" layout={layout} sign={1} />}
      {session === null ? (
        <Idle me={me} onState={changeState} onTest={() => setOpen("settings")} />
      ) : (
        <>
          <Room
            key={session.id}
            {...{ client, link, session, state, pictures, now, viewing, layout, hold, audience, actions, onAgain }}
            onAudience={setAudience}
            onBack={() => setTab("chat")}
          />
          {!reading && <Splitter pane="side" layout={layout} sign={-1} />}
          <aside class="side">
            {reading && <Reading session={session} now={now} actions={actions} onLeave={() => setOpen("leave")} />}
            {joined && help !== null && (
              <Modes
                session={session}
                help={help}
                planned={planned}
                actions={actions}
                onPlan={setPlanned}
                onHandOver={owner ? () => setOpen("hand_over") : null}
              />
            )}
            <div class="side-brief">
              <BriefCard
                brief={session.brief && { ...session.brief, earlier_sessions: [] } /* `PersonCard` shows the earlier sessions */}
                site={session.site.name}
                category={session.category.name}
                language={session.language}
                since={live ? session.started_at : undefined}
              />
              <PersonCard key={session.id} session={session.id} />
            </div>
            <WrapUp key={session.id} {...{ client, session, me, now, away, actions }} />
          </aside>
          {live && !reading && (
            <Bar
              link={link}
              session={session}
              board={board}
              page={page}
              owner={owner}
              mayAsk={mayAsk}
              mayHold={mayHold}
              onHold={setHold}
              onSleep={session.channel === "text" && !callsBack(session) ? () => void actions.sleep(session.id) : null}
              onHelp={() => setOpen("help")}
              onTransfer={() => setOpen("transfer")}
              onEnd={end}
            />
          )}
        </>
      )}
      <Tabs
        tab={tab}
        session={session}
        fresh={sessions.fresh}
        waiting={waiting.length + mentions.length}
        work={working || reading ? (reading ? "board" : viewing.work) : null}
        onTab={openTab}
      />
      <ReadAlong client={client} />
      {ring !== null && (
        <Incoming
          key={ring.reservation}
          ring={ring}
          now={now}
          muted={silenced === ring.reservation}
          declining={declining === ring.reservation}
          actions={actions}
          onAccept={() => accept(ring)}
          onDeclining={(on) => (on ? decline(ring) : setDeclining(""))}
          onMute={() => setSilenced(ring.reservation)}
        />
      )}
      <Dialogs
        open={open}
        me={me}
        session={live ? session : null}
        mayAsk={mayAsk}
        link={link}
        actions={actions}
        onAccount={() => setOpen("account")}
        onClose={() => setOpen(null)}
      />
    </div>
  );
}

const SHOWS_FORM = 300; // px; least width of the pane `side` while this pane shows who hears whom or the wrap-up

/** Returns whether the page is so narrow that it shows only one part of the console at a time. The style sheets use the same
 *  width. */
const isPhone = () => matchMedia("(max-width: 900px)").matches;

/** Calls `open` when the visitor agrees to show the page that the counselor has asked to see. */
function usePageOpens(session: SessionView | null, open: () => void): void {
  const id = session?.id ?? "";
  const sees = session?.cobrowse?.may_see === true;
  const without = useRef(""); // at the effect's last run: the id of the session if its visitor showed no page; otherwise ""
  useEffect(() => {
    if (sees && without.current === id) open();
    without.current = sees ? "" : id;
  }, [id, sees]);
}

function leaveDesk(onSignedOut: DeskProps["onSignedOut"]): void {
  void signOut().then(
    () => onSignedOut(t("signin.signed_out")),
    (error: unknown) => {
      if (error instanceof ApiError && error.reason === "busy") toast(t("signin.busy"));
      else onSignedOut(t("signin.signed_out")); // if the server cannot be reached, the sign-in page says so
    },
  );
}

interface DialogsProps {
  open: Open;
  me: StaffMe;
  session: SessionView | null;
  mayAsk: boolean;
  link: RoomLink | null;
  actions: Actions;
  onAccount: () => void;
  onClose: () => void;
}

function Dialogs({ open, me, session, mayAsk, link, actions, onAccount, onClose }: DialogsProps) {
  if (open === "keys") return <KeysDialog onClose={onClose} />;
  if (open === "settings") {
    return <Settings me={me} actions={actions} link={link} ringer={ringer} onAccount={onAccount} onClose={onClose} />;
  }
  if (open === "account") return <Account onClose={onClose} />;
  if (session === null || open === null) return null;
  const asked = { session, actions, onClose };
  if (open === "end") return <EndDialog {...asked} />;
  if (open === "leave") return <LeaveDialog {...asked} />;
  if (open === "hand_over") return <HandOverDialog {...asked} />;
  if (open === "transfer") return mayAsk ? <TransferDialog {...asked} /> : null;
  return mayAsk ? <HelpDialog {...asked} subjects={session.categories} /> : null;
}

/** Says in a toast why a call stopped ringing, unless this person ended the ringing. */
function useRingOverToasts({ lastRingOver }: RoomState): void {
  const told = useRef(lastRingOver);
  useEffect(() => {
    if (lastRingOver === null || lastRingOver === told.current) return;
    told.current = lastRingOver;
    const words = textOr(`ring.over.${lastRingOver.reason}`, "");
    if (words !== "") toast(words);
  }, [lastRingOver]);
}
