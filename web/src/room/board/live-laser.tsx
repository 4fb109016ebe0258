import { useEffect, useMemo, useRef } from "preact/hooks";
import { nameOf as personName } from "../words";
import { colourOf } from "./colours";
import { livePage, type PictureOf } from "./live-pictures";
import { boardOf } from "./open";
import { paintPointers } from "./overlay";
import { Signs } from "./presence";
import { BOARD_HEIGHT, BOARD_WIDTH } from "./schema";
import type { Point } from "./strokes";

const SEND_EVERY_MS = 40;

interface LiveLaserProps extends PictureOf {
  /** Whether this person has turned their laser pointer on. */
  on: boolean;
}

/** Shows everybody's laser pointers on top of a live picture. */
export function LiveLaser({ link, session, participant, kind, on }: LiveLaserProps) {
  const board = boardOf(link);
  const canvas = useRef<HTMLCanvasElement>(null);
  const signs = useMemo(() => new Signs(), [board]);
  const page = livePage(participant, kind);
  const latest = useRef(session);
  latest.current = session;
  const frame = useRef(0);
  const paint = (now: number) => {
    frame.current = 0;
    const { participants, you } = latest.current;
    const element = canvas.current;
    if (!element) return;
    const fading = signs.fade(now);
    paintPointers(element, {
      page,
      signs,
      place: (at) => onScreen(element, at),
      nameOf: (id) => {
        const found = participants.find((person) => person.id === id);
        return !found || id === you ? "" : personName(found);
      },
      colourOf: (id) => colourOf(id, participants, board.colours()),
      now,
    });
    if (fading) want();
  };
  const want = () => (frame.current ||= requestAnimationFrame(paint));
  useEffect(() => {
    const end = board.listen({
      onSign: (from, sign) => {
        if (sign.kind !== "laser" || sign.page !== page) return;
        signs.take(from, sign, performance.now());
        want();
      },
    });
    return () => {
      end();
      cancelAnimationFrame(frame.current);
    };
  }, [board, page]);
  const trail = useRef<Point[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const point = (event: PointerEvent) => {
    const at = canvas.current && onPicture(canvas.current, [event.clientX, event.clientY]);
    if (!at) return;
    signs.take(session.you, { kind: "laser", page, trail: [at] }, performance.now());
    want();
    trail.current.push(at);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      board.show({ kind: "laser", page, trail: trail.current });
      trail.current = [];
    }, SEND_EVERY_MS);
  };
  return (
    <canvas
      ref={canvas}
      class={on ? "live-laser live-laser-on" : "live-laser"}
      aria-hidden="true"
      data-testid="live-laser"
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        point(event);
      }}
      onPointerMove={(event) => (event.buttons > 0 || event.pointerType === "mouse") && point(event)}
    />
  );
}

const videoBeside = (canvas: HTMLElement | null): HTMLVideoElement | null =>
  canvas?.parentElement?.querySelector("video") ?? null;

interface PictureBox {
  x: number;
  y: number;
  width: number;
  height: number;
  /** Whether the page shows the picture mirrored, as it does with a person's own camera. */
  mirrored: boolean;
}

/** Returns where the video's picture lies on the screen. The video element has another size than the picture: `object-fit` leaves
 *  bars beside the picture ("contain"), or cuts the picture off ("cover"). */
function pictureBox(canvas: HTMLElement): PictureBox | null {
  const video = videoBeside(canvas);
  if (!video || video.videoWidth === 0) return null;
  const box = video.getBoundingClientRect();
  const cover = getComputedStyle(video).objectFit === "cover";
  const scales = [box.width / video.videoWidth, box.height / video.videoHeight];
  const scale = cover ? Math.max(...scales) : Math.min(...scales);
  const [width, height] = [video.videoWidth * scale, video.videoHeight * scale];
  const mirrored = video.classList.contains("mirrored");
  return { x: box.x + (box.width - width) / 2, y: box.y + (box.height - height) / 2, width, height, mirrored };
}

const across = (x: number, box: PictureBox): number => (box.mirrored ? BOARD_WIDTH - x : x);

/** Converts a point of the screen to a point of the picture, in units of a board's page; null outside the picture. */
function onPicture(canvas: HTMLElement, [x, y]: Point): Point | null {
  const box = pictureBox(canvas);
  if (!box) return null;
  const at: Point = [across(((x - box.x) / box.width) * BOARD_WIDTH, box), ((y - box.y) / box.height) * BOARD_HEIGHT];
  return at[0] < 0 || at[1] < 0 || at[0] > BOARD_WIDTH || at[1] > BOARD_HEIGHT ? null : at;
}

/** Converts a point of the picture to a point of the canvas, in CSS px. */
function onScreen(canvas: HTMLElement, [x, y]: Point): Point {
  const box = pictureBox(canvas);
  const own = canvas.getBoundingClientRect();
  if (!box) return [-1000, -1000];
  return [box.x - own.x + (across(x, box) / BOARD_WIDTH) * box.width, box.y - own.y + (y / BOARD_HEIGHT) * box.height];
}
