import { Mic, MicOff, Pause, Play, Volume2, VolumeX } from "lucide";
import { useEffect, useState } from "preact/hooks";
import type { SessionView } from "../messages";
import { arrange, type Tile } from "../room/arrange";
import { Captions } from "../room/captions/lazy";
import { looksAway } from "../room/capture";
import { FlipCamera } from "../room/lazy-parts";
import { LazyLaser } from "../room/lazy-laser";
import { watchLevel } from "../room/level";
import { useTrackStream, Video } from "../room/media";
import type { RoomLink } from "../room/room-link";
import { LineNotice, TileState, useTiles } from "../room/stage";
import { nameAndRole, t as roomText } from "../room/words";
import { Icon, IconButton, Meter, useStore } from "../ui";
import { initials } from "../ui/initials";
import { keyLabel } from "./logic/keys";
import { nameOf } from "../staff/names";
import { t } from "../staff/texts";

const NOBODY: string[] = [];

/** Whether the visitor is on hold, whether this person is allowed to change that, and a function that changes it. */
export interface Hold {
  held: boolean;
  allowed: boolean;
  onHold: (on: boolean) => void;
}

interface PeopleProps {
  link: RoomLink;
  session: SessionView;
  hold: Hold | null;
}

/** Returns whether anybody in the call sends a picture. If nobody does, the console shows the call as a strip. */
export function useFaces(link: RoomLink | null, session: SessionView): boolean {
  const own = useOwnCamera(link);
  return session.room?.media === true && (own !== null || arrange(session).tiles.some((tile) => tile.kind !== "none"));
}

function useOwnCamera(link: RoomLink | null): MediaStreamTrack | null {
  const [track, setTrack] = useState(link?.devices.state.get().camera.track ?? null);
  useEffect(() => {
    const follow = () => setTrack(link?.devices.state.get().camera.track ?? null);
    follow();
    return link?.devices.state.subscribe(follow);
  }, [link]);
  return track;
}

/** The people of a call in a row of pictures, including the own picture of whoever uses this page. */
export function Faces({ link, session }: Omit<PeopleProps, "hold">) {
  const draw = useTiles(link, session);
  const own = useOwnCamera(link);
  const mine = useTrackStream(own);
  return (
    <div class="people people-faces">
      <div class="faces" data-testid="participants" role="list" tabIndex={0} aria-label={roomText("participants")}>
        {arrange(session).tiles.map(draw)}
        {mine !== null && (
          <figure class="tile tile-camera" role="listitem">
            <Video stream={mine} class={looksAway(own) ? "" : "mirrored"} label={roomText("you")} self />
            <LazyLaser link={link} session={session} participant={session.you} kind="camera" points={false} />
            <FlipCamera devices={link.devices} />
            <figcaption class="tile-name">{roomText("you")}</figcaption>
          </figure>
        )}
      </div>
      <LineNotice link={link} session={session} />
    </div>
  );
}

/** A voice call, shown as a strip: who is heard and how loud, this person's microphone, and the hold button. */
export function VoiceStrip({ link, session, hold }: PeopleProps) {
  const speaking = useStore(link.client.state, (state) => state.speaking[session.id] ?? NOBODY);
  const sound = useStore(link.peer.state, (state) => state.audio);
  const mic = useStore(link.devices.state, (state) => state.mic.track);
  const heard = session.room?.hears[session.you] ?? NOBODY;
  const people = arrange(session).tiles.filter(({ kind, person }) => kind !== "screen" && person.label !== "camera");
  const strip = (
    <div class="people strip" data-testid="voice-strip">
      <ul class="strip-people" data-testid="participants" aria-label={roomText("participants")}>
        {people.map((tile) => (
          <StripPerson
            key={tile.key}
            tile={tile}
            heard={heard.includes(tile.person.id) && !["mic", "both"].includes(tile.person.media.interrupted)}
            speaking={speaking.includes(tile.person.id)}
          />
        ))}
      </ul>
      {heard.length > 0 && <Level track={sound?.getAudioTracks()[0] ?? null} label={t("strip.level")} />}
      <span class="strip-own">
        <OwnMic link={link} />
        <Level track={mic} label={t("strip.mic.level")} />
      </span>
      {hold !== null && <HoldButton hold={hold} />}
    </div>
  );
  if (!session.captions?.on) return strip;
  return (
    <>
      {strip}
      <div class="strip-captions">
        {people.map(({ person }) => (
          <Captions key={person.id} client={link.client} session={session} person={person} />
        ))}
      </div>
    </>
  );
}

/** This person's microphone and the hold button, for the thin bar above the board on a phone. */
export function ThinCall({ link, hold }: Omit<PeopleProps, "session">) {
  return (
    <span class="thin-call">
      <OwnMic link={link} />
      {hold !== null && <HoldButton hold={hold} />}
    </span>
  );
}

function OwnMic({ link: { devices } }: Pick<PeopleProps, "link">) {
  const on = useStore(devices.state, (state) => state.mic.on);
  const label = t(on ? "strip.mic.on" : "strip.mic.off");
  return (
    <IconButton
      icon={on ? Mic : MicOff}
      kind="quiet"
      class={on ? "" : "control-off"}
      label={label}
      title={`${label} (${keyLabel("mic")})`}
      onClick={() => void devices.toggle("mic", !on)}
    />
  );
}

function HoldButton({ hold: { held, allowed, onHold } }: { hold: Hold }) {
  const label = t(held ? "ctl.hold.end" : "ctl.hold");
  return (
    <IconButton
      icon={held ? Play : Pause}
      kind="quiet"
      label={label}
      title={`${label} (${keyLabel("hold")})`}
      pressed={held}
      disabled={!allowed}
      onClick={() => onHold(!held)}
    />
  );
}

function StripPerson({ tile, heard, speaking }: { tile: Tile; heard: boolean; speaking: boolean }) {
  const { person } = tile;
  return (
    <li
      class={`strip-person ${heard ? (speaking ? "strip-speaking" : "") : "strip-unheard"}`}
      data-presence={person.presence}
      title={nameAndRole(person)}
    >
      <span class="strip-face" aria-hidden="true">
        {initials(nameOf(person))}
      </span>
      <span class="strip-words">
        <span class="strip-name">{nameAndRole(person)}</span>
        <span class="strip-state">
          <Icon node={heard ? Volume2 : VolumeX} size={14} />{" "}
          <span class="strip-heard">{t(heard ? "strip.heard" : "strip.unheard")}</span> <TileState tile={tile} />
        </span>
      </span>
    </li>
  );
}

/** A meter of a track's loudness; it shows silence while there is no track. */
function Level({ track, label }: { track: MediaStreamTrack | null; label: string }) {
  const [level, setLevel] = useState(0);
  useEffect(() => {
    setLevel(0);
    return track === null ? undefined : watchLevel(track, setLevel);
  }, [track]);
  return <Meter level={level} label={label} />;
}
