import { BookOpen, Gauge, MicOff, Monitor, WifiOff } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../ui/icon";
import { initials } from "../ui/initials";
import { useLocale, useStore } from "../ui/store";
import type { SessionView } from "../messages";
import { arrange, largeOnStage, type Tile } from "./arrange";
import { Captions } from "./captions/lazy";
import { optional } from "./lazy";
import { LazyLaser } from "./lazy-laser";
import { cameBack, type Limits, worst } from "./limits";
import { Video } from "./media";
import type { RoomLink } from "./room-link";
import { SelfView } from "./self-view";
import { nameAndRole, t } from "./words";

const NOBODY: string[] = [];
const NO_LIMITS: Limits = {};
const BACK_MS = 5000;

const SmallWindow = optional(
  () => import("./small-window"),
  (code) => code.SmallWindow,
);

export interface StageProps {
  link: RoomLink;
  session: SessionView;
  /** The board, if it is open. The stage then shows the board large, instead of a shared screen. */
  children?: ComponentChildren;
}

/** The stage of a call: the other people, one large tile for a shared screen or the board, and this person's own picture in a
 *  corner. */
export function Stage({ link, session, children }: StageProps) {
  useLocale();
  const draw = useTiles(link, session);
  const { main, tiles } = arrange(session);
  const shownTiles = children && main ? [main, ...tiles] : tiles;
  const large = children ?? (main && draw(main));
  return (
    <section class={large ? "stage stage-with-main" : "stage"} aria-label={t("stage")}>
      {large && (
        <div class="stage-main" role={children ? undefined : "list"}>
          {large}
        </div>
      )}
      <div
        class={`stage-tiles stage-tiles-${Math.min(6, shownTiles.length)}`}
        data-testid="participants"
        role="list"
        aria-label={t("participants")}
      >
        {shownTiles.map(draw)}
      </div>
      <SelfView devices={link.devices}>
        <LazyLaser link={link} session={session} participant={session.you} kind="camera" points={false} />
      </SelfView>
    </section>
  );
}

/** Returns a function that renders the tile of one person on the stage. */
export function useTiles(link: RoomLink, session: SessionView) {
  const slots = useStore(link.peer.state, (state) => state.slots);
  const speaking = useStore(link.client.state, (state) => state.speaking[session.id] ?? NOBODY);
  const heard = session.room?.hears[session.you] ?? NOBODY;
  const limits = useLimits(link, session);
  const large = useStore(largeOnStage);
  return (tile: Tile) => (
    <StageTile
      key={tile.key}
      link={link}
      session={session}
      tile={tile}
      stream={slots[tile.slot] ?? null}
      speaking={speaking.includes(tile.person.id) && heard.includes(tile.person.id)}
      paused={limits[tile.slot] === "paused"}
      large={tile.key === large}
    />
  );
}

/** Returns, by video slot, how the worker limits the pictures that this person's connection cannot carry in full. */
export function useLimits(link: RoomLink, session: SessionView): Limits {
  const live = useStore(link.peer.state, (state) => state.status === "live");
  return (live && session.room?.limits) || NO_LIMITS;
}

/** Says that this person's connection cannot carry the other people's pictures in full. When all pictures come in full again,
 *  says so briefly. */
export function LineNotice({ link, session }: { link: RoomLink; session: SessionView }) {
  const limits = useLimits(link, session);
  const now = worst(limits, session);
  const before = useRef(limits);
  const [back, setBack] = useState(false);
  const live = useStore(link.peer.state, (state) => state.status === "live");
  useEffect(() => {
    const returned = live && cameBack(before.current, limits, session);
    before.current = limits;
    setBack(returned);
    if (!returned) return;
    const timer = setTimeout(() => setBack(false), BACK_MS);
    return () => clearTimeout(timer);
  }, [now, live]);
  const text = now ? t(`line.${now}`) : back ? t("line.back") : "";
  return (
    <p class="line-notice" role="status" data-testid="line-notice" hidden={!text}>
      {text && <Icon node={Gauge} size={16} />} {text}
    </p>
  );
}

interface StageTileProps {
  link: RoomLink;
  session: SessionView;
  tile: Tile;
  stream: MediaStream | null;
  speaking: boolean;
  /** Whether the connection of the person who looks at this page cannot carry the picture. The page then hides the picture's last
   *  frame, so that nobody takes this frame for a live picture. */
  paused: boolean;
  /** Whether this tile is larger than all other tiles, because its person speaks in a room with many people. */
  large?: boolean;
}

export function StageTile({ link, session, tile, stream, speaking, paused, large }: StageTileProps) {
  const { person } = tile;
  // while the page reconnects, the stream is still there and the video shows its last frame
  const kind = stream && !paused ? tile.kind : "none";
  const name = tile.kind === "screen" ? t("screenOf", { name: nameAndRole(person) }) : nameAndRole(person);
  const figure = useRef<HTMLElement>(null);
  const enlarges = kind === "screen";
  useEffect(() => {
    if (!enlarges) return;
    let end: () => void = () => undefined;
    let over = false;
    const start = ({ pinch }: typeof import("./pinch")) => {
      const video = figure.current?.querySelector("video");
      if (!over && figure.current && video) end = pinch(figure.current, video, { oneFinger: true });
    };
    import("./pinch").then(start, () => undefined); // if the code does not load, the browser can still zoom the page
    return () => {
      over = true;
      end();
    };
  }, [enlarges]);
  const classes = [
    "tile",
    `tile-${kind}`,
    speaking && tile.kind !== "screen" ? "tile-speaking" : "",
    person.presence === "lost" ? "tile-lost" : "",
    large && "tile-large",
  ];
  return (
    <figure
      ref={figure}
      class={classes.filter(Boolean).join(" ")}
      role="listitem"
      data-role={person.role}
      data-presence={person.presence}
    >
      {kind === "none" ? (
        <span class="tile-face" aria-hidden="true">
          {initials(person.name || t("visitor"))}
        </span>
      ) : (
        <Video stream={stream} label={name} participant={person.id} kind={kind} />
      )}
      {session.captions?.on && tile.kind !== "screen" && <Captions client={link.client} session={session} person={person} />}
      {kind !== "none" && <LazyLaser link={link} session={session} participant={person.id} kind={kind} />}
      {kind === "camera" && document.pictureInPictureEnabled && <SmallWindow />}
      <figcaption class="tile-name">
        {tile.kind === "screen" && <Icon node={Monitor} size={16} />}
        <span>{name}</span>
        {tile.kind !== "screen" && <TileState tile={tile} />}
        {speaking && <span class="visually-hidden">, {t("speaking")}</span>}
      </figcaption>
    </figure>
  );
}

export function TileState({ tile: { person } }: { tile: Tile }) {
  if (person.presence === "lost") {
    return (
      <span class="tile-state">
        <Icon node={WifiOff} size={16} /> {t("presence.lost")}
      </span>
    );
  }
  if (person.presence === "reading") {
    return (
      <span class="tile-state">
        <Icon node={BookOpen} size={16} /> {t("presence.reading")}
      </span>
    );
  }
  if (person.peer === "text_only") return <span class="tile-state">{t("presence.textOnly")}</span>;
  if (person.peer === "connecting" || person.peer === "lost") return <span class="tile-state">{t("presence.connecting")}</span>;
  const { mic, interrupted } = person.media;
  if (person.peer !== "live" || ((mic || person.label === "camera") && !interrupted)) return null; // phone cameras send no sound
  const words = t(interrupted ? `presence.interrupted.${interrupted}` : "muted");
  return (
    <span class="tile-state" title={words}>
      {!mic && person.label !== "camera" && <Icon node={MicOff} size={16} />}
      <span class={interrupted ? "tile-words" : "visually-hidden"}>{words}</span>
    </span>
  );
}
