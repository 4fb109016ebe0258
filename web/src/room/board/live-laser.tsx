import { PencilLine, Zap } from "lucide";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SessionView } from "../../messages";
import { IconButton } from "../../ui/button";
import { useLocale } from "../../ui/store";
import { drawingOn } from "../drawing-on";
import type { RoomLink } from "../room-link";
import { nameOf as personName } from "../words";
import { colourOf } from "./colours";
import { livePage } from "./live-pictures";
import { boardOf } from "./open";
import { paintPointers } from "./overlay";
import { Signs } from "./presence";
import { BOARD_HEIGHT, BOARD_WIDTH } from "./schema";
import type { Point } from "./strokes";
import { t } from "./words";
import "./live-laser.css";

const SEND_EVERY_MS = 40;

export interface LiveLaserProps {
  link: RoomLink;
  session: SessionView;
  participant: string;
  kind: "screen" | "camera";
  /** Whether this person may point and draw on the picture. On their own shared screen they only see the others' pointers. */
  points?: boolean;
}

/** A layer over a live picture: everybody's laser pointers, a button to point, and a button to draw on a still picture of it. */
export function LiveLaser({ link, session, participant, kind, points = true }: LiveLaserProps) {
  useLocale();
  const board = boardOf(link);
  const [on, setOn] = useState(false);
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
  const mayWrite = points && session.room?.board === "write";
  const draw = () => {
    const stream = videoBeside(canvas.current)?.srcObject;
    if (stream instanceof MediaStream) drawingOn.set({ session: session.id, stream });
  };
  return (
    <>
      <canvas
        ref={canvas}
        class={on && mayWrite ? "live-laser live-laser-on" : "live-laser"}
        aria-hidden="true"
        data-testid="live-laser"
        onPointerDown={(event) => {
          event.stopPropagation();
          event.currentTarget.setPointerCapture(event.pointerId);
          point(event);
        }}
        onPointerMove={(event) => (event.buttons > 0 || event.pointerType === "mouse") && point(event)}
      />
      {mayWrite && (
        <div class="live-laser-tools">
          <IconButton
            icon={Zap}
            kind="quiet"
            label={t("board.live.laser")}
            pressed={on}
            onClick={() => setOn(!on)}
            data-testid="live-point"
          />
          <IconButton icon={PencilLine} kind="quiet" label={t("board.live.draw")} onClick={draw} data-testid="live-draw" />
        </div>
      )}
    </>
  );
}

const videoBeside = (canvas: HTMLElement | null): HTMLVideoElement | null =>
  canvas?.parentElement?.querySelector("video") ?? null;

/** Returns where the video's picture lies on the screen: `object-fit: contain` leaves bars beside it. */
function pictureBox(canvas: HTMLElement): { x: number; y: number; width: number; height: number } | null {
  const video = videoBeside(canvas);
  if (!video || video.videoWidth === 0) return null;
  const box = video.getBoundingClientRect();
  const cover = getComputedStyle(video).objectFit === "cover";
  const scales = [box.width / video.videoWidth, box.height / video.videoHeight];
  const scale = cover ? Math.max(...scales) : Math.min(...scales);
  const [width, height] = [video.videoWidth * scale, video.videoHeight * scale];
  return { x: box.x + (box.width - width) / 2, y: box.y + (box.height - height) / 2, width, height };
}

/** Converts a point of the screen to one of the picture, in units of a board's page; null outside the picture. */
function onPicture(canvas: HTMLElement, [x, y]: Point): Point | null {
  const box = pictureBox(canvas);
  if (!box) return null;
  const at: Point = [((x - box.x) / box.width) * BOARD_WIDTH, ((y - box.y) / box.height) * BOARD_HEIGHT];
  return at[0] < 0 || at[1] < 0 || at[0] > BOARD_WIDTH || at[1] > BOARD_HEIGHT ? null : at;
}

/** Converts a point of the picture to one of the canvas, in CSS px. */
function onScreen(canvas: HTMLElement, [x, y]: Point): Point {
  const box = pictureBox(canvas);
  const own = canvas.getBoundingClientRect();
  if (!box) return [-1000, -1000];
  return [box.x - own.x + (x / BOARD_WIDTH) * box.width, box.y - own.y + (y / BOARD_HEIGHT) * box.height];
}
