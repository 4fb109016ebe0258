/** Builds the table that says what each action's key does now. Each function of this file returns the keys of one group. */
import type { Audience, HelpView, SessionView, StaffMe } from "../messages";
import { finding } from "../room/finding";
import type { RoomLink } from "../room/room-link";
import type { Actions } from "./actions";
import type { Action } from "./logic/keys";
import type { Call } from "./logic/ringing";
import { neighbour, nextState } from "./logic/queue";
import { isChange, mayHandOver, MODES, type Planned } from "./modes";
import type { Standing } from "./standing";
import type { Layout } from "./layouts";
import { VIEWS } from "./logic/layout";
import type { Tab } from "./tabs";
import type { Sessions } from "./use-sessions";
import type { Viewing } from "./use-view";

export type Open = "keys" | "settings" | "account" | "help" | "transfer" | "end" | "leave" | "hand_over" | null;

export interface DeskState {
  me: StaffMe;
  ring: Call | null;
  sessions: Sessions;
  standing: Standing;
  link: RoomLink | null;
  viewing: Viewing;
  layout: Layout;
  audience: Audience;
  planned: Planned | null;
  actions: Actions;
  onOpen: (open: Open) => void;
  onTab: (tab: Tab) => void;
  onPlan: (planned: Planned | null) => void;
  onAudience: (audience: Audience) => void;
  onSilence: (reservation: string) => void;
  onAccept: (call: Call) => Promise<void>;
  onDecline: (call: Call) => void;
  onState: (state: "available" | "away") => void;
  onChoose: (session: string) => void;
  onEnd: () => void;
}

type Keys = Partial<Record<Action, () => void>>;

function goTo(desk: DeskState, tab: Tab, selector: string): void {
  desk.onTab(tab);
  // The tab is rendered in an earlier microtask, so the field exists when this code runs. The field gets the focus before the
  // person presses the next key.
  queueMicrotask(() => document.querySelector<HTMLElement>(selector)?.focus());
}

function find(desk: DeskState, session: string): void {
  if (desk.viewing.view === "board") desk.viewing.choose("both");
  finding.set(session);
  goTo(desk, "chat", '[data-testid="find"]');
}

function consoleKeys(desk: DeskState): Keys {
  const { me, sessions } = desk;
  const here = sessions.current?.id ?? "";
  return {
    keys: () => desk.onOpen("keys"),
    settings: () => desk.onOpen("settings"),
    state: () => {
      const to = nextState(me);
      if (to !== null) desk.onState(to);
    },
    messages: () => goTo(desk, "lane", "#messages"),
    next_session: () => desk.onChoose(neighbour(sessions.list, here, 1)),
    previous_session: () => desk.onChoose(neighbour(sessions.list, here, -1)),
    ...(here === "" ? {} : { find: () => find(desk, here) }),
  };
}

function ringKeys({ ring, onAccept, onDecline, onSilence }: DeskState): Keys {
  if (ring === null) return {};
  return {
    accept: () => void onAccept(ring),
    accept_writing: () => void onAccept(ring),
    decline: () => onDecline(ring),
    mute_ring: () => onSilence(ring.reservation),
  };
}

function roomKeys(desk: DeskState): Keys {
  const { standing, sessions, actions, viewing, layout, audience, onAudience, onEnd } = desk;
  const session = sessions.current;
  if (session === null || !standing.live) return {};
  return {
    ...(standing.mayHold ? { hold: () => void actions.hold(session.id, session.room?.held !== true) } : {}),
    chat: () => goTo(desk, "chat", '[data-testid="chat-input"]'),
    audience: () => onAudience(audience === "all" ? "staff" : "all"),
    notes: () => goTo(desk, "brief", '[data-testid="notes"]'),
    view: () => viewing.choose(VIEWS[(VIEWS.indexOf(viewing.view) + 1) % VIEWS.length]!),
    side: () => layout.foldSide(),
    [standing.owner ? "end" : "leave"]: onEnd,
  };
}

function mediaKeys({ link, standing, sessions }: DeskState): Keys {
  if (link === null || standing.reading || sessions.current?.room?.media !== true) return {};
  const { devices } = link;
  return {
    mic: () => void devices.toggle("mic", !devices.state.get().mic.on),
    camera: () => void devices.toggle("camera", !devices.state.get().camera.on),
    screen: () => (devices.state.get().screen.on ? devices.stopScreen() : void devices.shareScreen()),
  };
}

function helpKeys(desk: DeskState): Keys {
  const { standing, sessions, actions, onOpen } = desk;
  const session = sessions.current;
  if (session === null || !standing.live) return {};
  if (standing.mayAsk) return { help: () => onOpen("help"), transfer: () => onOpen("transfer") };
  if (standing.reading) return { join: () => void actions.join(session.id) };
  const hunting = session.help?.state === "asking" || session.help?.state === "catching_up";
  return standing.owner && hunting ? { help: () => void actions.cancelHelp(session.id) } : {};
}

function modeKeys(desk: DeskState, session: SessionView, help: HelpView): Keys {
  const { mode } = help;
  if (!desk.standing.joined || mode === null) return {};
  const { planned, onPlan, actions } = desk;
  const shown = planned ?? { mode, hear_user: help.hear_user };
  const plan = (next: Planned) => {
    onPlan(next);
    goTo(desk, "chat", '[data-testid="mode-apply"]');
  };
  const keys: Keys = Object.fromEntries(
    MODES.map((one) => [one, () => plan({ mode: one, hear_user: one === mode && help.hear_user })]),
  );
  if (shown.mode === "consultation") keys.hear_user = () => plan({ mode: "consultation", hear_user: !shown.hear_user });
  if (desk.standing.owner && mayHandOver(help)) keys.hand_over = () => desk.onOpen("hand_over");
  // Enter confirms a planned change of who hears whom, unless a call rings.
  if (desk.ring === null && isChange(planned, help))
    keys.accept = () => void actions.setMode(session.id, planned.mode, planned.hear_user);
  return keys;
}

export function deskKeys(desk: DeskState): Keys {
  const session = desk.sessions.current;
  const modes = session?.help ? modeKeys(desk, session, session.help) : {};
  return { ...consoleKeys(desk), ...ringKeys(desk), ...roomKeys(desk), ...mediaKeys(desk), ...helpKeys(desk), ...modes };
}
