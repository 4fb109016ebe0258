import type { Audience, SessionView } from "../messages";
import { Chat, type AudienceChoice } from "../room/chat";
import { Board } from "../room/board/lazy-board";
import type { Client } from "../room/client";
import { RoomAudio } from "../room/media";
import type { Pictures } from "../room/pictures";
import type { RoomLink } from "../room/room-link";
import { Stage } from "../room/stage";
import { viewer, type RoomState } from "../room/state";
import type { Actions } from "./actions";
import { HoldBand, ListenedBand, LostBand, Replaced, TextOnlyBand } from "../staff/bands";
import { CallbackCard, callsBack } from "./callback";
import { HuntBand } from "./help";
import { audienceOf, audienceRule } from "./logic/audience";
import { amReading, nameOf, userOf } from "../staff/names";
import { setPrefs, VIEWS, type View } from "../staff/prefs";
import { t } from "../staff/texts";
import { Replay } from "./replay";
import { WrapUp } from "./wrapup";

interface RoomProps {
  client: Client;
  link: RoomLink | null;
  session: SessionView;
  state: RoomState;
  pictures: Pictures;
  now: number;
  view: View;
  audience: Audience;
  actions: Actions;
  onAudience: (audience: Audience) => void;
  onAgain: (() => void) | null;
}

function Head({ session, view }: { session: SessionView; view: View }) {
  const user = userOf(session);
  return (
    <header class="room-head">
      <h1>{nameOf(user)}</h1>
      <span class="dim">
        {session.category.name} · {t(`channel.${session.channel}`)}
      </span>
      {session.state === "active" && !amReading(session) && !callsBack(session) && (
        <div class="segments segments-small" role="group" aria-label={t("view.group")}>
          {VIEWS.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={view === one}
              data-testid={`view-${one}`}
              onClick={() => setPrefs({ view: one })}
            >
              {t(`view.${one}`)}
            </button>
          ))}
        </div>
      )}
    </header>
  );
}

/** Returns who reads what I write, and why there may be no choice. */
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

/** Shows the stage, the board, or the board large with the people beside it. */
function Views({ link, session, pictures, view }: Pick<RoomProps, "session" | "pictures" | "view"> & { link: RoomLink }) {
  const board = <Board link={link} session={session} pictures={pictures} />;
  const alone = view === "board" || session.room?.media !== true;
  return (
    <div class="room-views" data-view={view}>
      {view !== "stage" && alone ? (
        board
      ) : (
        <Stage link={link} session={session}>
          {view === "both" ? board : undefined}
        </Stage>
      )}
    </div>
  );
}

/** The middle: pictures and board above, the conversation below; after the call the wrap-up instead of the pictures. */
export function Room({ client, link, session, state, pictures, now, view, audience, actions, onAudience, onAgain }: RoomProps) {
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
  const calls = callsBack(session);
  const noPictures = !reading && session.room?.media !== true && view === "stage" && !calls;
  const audienceOffered = audienceChoice(session, audience, onAudience);
  if (reading && link !== null) {
    return (
      <main class="room room-reading">
        <Head session={session} view={view} />
        <LostBand session={session} now={now} />
        <ListenedBand session={session} />
        <Replay client={client} link={link} session={session} pictures={pictures} audience={audienceOffered} />
      </main>
    );
  }
  return (
    <main class={`room ${noPictures ? "room-text" : ""}`}>
      <Head session={session} view={view} />
      <LostBand session={session} now={now} />
      <ListenedBand session={session} />
      <HoldBand session={session} onEnd={owner ? () => void actions.hold(session.id, false) : null} />
      {active && owner && <HuntBand session={session} now={now} actions={actions} onAgain={onAgain} />}
      {link !== null && <TextOnlyBand link={link} />}
      {calls && (
        <div class="room-views room-calling">
          <CallbackCard client={client} session={session} actions={actions} />
        </div>
      )}
      {active && link !== null && !noPictures && !calls && (
        <Views link={link} session={session} pictures={pictures} view={view} />
      )}
      {active && link === null && <div class="room-views skeleton" role="status" aria-label={t("waiting.room")} />}
      {session.state === "after" && <WrapUp client={client} session={session} now={now} actions={actions} />}
      {link !== null && <RoomAudio link={link} />}
      <section class="room-chat" aria-label={t("chat.title")}>
        <Chat client={client} session={session} pictures={pictures} audience={audienceOffered} readOnly={!active} />
      </section>
    </main>
  );
}
