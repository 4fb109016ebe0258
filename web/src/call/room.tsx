import { ChevronDown, ChevronUp, Ear, EarOff, Mic, X } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ParticipantView, SessionView } from "../messages";
import { Board } from "../room/board/lazy-board";
import { Captions } from "../room/captions/lazy";
import { Cobrowse } from "../room/cobrowse/lazy";
import { Chat } from "../room/chat";
import { Controls } from "../room/controls";
import { drawingOn } from "../room/drawing-on";
import { Guests } from "../room/guests/lazy";
import { hearing } from "../room/hearing";
import { interrupted } from "../room/interruption";
import { InterruptionNotice } from "../room/lazy-parts";
import { lazy, optional } from "../room/lazy";
import { RoomAudio } from "../room/media";
import type { RoomLink } from "../room/room-link";
import { LineNotice, Stage } from "../room/stage";
import { withGuests } from "../room/state";
import { list, nameAndRole, t as room } from "../room/words";
import { IconButton } from "../ui/button";
import { Icon } from "../ui/icon";
import { useStore, type Readable } from "../ui/store";
import type { Call } from "./call";
import { LeaveDialog, Lost, PushMe, Recorded, Upgrade } from "./later";
import { Logo } from "./logo";
import { Notices } from "./notices";
import { t } from "./words";

const SEEN = "sangdam.seen";
/** A media query for phones, also when they are held sideways. */
const PHONE = "(max-width: 760px), (max-height: 480px)";

const query = matchMedia(PHONE);
const isPhone: Readable<boolean> = {
  get: () => query.matches,
  subscribe: (listener) => {
    query.addEventListener("change", listener);
    return () => query.removeEventListener("change", listener);
  },
};

const RecordingBar = lazy(
  () => import("../room/recording-bar"),
  (module) => module.RecordingBar,
  { name: "rec.label", class: "bar" },
);
const SharingBar = lazy(
  () => import("../room/sharing-bar"),
  (module) => module.SharingBar,
  { name: "screen", class: "bar" },
);
const FindButton = optional(
  () => import("../room/writing/said"),
  (module) => module.FindButton,
);

/** While the visitor shares their screen, shows them what they share, and a Stop button. */
function Sharing({ link, session }: { link: RoomLink; session: SessionView }) {
  const shares = useStore(link.devices.state, (state) => state.screen.track !== null);
  return shares ? <SharingBar link={link} session={session} /> : null;
}

type Panel = "chat" | "board";

/** Returns which of chat and board are open, and a function to open or close each of them. The board opens by itself when
 *  somebody draws. A phone shows only one of chat and board at a time. */
function usePanels(call: Call, phone: boolean, text: boolean) {
  const [open, setOpen] = useState<Record<Panel, boolean>>({ chat: !phone, board: false });
  const drawn = useStore(call.room.boardDrawn);
  const speechless = useStore(call.devices.state, ({ mic }) => !mic.track && !mic.cut && mic.problem !== "");
  const toggle = (panel: Panel) => setOpen((now) => ({ ...(phone ? { chat: false, board: false } : now), [panel]: !now[panel] }));
  const wanted = useStore(drawingOn);
  useEffect(() => {
    if (drawn || wanted) setOpen((now) => ({ chat: phone ? false : now.chat, board: true }));
  }, [drawn, wanted]);
  useEffect(() => {
    if (speechless || text) setOpen((now) => ({ ...now, chat: true })); // without voice, people can only write
  }, [speechless, text]);
  const crowded = phone && open.chat && open.board; // the window became narrow while chat and board were open
  return { open: crowded ? { chat: false, board: true } : open, toggle };
}

/** Whether the visitor is allowed to add voice to a text conversation in the call window. */
const mayAddVoice = ({ state, channel, site, upgrade, participants, you }: SessionView) =>
  state === "active" &&
  channel === "text" &&
  !upgrade &&
  site.channels.includes("voice") &&
  participants.some((one) => one.id === you && one.role === "user");

/** The call window's screen during a call: people, conversation and board. */
export function Room({ call, session }: { call: Call; session: SessionView }) {
  const phone = useStore(isPhone);
  const { open, toggle } = usePanels(call, phone, session.channel === "text");
  const [leaving, setLeaving] = useState(false);
  const unread = useUnread(call, open.chat);
  const chat = <Chat client={call.client} session={session} pictures={call.pictures} />;
  const drawing = open.board && !session.owner_lost;
  const classes = ["room", phone && "room-phone", open.chat && "room-chat-open", drawing && "room-board"];
  return (
    <div class={classes.filter(Boolean).join(" ")}>
      <RoomAudio link={call.room} />
      <Header call={call} session={session} />
      <div class="room-notices">
        {session.recording !== null &&
          (session.channel === "text" ? (
            <Recorded call={call} session={session} />
          ) : (
            <RecordingBar client={call.client} session={session} />
          ))}
        {session.captions && <Captions client={call.client} session={session} />}
        {withGuests(session) && <Guests client={call.client} session={session} />}
        {session.cobrowse?.state && <Cobrowse client={call.client} session={session} />}
        <Notices call={call} session={session} />
        {session.upgrade && !session.owner_lost && <Upgrade call={call} session={session} />}
        <InterruptionNotice link={call.room} />
        <LineNotice link={call.room} session={session} />
        <Sharing link={call.room} session={session} />
        {session.channel === "text" && <PushMe session={session} token={call.handoff.token} onAsk={null} />}
      </div>
      <main class="room-main">
        {session.owner_lost ? (
          <Lost call={call} session={session} />
        ) : (
          <Stage link={call.room} session={session}>
            {drawing ? <Board link={call.room} session={session} pictures={call.pictures} /> : undefined}
          </Stage>
        )}
      </main>
      {!phone && open.chat && <aside class="room-side card">{chat}</aside>}
      {phone && !session.owner_lost && open.chat && (
        <Sheet title={room("chat")} tools={<FindButton session={session.id} />} onClose={() => toggle("chat")}>
          {chat}
        </Sheet>
      )}
      <Controls
        link={call.room}
        session={session}
        board={{ open: open.board, onToggle: () => toggle("board") }}
        chat={{ open: open.chat, unread, onToggle: () => toggle("chat") }}
        onLeave={() => setLeaving(true)}
      >
        {mayAddVoice(session) && (
          <IconButton icon={Mic} caption label={t("room.voice")} onClick={() => call.addVoice()} data-testid="call-add-voice" />
        )}
      </Controls>
      {leaving && <LeaveDialog call={call} onClose={() => setLeaving(false)} />}
    </div>
  );
}

/** Returns who hears the visitor now, in words. Considers the microphone, the connection, and what the server says about who
 *  hears whom. */
function useWhoHears(call: Call, session: SessionView): { heard: boolean; words: string } {
  const devices = useStore(call.devices.state);
  const { mic } = devices;
  const live = useStore(call.room.peer.state, (state) => state.status === "live");
  const { hearers, coming } = hearing(session);
  const names = (people: ParticipantView[]) => list(people.map(nameAndRole));
  const no = (words: string) => ({ heard: false, words });
  if (["mic", "both"].includes(interrupted(devices))) return no(t("room.hear.nobody"));
  if (!mic.track) return no(t("room.hear.noMic"));
  if (!mic.on) return no(t("room.hear.muted"));
  if (!live) return no(t("room.hear.connecting"));
  if (hearers.length > 0)
    return { heard: true, words: t(hearers.length > 1 ? "room.hear.many" : "room.hear.one", { names: names(hearers) }) };
  return no(coming.length > 0 ? t("room.hear.soon", { names: names(coming) }) : t("room.hear.nobody"));
}

function Header({ call, session }: { call: Call; session: SessionView }) {
  const { heard, words } = useWhoHears(call, session);
  return (
    <header class="room-head">
      <Logo site={session.site} />
      <strong class="room-site">{session.site.name}</strong>
      {session.room?.media && (
        <span class={`pill ${heard ? "pill-ok" : ""}`} data-testid="who-hears" role="status">
          <Icon node={heard ? Ear : EarOff} size={16} />
          {words}
        </span>
      )}
    </header>
  );
}

interface SheetProps {
  title: string;
  /** Buttons at the upper edge of the sheet (the chat of a call on a phone), besides those that resize and close the sheet. */
  tools: ComponentChildren;
  onClose: () => void;
  children: ComponentChildren;
}

/** The chat of a call on a phone. It covers the lower half of the screen; after a press on its button, everything above the
 *  controls. */
function Sheet({ title, tools, onClose, children }: SheetProps) {
  const [full, setFull] = useState(false);
  return (
    <section class={`sheet ${full ? "sheet-full" : ""}`} aria-label={title}>
      <header class="sheet-head">
        <strong>{title}</strong>
        {tools}
        <IconButton
          icon={full ? ChevronDown : ChevronUp}
          kind="quiet"
          label={t(full ? "sheet.smaller" : "sheet.larger")}
          onClick={() => setFull(!full)}
        />
        <IconButton icon={X} kind="quiet" label={room("close")} onClick={onClose} />
      </header>
      {children}
    </section>
  );
}

/** Returns how many lines other people wrote since the visitor last had the chat open. */
function useUnread(call: Call, open: boolean): number {
  const lines = useStore(call.client.state, (state) => state.lines[call.session]);
  const seen = useRef(Number(sessionStorage.getItem(SEEN) ?? 0));
  const last = lines?.at(-1)?.seq ?? 0;
  useEffect(() => {
    if (open) sessionStorage.setItem(SEEN, String(last));
  }, [open, last]);
  if (open) seen.current = last;
  const you = call.view()?.you;
  return (lines ?? []).filter((line) => line.seq > seen.current && line.kind !== "system" && line.author !== you).length;
}
