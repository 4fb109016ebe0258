import { ArrowLeft, MapPin, PanelRightClose, PanelRightOpen, Search } from "lucide";
import type { ComponentChildren } from "preact";
import type { Audience, SessionView } from "../messages";
import { Chat, type AudienceChoice } from "../room/chat";
import type { Client } from "../room/client";
import { useAwake } from "../room/awake";
import { finding } from "../room/finding";
import { InterruptionNotice } from "../room/lazy-parts";
import { RoomAudio } from "../room/media";
import type { Pictures } from "../room/pictures";
import type { RoomLink } from "../room/room-link";
import { SharingBar } from "../room/sharing-bar";
import { viewer, type RoomState } from "../room/state";
import { Icon, IconButton } from "../ui";
import { briefField } from "../staff/format";
import type { Actions } from "./actions";
import { HoldBand, ListenedBand, LostBand, Replaced, TextOnlyBand } from "../staff/bands";
import { AsleepBand } from "./asleep";
import { EarlierAbove } from "./earlier-above";
import { CallbackCard, callsBack } from "./callback";
import { HuntBand } from "./help";
import { audienceOf, audienceRule } from "./logic/audience";
import { amReading, nameOf, userOf } from "../staff/names";
import type { Layout } from "./layouts";
import { keyLabel } from "./logic/keys";
import { VIEWS } from "./logic/layout";
import { Faces, ThinCall, useFaces, VoiceStrip, type Hold } from "./people";
import { t } from "../staff/texts";
import { deskAid } from "./mentions/aid";
import { OwnReplies } from "./replies/own-replies";
import { Replay } from "./replay";
import { Splitter } from "./splitter";
import { readerOf } from "./reader-places";
import type { Viewing } from "./use-view";
import { WorkPane } from "./work";

interface RoomProps {
  client: Client;
  link: RoomLink | null;
  session: SessionView;
  state: RoomState;
  pictures: Pictures;
  now: number;
  viewing: Viewing;
  layout: Layout;
  hold: Hold | null;
  audience: Audience;
  actions: Actions;
  onAudience: (audience: Audience) => void;
  onAgain: (() => void) | null;
  /** Returns from the board to the conversation. Needed on a phone, where the board fills the screen. */
  onBack: () => void;
}

/** Shows which page of the partner's site the visitor sees now. */
function Here({ session }: { session: SessionView }) {
  const page = briefField(session.brief, "page_title") ?? briefField(session.brief, "page_url");
  if (page === null) return null;
  return (
    <span class="dim head-here" title={t("brief.here", { page: page.value })} data-testid="head-page">
      <Icon node={MapPin} size={14} /> <bdi>{page.value}</bdi>
    </span>
  );
}

function Head({ link, session, viewing, layout, hold, onBack }: RoomProps) {
  const user = userOf(session);
  const views = session.state === "active" && !amReading(session) && !callsBack(session);
  const folded = layout.panes.side === 0;
  return (
    <header class="room-head">
      <IconButton
        icon={ArrowLeft}
        kind="quiet"
        class="head-back"
        label={t("tab.chat")}
        onClick={onBack}
        data-testid="work-back"
      />
      <h1>{nameOf(user)}</h1>
      <span class="dim">
        {session.category.name} · {t(`channel.${session.channel}`)}
      </span>
      <Here session={session} />
      {link !== null && session.room?.media === true && <ThinCall link={link} hold={hold} />}
      {viewing.view !== "board" && (
        <IconButton
          icon={Search}
          kind="quiet"
          class="head-find"
          label={t("find")}
          title={`${t("find")} (${keyLabel("find")})`}
          onClick={() => finding.update((now) => (now === session.id ? "" : session.id))}
          data-testid="find-open"
        />
      )}
      <div class="head-tools wide-only">
        {views && (
          <div class="segments segments-small" role="group" aria-label={t("view.group")}>
            {VIEWS.map((one) => (
              <button
                key={one}
                type="button"
                aria-pressed={viewing.view === one}
                data-testid={`view-${one}`}
                title={`${t(`view.${one}.tip`)} (${keyLabel("view")})`}
                onClick={() => viewing.choose(one)}
              >
                {t(`view.${one}`)}
              </button>
            ))}
          </div>
        )}
        {!amReading(session) && session.help?.state !== "joined" && (
          <IconButton
            icon={folded ? PanelRightOpen : PanelRightClose}
            kind="quiet"
            label={t(folded ? "pane.side.open" : "pane.side.fold")}
            title={`${t(folded ? "pane.side.open" : "pane.side.fold")} (${keyLabel("side")})`}
            onClick={() => layout.foldSide()}
            data-testid="fold-side"
          />
        )}
      </div>
    </header>
  );
}

/** Returns who will read my next line, which audiences I can choose, and, if I cannot choose, why. */
function audienceChoice(session: SessionView, choice: Audience, onChange: (audience: Audience) => void): AudienceChoice {
  const rule = audienceRule(session.you, session.help);
  const value = audienceOf(rule, choice);
  const user = nameOf(userOf(session));
  return {
    value,
    options: rule.forced === null ? ["all", "staff"] : [rule.forced],
    onChange,
    hint: rule.why === null ? t(`audience.${value}.hint`, { user }) : t(`audience.forced.${rule.why}`),
  };
}

/** The middle of the console: the people of the call, the conversation, and beside it the board, a shared screen or the visitor's
 *  page. */
export function Room(props: RoomProps) {
  const { client, link, session, state, pictures, now, viewing, audience, actions, onAudience, onAgain } = props;
  useAwake(session.state === "active" && session.room?.media === true);
  if (session.id in state.replaced) {
    return (
      <main class="room">
        <Replaced onUse={() => client.open()} />
      </main>
    );
  }
  const reading = amReading(session);
  const owner = viewer(session)?.owner === true;
  const active = session.state === "active";
  const audienceOffered = audienceChoice(session, audience, onAudience);
  return (
    <main class={reading ? "room room-reading" : "room"}>
      <Head {...props} />
      <LostBand session={session} now={now} />
      <ListenedBand session={session} />
      {reading && link !== null ? (
        <Replay client={client} link={link} session={session} pictures={pictures} audience={audienceOffered} />
      ) : (
        <>
          <HoldBand session={session} onEnd={owner ? () => void actions.hold(session.id, false) : null} />
          <AsleepBand session={session} onEnd={() => void actions.leave(session.id)} />
          {active && owner && <HuntBand session={session} now={now} actions={actions} onAgain={onAgain} />}
          {link !== null && <TextOnlyBand link={link} />}
          {link !== null && <InterruptionNotice link={link} />}
          {link !== null && <SharingBar link={link} session={session} />}
          <Middle {...props}>
            {callsBack(session) && <CallbackCard client={client} session={session} actions={actions} />}
            <section class="room-chat" aria-label={t("chat.title")} hidden={viewing.view === "board"}>
              <Chat
                client={client}
                session={session}
                pictures={pictures}
                audience={audienceOffered}
                readOnly={!active && session.state !== "asleep"}
                {...readerOf(session.id, state.lines[session.id]?.at(-1)?.seq ?? 0)}
                above={<EarlierAbove key={session.id} session={session} />}
                aid={state.staff ? deskAid(client, session, state.staff, audienceOffered) : undefined}
              />
            </section>
          </Middle>
          {link !== null && <RoomAudio link={link} />}
        </>
      )}
      <OwnReplies language={session.language} />
    </main>
  );
}

type MiddleProps = Pick<RoomProps, "link" | "session" | "pictures" | "viewing" | "layout" | "hold"> & {
  children: ComponentChildren;
};

/** Divides the middle of the console between the people, the conversation, and what is shown beside the conversation. */
function Middle({ link, session, pictures, viewing, layout, hold, children }: MiddleProps) {
  const seen = useFaces(link, session);
  const calling = session.state === "active" && session.room?.media === true && !callsBack(session);
  const faces = calling && seen && viewing.view !== "board";
  return (
    <div class="room-body" data-view={viewing.view}>
      {calling && link === null && <div class="people strip skeleton" role="status" aria-label={t("waiting.room")} />}
      {calling && link !== null && faces && <Faces link={link} session={session} />}
      {calling && link !== null && !faces && <VoiceStrip link={link} session={session} hold={hold} />}
      {faces && <Splitter pane="people" layout={layout} sign={1} axis="y" />}
      {viewing.view !== "chat" && link !== null && (
        <WorkPane link={link} session={session} pictures={pictures} viewing={viewing} />
      )}
      {viewing.view === "both" && <Splitter pane="work" layout={layout} sign={1} />}
      {children}
    </div>
  );
}
