import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Audience, StaffMe } from "../messages";
import { Client } from "../room/client";
import { Pictures } from "../room/pictures";
import { viewer, type RoomState } from "../room/state";
import { locale, toast, useLocale, useStore } from "../ui";
import { makeActions } from "./actions";
import { ringer, useAlerts, useRingerReady } from "./alerts";
import { signOut } from "./api";
import { ConnectionBand } from "./bands";
import { BriefCard } from "./brief";
import { useNow } from "./clock";
import { Bar } from "./bar";
import { EndDialog, HandOverDialog, KeysDialog, LeaveDialog } from "./dialogs";
import { HelpDialog } from "./help";
import { Idle } from "./idle";
import { Lane } from "./lane";
import { mayAskHelp } from "./logic/hunt";
import type { Action } from "./logic/keys";
import { neighbour, nextState } from "./logic/queue";
import { shown } from "./logic/ringing";
import { isChange, Modes, MODES, type Planned } from "./modes";
import { amReading, userOf } from "./names";
import { Notes } from "./notes";
import { askPermission, permission } from "./notify";
import { prefs, setPrefs, type View } from "./prefs";
import { Reading } from "./reading";
import { Incoming } from "./ring";
import { Room } from "./room";
import { Settings } from "./settings";
import { Tabs, type Tab } from "./tabs";
import { t, textOr } from "./texts";
import { MissedBand, TopBar } from "./topbar";
import { useKeys } from "./usekeys";
import { useRoom, useSessions } from "./usesessions";

type Open = "keys" | "settings" | "help" | "end" | "leave" | "hand_over" | null;

const VIEWS: readonly View[] = ["stage", "board", "both"];
const focusOn = (selector: string) => document.querySelector<HTMLElement>(selector)?.focus();

interface DeskProps {
  /** Back to the sign-in, with the reason to show there. */
  onSignedOut: (because: string) => void;
}

/** The signed-in console: one connection to the server for as long as it is shown. */
export function Desk({ onSignedOut }: DeskProps) {
  const client = useMemo(() => new Client({ locale: locale() }), []);
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
  return <Signed client={client} state={state} me={state.staff} onSignedOut={onSignedOut} />;
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
  state: RoomState;
  me: StaffMe;
}

function Signed({ client, state, me, onSignedOut }: SignedProps) {
  useLocale();
  const now = useNow(state.clockOffset, state.rings.length > 0 ? 200 : 1000);
  const actions = useMemo(() => makeActions((message) => client.connection.request(message)), [client]);
  const pictures = useMemo(() => new Pictures(), []);
  useEffect(() => () => pictures.close(), [pictures]);
  const sessions = useSessions(state, me);
  const session = sessions.current;
  const link = useRoom(client, session);
  const { view } = useStore(prefs);
  const [open, setOpen] = useState<Open>(null);
  const [tab, setTab] = useState<Tab>("lane");
  const [planned, setPlanned] = useState<Planned | null>(null);
  const [audience, setAudience] = useState<Audience>("all");
  const [silenced, setSilenced] = useState("");
  const [declining, setDeclining] = useState("");
  const ring = shown(state.rings.filter((one) => one.expires_at > now));
  const soundReady = useRingerReady();
  useAlerts(ring, silenced);
  useRingOverToasts(state);

  const role = me.role === "professional" ? "professional" : "counselor";
  const you = viewer(session ?? undefined);
  const owner = you?.owner === true;
  const help = session?.help ?? null;
  const reading = session !== null && amReading(session);
  const live = session?.state === "active" && !(session.id in state.replaced);
  const mayAsk = session !== null && live && mayAskHelp(me.role, owner, help);
  const joined = live && help?.state === "joined";

  useEffect(() => {
    setPlanned(null);
    setAudience("all");
    if (session !== null) setTab("room");
  }, [session?.id]);
  useEffect(() => setPlanned(null), [help?.mode, help?.hear_user]);

  const changeState = (to: "available" | "away") => {
    if (to === "available" && permission() === "default") void askPermission();
    void actions.setState(to);
  };
  const leave = () => {
    if (session === null || !live) return;
    const userThere = userOf(session)?.presence === "here";
    if (!owner) setOpen("leave");
    else if (userThere) setOpen("end");
    else void actions.leave(session.id);
  };
  const choose = (id: string) => {
    sessions.choose(id);
    setTab("room");
  };
  const goTo = (where: Tab, selector: string) => {
    setTab(where);
    setTimeout(() => focusOn(selector));
  };
  const devices = link?.devices;

  const keys: Partial<Record<Action, () => void>> = {
    keys: () => setOpen("keys"),
    settings: () => setOpen("settings"),
    state: () => {
      const to = nextState(me);
      if (to !== null) changeState(to);
    },
    messages: () => goTo("lane", "#messages"),
    next_session: () => choose(neighbour(sessions.list, session?.id ?? "", 1)),
    previous_session: () => choose(neighbour(sessions.list, session?.id ?? "", -1)),
  };
  if (ring !== null) {
    keys.accept = () => void actions.accept(ring.reservation);
    keys.decline = () => setDeclining(ring.reservation);
    keys.mute_ring = () => setSilenced(ring.reservation);
  }
  if (live) {
    keys.chat = () => goTo("chat", '[data-testid="chat-input"]');
    keys.audience = () => setAudience(audience === "all" ? "staff" : "all");
    keys.notes = () => goTo("brief", '[data-testid="notes"]');
    keys.view = () => setPrefs({ view: VIEWS[(VIEWS.indexOf(view) + 1) % VIEWS.length] });
    if (owner) keys.end = leave;
    else keys.leave = leave;
  }
  if (devices && session?.room?.media && !reading) {
    keys.mic = () => void devices.toggle("mic", !devices.state.get().mic.on);
    keys.camera = () => void devices.toggle("camera", !devices.state.get().camera.on);
    keys.screen = () => (devices.state.get().screen.on ? devices.stopScreen() : void devices.shareScreen());
  }
  if (mayAsk) keys.help = () => setOpen("help");
  else if (session && owner && (help?.state === "asking" || help?.state === "catching_up")) keys.help = () => void actions.cancelHelp(session.id);
  if (session && reading) keys.join = () => void actions.join(session.id);
  if (joined && help.mode !== null) {
    const now_ = planned ?? { mode: help.mode, hear_user: help.hear_user };
    for (const mode of MODES) {
      keys[mode] = () => {
        setPlanned({ mode, hear_user: mode === help.mode && help.hear_user });
        goTo("room", '[data-testid="mode-apply"]');
      };
    }
    keys.hear_user = () => now_.mode === "consultation" && setPlanned({ mode: "consultation", hear_user: !now_.hear_user });
    if (owner && help.mode === "conference") keys.hand_over = () => setOpen("hand_over");
  }
  if (ring === null && session !== null && help !== null && joined && isChange(planned, help)) {
    keys.accept = () => void actions.setMode(session.id, planned.mode, planned.hear_user);
  }
  useKeys(keys);

  const close = () => setOpen(null);
  return (
    <div class="desk" data-tab={tab} data-reading={reading || undefined} data-session={session !== null || undefined}>
      <TopBar
        me={me}
        now={now}
        onState={changeState}
        onSettings={() => setOpen("settings")}
        onKeys={() => setOpen("keys")}
        onSignOut={() => void signOut().catch(() => undefined).then(() => onSignedOut(t("signin.signed_out")))}
      />
      <div class="bands">
        <ConnectionBand status={state.status} />
        <MissedBand me={me} onState={changeState} />
        {!soundReady && me.state === "available" && <p class="notice band">{t("ring.sound.blocked")}</p>}
      </div>
      <Lane
        role={role}
        my_id={me.id}
        queue={state.queue.waiting ?? []}
        messages={state.queue.messages ?? []}
        sessions={sessions.list}
        chosen={session?.id ?? ""}
        fresh={sessions.fresh}
        now={now}
        actions={actions}
        onChoose={choose}
      />
      {session === null ? (
        <Idle me={me} onState={changeState} onTest={() => setOpen("settings")} />
      ) : (
        <>
          <Room
            key={session.id}
            client={client}
            link={link}
            session={session}
            state={state}
            pictures={pictures}
            now={now}
            view={view}
            audience={audience}
            actions={actions}
            onAudience={setAudience}
            onAgain={mayAsk ? () => setOpen("help") : null}
          />
          <aside class="side">
            {reading && <Reading session={session} now={now} actions={actions} onLeave={() => setOpen("leave")} />}
            {joined && (
              <Modes session={session} help={help} planned={planned} actions={actions} onPlan={setPlanned} onHandOver={owner ? () => setOpen("hand_over") : null} />
            )}
            <div class="side-brief">
              <BriefCard brief={session.brief} site={session.site.name} category={session.category.name} language={session.language}>
                {session.state !== "after" && <Notes session={session.id} />}
              </BriefCard>
            </div>
          </aside>
          {live && !reading && (
            <Bar link={link} session={session} view={view} owner={owner} mayAsk={mayAsk} onHelp={() => setOpen("help")} onEnd={leave} />
          )}
        </>
      )}
      <Tabs tab={tab} session={session} fresh={Object.values(sessions.fresh).reduce((sum, n) => sum + n, 0)} waiting={(state.queue.waiting ?? []).length} onTab={setTab} />
      {ring !== null && (
        <Incoming
          key={ring.reservation}
          ring={ring}
          now={now}
          muted={silenced === ring.reservation}
          declining={declining === ring.reservation}
          actions={actions}
          onDeclining={(on) => setDeclining(on ? ring.reservation : "")}
          onMute={() => setSilenced(ring.reservation)}
        />
      )}
      {open === "keys" && <KeysDialog onClose={close} />}
      {open === "settings" && <Settings link={link} ringer={ringer} onClose={close} />}
      {session !== null && live && (
        <>
          {open === "help" && mayAsk && <HelpDialog session={session} subjects={session.categories} actions={actions} onClose={close} />}
          {open === "end" && <EndDialog session={session} actions={actions} onClose={close} />}
          {open === "leave" && <LeaveDialog session={session} actions={actions} onClose={close} />}
          {open === "hand_over" && <HandOverDialog session={session} actions={actions} onClose={close} />}
        </>
      )}
    </div>
  );
}

/** Says why a ring stopped, when it was not I who ended it. */
function useRingOverToasts({ lastRingOver }: RoomState): void {
  const told = useRef(lastRingOver);
  useEffect(() => {
    if (lastRingOver === null || lastRingOver === told.current) return;
    told.current = lastRingOver;
    const words = textOr(`ring.over.${lastRingOver.reason}`, "");
    if (words !== "") toast(words);
  }, [lastRingOver]);
}
