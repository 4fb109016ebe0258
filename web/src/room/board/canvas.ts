/** Draws the board on two canvases: finished strokes below, growing strokes above. A new point redraws only the upper canvas. */

import { getStroke } from "perfect-freehand";
import type { BoardDoc, Shape } from "./board-doc";
import { BOARD_WIDTH, drawnAt, type Style } from "./schema";
import type { Point } from "./strokes";

const RESTS_AFTER_MS = 700;
const FLUSH_MS = 33;
/** If a second finger comes down within this time of the first, the first one's stroke was the start of a pinch and is undone. */
const PINCH_MS = 300;
const SHARPEN_MS = 200;
/** Longest side of an enlarged canvas, in px. A larger one could exhaust a phone's memory. */
const SIDE_MOST = 4096;

function outline(points: Point[], width: number): Path2D {
  const path = new Path2D();
  const edge = getStroke(points, {
    size: width * 1.4,
    thinning: 0.35,
    smoothing: 0.5,
    streamline: 0.35,
    simulatePressure: true,
  }) as Point[];
  const [first] = edge;
  if (!first) return path;
  path.moveTo(...first);
  edge.forEach((point, i) => {
    const next = edge[(i + 1) % edge.length] ?? point;
    path.quadraticCurveTo(point[0], point[1], (point[0] + next[0]) / 2, (point[1] + next[1]) / 2);
  });
  path.closePath();
  return path;
}

export type Tool = { kind: "pen"; style: Style } | { kind: "eraser"; radius: number } | { kind: "none" };

export class BoardCanvas {
  private tool: Tool = { kind: "none" };
  private growing = new Map<string, { shape: Shape; until: number }>();
  private wanted: "nothing" | "growing" | "all" = "all";
  private frame = 0;
  private scale = 1;
  private until = Infinity;
  private readonly ends: (() => void)[] = [];
  /** The stroke or erasing in progress: when it began, and functions to end it and to undo it. */
  private doing: { began: number; end: () => void; undo: () => void } | null = null;
  /** `zoom`: how much the paper is enlarged. `turned`: whether the paper is turned by a quarter, clockwise. */
  private zoom = 1;
  private turned = false;
  private sharpenTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly resting: HTMLCanvasElement,
    private readonly live: HTMLCanvasElement,
    private readonly board: BoardDoc,
  ) {
    const resized = new ResizeObserver(() => this.resize());
    resized.observe(live);
    this.ends.push(() => resized.disconnect());
    this.ends.push(
      board.listen({
        onGrown: (shapes) => this.grow(shapes),
        onChanged: () => this.want("all"),
        onBackground: () => undefined,
        onUndoable: () => undefined,
      }),
    );
    const down = (event: PointerEvent) => this.down(event);
    live.addEventListener("pointerdown", down);
    this.ends.push(() => live.removeEventListener("pointerdown", down));
  }

  use(tool: Tool): void {
    this.tool = tool;
  }

  /** Shows the board as it was at a time (ms since the epoch); Infinity means now. */
  showUntil(until: number): void {
    if (until === this.until) return;
    this.until = until;
    this.want("all");
  }

  turn(turned: boolean): void {
    this.turned = turned;
  }

  /** Ends the stroke or erasing of the first finger, because a second finger came down to pinch. */
  abandon(): void {
    const { doing } = this;
    doing?.end();
    if (doing && performance.now() - doing.began < PINCH_MS) doing.undo();
  }

  /** Redraws the board at the resolution of the new zoom, after a short pause. */
  sharpen(zoom: number): void {
    this.zoom = zoom;
    clearTimeout(this.sharpenTimer);
    this.sharpenTimer = setTimeout(() => this.resize(), SHARPEN_MS);
  }

  close(): void {
    clearTimeout(this.sharpenTimer);
    clearTimeout(this.restTimer);
    cancelAnimationFrame(this.frame);
    for (const end of this.ends) end();
  }

  private resize(): void {
    const [width, height] = [this.live.clientWidth * this.zoom, this.live.clientHeight * this.zoom];
    if (width === 0) return;
    const density = Math.min(3, window.devicePixelRatio || 1, SIDE_MOST / width);
    for (const canvas of [this.resting, this.live]) {
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
    }
    this.scale = this.live.width / BOARD_WIDTH;
    this.want("all");
  }

  private grow(shapes: Shape[]): void {
    const until = performance.now() + RESTS_AFTER_MS;
    for (const shape of shapes.filter((one) => this.isDue(one))) this.growing.set(shape.id, { shape, until });
    this.want("growing");
  }

  private want(what: "growing" | "all"): void {
    if (this.wanted !== "all") this.wanted = what;
    this.frame ||= requestAnimationFrame((now) => this.paint(now));
  }

  private paint(now: number): void {
    this.frame = 0;
    const all = this.wanted === "all";
    this.wanted = "nothing";
    const below = this.resting.getContext("2d");
    const above = this.live.getContext("2d");
    if (!below || !above) return;
    if (all) {
      this.growing.clear();
      this.clear(below);
      for (const shape of this.board.shapes()) if (this.isDue(shape)) this.stroke(below, shape);
    }
    this.clear(above);
    for (const [id, { shape, until }] of this.growing) {
      const rests = until <= now;
      this.stroke(rests ? below : above, shape);
      if (rests) this.growing.delete(id);
    }
    if (this.growing.size > 0) this.restLater();
  }

  /** Repaints once strokes stop growing, to move finished strokes to the lower canvas. */
  private restTimer: ReturnType<typeof setTimeout> | undefined;

  private restLater(): void {
    clearTimeout(this.restTimer);
    this.restTimer = setTimeout(() => this.want("growing"), RESTS_AFTER_MS);
  }

  private isDue(shape: Shape): boolean {
    return drawnAt(shape.index) <= this.until && !this.board.isPutAway(shape, this.until);
  }

  private clear(context: CanvasRenderingContext2D): void {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
  }

  private stroke(context: CanvasRenderingContext2D, shape: Shape): void {
    context.globalAlpha = shape.opacity / 100;
    context.fillStyle = shape.colour;
    context.fill(outline(shape.points, shape.width));
  }

  private at(event: PointerEvent): Point {
    const box = this.live.getBoundingClientRect();
    if (this.turned) {
      const scale = BOARD_WIDTH / box.height;
      return [(event.clientY - box.top) * scale, (box.right - event.clientX) * scale];
    }
    return [((event.clientX - box.left) / box.width) * BOARD_WIDTH, ((event.clientY - box.top) / box.width) * BOARD_WIDTH];
  }

  private down(event: PointerEvent): void {
    if (this.tool.kind === "none" || event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    this.live.focus({ preventScroll: true });
    this.live.setPointerCapture(event.pointerId);
    if (this.tool.kind === "pen") this.drawWith(event, this.tool.style);
    else this.eraseWith(event, this.tool.radius);
  }

  private drawWith(event: PointerEvent, style: Style): void {
    const drawing = this.board.draw(...this.at(event), style);
    const timer = setInterval(() => drawing.flush(), FLUSH_MS);
    this.follow(
      event.pointerId,
      (moved) => drawing.add(...moved),
      () => {
        clearInterval(timer);
        drawing.flush();
      },
      () => this.board.undo(),
    );
  }

  private eraseWith(event: PointerEvent, radius: number): void {
    const erase = this.board.eraser(radius);
    erase(...this.at(event));
    this.follow(
      event.pointerId,
      (moved) => erase(...moved),
      () => undefined,
      () => undefined, // erased strokes stay erased; the person can undo that
    );
  }

  /** Takes every pointer position until the pointer is lifted, including those coalesced between two frames. */
  private follow(pointer: number, onMove: (point: Point) => void, onEnd: () => void, undo: () => void): void {
    const move = (event: PointerEvent) => {
      if (event.pointerId !== pointer) return;
      const between = event.getCoalescedEvents();
      for (const one of between.length > 0 ? between : [event]) onMove(this.at(one));
    };
    const end = () => {
      this.doing = null;
      this.live.removeEventListener("pointermove", move);
      this.live.removeEventListener("pointerup", lifted);
      this.live.removeEventListener("pointercancel", lifted);
      onEnd();
    };
    const lifted = (event: PointerEvent) => {
      if (event.pointerId === pointer) end();
    };
    this.doing = { began: performance.now(), end, undo };
    this.live.addEventListener("pointermove", move);
    this.live.addEventListener("pointerup", lifted);
    this.live.addEventListener("pointercancel", lifted);
  }
}
