import { Pause, Play } from "lucide";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { clock as asClock } from "../staff/format";
import { timeText } from "../ui/when";
import { nameOf, roleName } from "../staff/names";
import { textOr as label } from "../room/guests/words";
import { linesAsOf, turns } from "../room/writing/as-of";
import { RecordedBoard } from "./board";
import { RecordedPage } from "./page";
import { Transcript } from "./transcript";
import { IconButton, Select, useLocale, useStore } from "../ui";
import type { Recording, Track } from "./api";
import { PlayerClock } from "./clock";
import "./player.css";
import { t } from "./texts";
import { length, momentAt, near, plays } from "./timeline";

const SPEEDS = [0.5, 1, 1.5, 2, 3];
const STEP_MS = 5000;

/** Replays a session: plays every voice and picture at its time, and shows chat and board as they were then. */
export function Player({ recording }: { recording: Recording }) {
  const whole = length(recording.pieces);
  const clock = useMemo(() => new PlayerClock(whole, (position) => momentAt(recording.pieces, position)), [recording]);
  useEffect(() => () => clock.close(), [clock]);
  const { position } = useStore(clock.state);
  const moment = momentAt(recording.pieces, position);
  const said = useMemo(() => linesAsOf(recording.lines, moment), [recording, turns(recording.lines, moment)]);
  const box = useRef<HTMLElement>(null);
  useKeys(clock, box);
  return (
    <section class="player" ref={box} tabIndex={-1} aria-label={t("label")} data-testid="player">
      <Stage recording={recording} clock={clock} moment={moment} />
      <Controls clock={clock} whole={whole} moment={moment} />
      {recording.pages.length > 0 && <RecordedPage recording={recording} moment={moment} />}
      <div class="player-beside">
        <div class="player-said">
          <Transcript lines={said} cut={recording.lines_cut && said.length === recording.lines.length} />
        </div>
        {recording.board.length > 0 && (
          <div class="player-board">
            <RecordedBoard steps={recording.board} until={moment} />
          </div>
        )}
      </div>
    </section>
  );
}

interface StageProps {
  recording: Recording;
  clock: PlayerClock;
  moment: number;
}

function Stage({ recording, clock, moment }: StageProps) {
  const here = near(recording.tracks, moment);
  const pictures = here.filter((track) => track.kind !== "audio");
  const voices = here.filter((track) => track.kind === "audio");
  const faces = recording.people.filter(
    ({ id }) =>
      voices.some((track) => track.participant === id && plays(track, moment)) &&
      !pictures.some((track) => track.participant === id && plays(track, moment)),
  );
  return (
    <div class="player-stage">
      {pictures.map((track) => (
        <Tile key={track.url} track={track} name={named(recording, track.participant)} clock={clock} moment={moment} />
      ))}
      {faces.map(({ id }) => (
        <figure key={id} class="player-tile player-face">
          <span class="player-name">{named(recording, id)}</span>
        </figure>
      ))}
      {voices.map((track) => (
        <Voice key={track.url} track={track} clock={clock} />
      ))}
    </div>
  );
}

function named(recording: Recording, id: string): string {
  const person = recording.people.find((one) => one.id === id);
  return person === undefined ? id : `${nameOf(person)}, ${label(`label.${person.label}`, roleName(person.role))}`;
}

interface TileProps {
  track: Track;
  name: string;
  clock: PlayerClock;
  moment: number;
}

function Tile({ track, name, clock, moment }: TileProps) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => (element.current ? clock.follow({ element: element.current, ...track }) : undefined), [track.url, clock]);
  return (
    <figure class={`player-tile player-${track.kind}`} hidden={!plays(track, moment)}>
      <video ref={element} src={track.url} muted playsInline preload="auto" aria-label={name} data-kind={track.kind} />
      <span class="player-name">{name}</span>
    </figure>
  );
}

function Voice({ track, clock }: { track: Track; clock: PlayerClock }) {
  const element = useRef<HTMLAudioElement>(null);
  useEffect(() => (element.current ? clock.follow({ element: element.current, ...track }) : undefined), [track.url, clock]);
  return <audio ref={element} src={track.url} preload="auto" data-participant={track.participant} />;
}

interface ControlsProps {
  clock: PlayerClock;
  whole: number;
  moment: number;
}

function Controls({ clock, whole, moment }: ControlsProps) {
  const locale = useLocale();
  const { playing, position, speed, held } = useStore(clock.state);
  const at = t("at", { at: asClock(position / 1000), whole: asClock(whole / 1000), time: timeText(moment, locale) });
  return (
    <div class="player-controls" role="toolbar" aria-label={t("controls")}>
      <IconButton
        icon={playing ? Pause : Play}
        label={t(playing ? "pause" : "play")}
        onClick={() => clock.toggle()}
        data-testid="player-play"
      />
      <input
        type="range"
        min={0}
        max={whole}
        step={1}
        value={position}
        aria-label={t("seek")}
        aria-valuetext={at}
        data-testid="player-seek"
        onInput={(event) => clock.seek(event.currentTarget.valueAsNumber)}
      />
      <span class="num player-at" data-testid="player-at">
        {held ? t("loading") : at}
      </span>
      <Select
        label={t("speed")}
        value={String(speed)}
        choices={SPEEDS.map((one) => ({ value: String(one), label: `${one}×` }))}
        data-testid="player-speed"
        onChange={(event) => clock.setSpeed(Number(event.currentTarget.value))}
      />
      <p class="dim player-keys">{t("keys")}</p>
    </div>
  );
}

/** Handles the player's keys. Space or k plays and pauses, the left and right arrows move by 5 s, Home goes to the start, and <
 *  and > change the speed. Keys typed into a field are ignored. */
function useKeys(clock: PlayerClock, box: { current: HTMLElement | null }): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const elsewhere = target !== document.body && !box.current?.contains(target);
      if (
        elsewhere ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        target.matches("textarea, select, input:not([type=range])")
      )
        return;
      const { position, speed } = clock.state.get();
      const faster = SPEEDS[SPEEDS.indexOf(speed) + 1] ?? speed;
      const slower = SPEEDS[SPEEDS.indexOf(speed) - 1] ?? speed;
      const actions: Record<string, () => void> = {
        " ": () => clock.toggle(),
        k: () => clock.toggle(),
        ArrowLeft: () => clock.seek(position - STEP_MS),
        ArrowRight: () => clock.seek(position + STEP_MS),
        Home: () => clock.seek(0),
        "<": () => clock.setSpeed(slower),
        ">": () => clock.setSpeed(faster),
      };
      const action = actions[event.key];
      if (action === undefined || (event.key === " " && target.matches("button"))) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [clock]);
}
