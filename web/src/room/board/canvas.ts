/** Paints a page on two canvases. The lower canvas has the shapes that do not change now. The upper canvas has the shapes that
 *  move or grow. A new point of a stroke repaints only the upper canvas. A new lower canvas is first painted out of sight, in
 *  slices of a few ms, so that thousands of shapes delay no frame. Until it is complete, the old lower canvas is shown, moved and
 *  scaled with the view. */

import type { BoardDoc } from "./board-doc";
import { overlap, paintedBox } from "./geometry";
import type { Images } from "./images";
import { paintShape } from "./paint";
import { BOARD_HEIGHT, BOARD_WIDTH, drawnAt, FIRST_PAGE } from "./schema";
import type { Shape } from "./shape";
import type { Point } from "./strokes";
import { after, held, inverse, matrixOf, type Matrix, seen, type Space, toPage, type View, WHOLE } from "./viewport";

const RESTS_AFTER_MS = 700;
/**
 * After this many ms in one frame, the painting of the lower canvas goes on in the next frame. A frame at 60 Hz lasts 16.7 ms.
 */
const SLICE_MS = 7;
const SHAPES_BETWEEN_CLOCKS = 4;
/** A side of a canvas has at most this many px. A larger canvas could exhaust a phone's memory. */
const SIDE_MOST = 4096;

export interface Layers {
  /** The element in which the board's page is shown. */
  space: HTMLElement;
  /** The paper: an element of the page's size, which CSS moves and enlarges. */
  paper: HTMLElement;
  resting: HTMLCanvasElement;
  live: HTMLCanvasElement;
}

/** A shape that is painted on the upper canvas, because it moves, grows or has just done so. */
interface Lifted {
  /** The time at which the shape moves to the lower canvas (ms of performance.now); Infinity while a person drags or changes
   *  it. */
  until: number;
  /** Whether the shape has never been painted on the lower canvas, and no other shape lies above it. */
  onTop: boolean;
  /** The shape to paint instead of the document's version, while a person drags or changes it; null otherwise. */
  preview: Shape | null;
}

interface Job {
  shapes: Shape[];
  at: number;
  matrix: Matrix;
}

export class BoardCanvas {
  private shownPage = FIRST_PAGE;
  private shownView: View = WHOLE;
  private turned = false;
  private until = Infinity;
  private density = 1;
  private readonly lifted = new Map<string, Lifted>();
  private readonly back = document.createElement("canvas");
  private readonly backContext = this.back.getContext("2d", { willReadFrequently: true });
  private restingMatrix: Matrix | null = null;
  private stale = true;
  private job: Job | null = null;
  private frame = 0;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly ends: (() => void)[] = [];
  /** Called after each painted frame, with the frame's time. A frame is also painted when somebody pans or zooms the board. */
  onFrame: (now: number) => void = () => undefined;
  onView: (view: View) => void = () => undefined;

  constructor(
    private readonly layers: Layers,
    private readonly board: BoardDoc,
    private readonly images: Images,
  ) {
    const resized = new ResizeObserver(() => this.resize());
    resized.observe(layers.space);
    this.ends.push(() => resized.disconnect());
    this.ends.push(board.listen({ onGrown: (shapes) => this.grow(shapes), onChanged: (shapes) => this.changed(shapes) }));
    this.resize();
  }

  get page(): string {
    return this.shownPage;
  }

  get view(): View {
    return this.shownView;
  }

  get space(): Space {
    const { clientWidth, clientHeight } = this.layers.space;
    return { width: clientWidth, height: clientHeight, turned: this.turned };
  }

  get matrix(): Matrix {
    return matrixOf(this.shownView, this.space);
  }

  showPage(page: string): void {
    if (page === this.shownPage) return;
    this.shownPage = page;
    this.lifted.clear();
    this.restingMatrix = null;
    this.repaint();
  }

  look(view: View): void {
    const next = held(view, this.space);
    const now = this.shownView;
    if (next.zoom === now.zoom && next.x === now.x && next.y === now.y) return;
    this.shownView = next;
    this.placePaper();
    this.onView(next);
    this.repaint();
  }

  /** Shows the board as it was at a time (ms since 1970); Infinity means now. */
  showUntil(until: number): void {
    if (until === this.until) return;
    this.until = until;
    this.repaint();
  }

  turn(turned: boolean): void {
    if (turned === this.turned) return;
    this.turned = turned;
    this.shownView = held(this.shownView, this.space);
    this.placePaper();
    this.onView(this.shownView);
    this.repaint();
  }

  /** Paints these versions of shapes, which this person is changing, instead of the document's versions. Call `release` to end
   *  this. */
  preview(shapes: Shape[]): void {
    for (const shape of shapes) {
      const known = this.lifted.get(shape.id);
      if (!known && this.board.shape(shape.id)) this.stale = true;
      this.lifted.set(shape.id, { until: Infinity, onTop: known?.onTop ?? false, preview: shape });
    }
    this.want();
  }

  /** Returns the version of a shape that this person is dragging or changing now; null if this person changes no such shape. */
  previewOf(id: string): Shape | null {
    return this.lifted.get(id)?.preview ?? null;
  }

  /** Ends all previews. After this call, all shapes are painted as they are in the document. */
  release(): void {
    for (const [id, one] of this.lifted) {
      if (one.preview) this.lifted.set(id, { ...one, preview: null, until: performance.now() + RESTS_AFTER_MS });
    }
    this.want();
  }

  /** Asks the browser for the next frame, in which the upper canvas is painted. */
  want(): void {
    this.frame ||= requestAnimationFrame((now) => this.paint(now));
  }

  /** Paints both canvases anew in the next frames. */
  repaint(): void {
    this.stale = true;
    this.want();
  }

  /** Returns the place of a pointer on the screen, in px from the upper left corner of the board's space. */
  onScreen(event: MouseEvent): Point {
    const box = this.layers.space.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  toPage(screen: Point): Point {
    return toPage(screen, this.shownView, this.space);
  }

  close(): void {
    clearTimeout(this.restTimer);
    cancelAnimationFrame(this.frame);
    for (const end of this.ends) end();
  }

  private resize(): void {
    const { width, height } = this.space;
    if (width === 0 || height === 0) return;
    this.density = Math.min(3, window.devicePixelRatio || 1, SIDE_MOST / width, SIDE_MOST / height);
    for (const canvas of [this.layers.resting, this.layers.live, this.back]) {
      canvas.width = Math.round(width * this.density);
      canvas.height = Math.round(height * this.density);
    }
    this.shownView = held(this.shownView, this.space);
    this.restingMatrix = null;
    this.job = null;
    this.placePaper();
    this.onView(this.shownView);
    this.repaint();
  }

  private placePaper(): void {
    this.layers.paper.style.transform = `matrix(${this.matrix.join(",")})`;
    const css = this.restingMatrix && after(this.matrix, inverse(this.restingMatrix));
    this.layers.resting.style.transform = css ? `matrix(${css.join(",")})` : "";
  }

  private grow(shapes: Shape[]): void {
    const until = performance.now() + RESTS_AFTER_MS;
    for (const shape of shapes) {
      if (shape.page !== this.shownPage || !this.isDue(shape)) continue;
      const known = this.lifted.get(shape.id);
      if (known) known.until = known.preview ? Infinity : until;
      else {
        const isNew = shape.points.length <= 1 || this.board.shapes(this.shownPage).at(-1)?.id === shape.id;
        this.stale ||= !isNew;
        this.lifted.set(shape.id, { until, onTop: isNew, preview: null });
      }
    }
    this.want();
  }

  private changed(shapes: Shape[]): void {
    if (shapes.length === 0) {
      this.repaint();
      return;
    }
    const until = performance.now() + RESTS_AFTER_MS;
    for (const shape of shapes) {
      const known = this.lifted.get(shape.id);
      if (known?.preview) continue;
      const gone = shape.deleted || shape.page !== this.shownPage;
      if (gone) {
        this.lifted.delete(shape.id);
        this.stale ||= !known?.onTop;
      } else {
        this.stale ||= !known;
        this.lifted.set(shape.id, { until, onTop: known?.onTop ?? false, preview: null });
      }
    }
    this.want();
  }

  private isDue(shape: Shape): boolean {
    return drawnAt(shape.index) <= this.until && !this.board.isPutAway(shape, this.until);
  }

  private paint(now: number): void {
    this.frame = 0;
    this.settle(now);
    if (this.stale && !this.job) this.begin();
    if (this.job) this.work(this.job);
    this.paintLive();
    if (this.job || this.stale) this.want();
    this.onFrame(now);
  }

  /** Moves the shapes that have not changed for a while from the upper to the lower canvas. */
  private settle(now: number): void {
    const below = this.layers.resting.getContext("2d");
    let next = Infinity;
    for (const [id, one] of this.lifted) {
      if (one.until > now) {
        next = Math.min(next, one.until);
        continue;
      }
      this.lifted.delete(id);
      const shape = this.board.shape(id);
      if (!shape) continue;
      if (one.onTop && below && !this.stale && !this.job) {
        this.transform(below, this.matrix);
        this.paintClipped(below, [shape]);
      } else this.stale = true;
    }
    clearTimeout(this.restTimer);
    if (next < Infinity) this.restTimer = setTimeout(() => this.want(), Math.max(0, next - now));
  }

  private begin(): void {
    this.stale = false;
    const box = seen(this.shownView, this.space);
    const shapes = this.board
      .shapes(this.shownPage)
      .filter((shape) => !this.lifted.has(shape.id) && overlap(paintedBox(shape), box) && this.isDue(shape));
    this.job = { shapes, at: 0, matrix: this.matrix };
    if (this.backContext) this.clear(this.backContext);
  }

  private work(job: Job): void {
    const context = this.backContext;
    if (!context) return;
    const ends = performance.now() + SLICE_MS;
    this.transform(context, job.matrix);
    while (job.at < job.shapes.length && performance.now() < ends) {
      this.paintClipped(context, job.shapes.slice(job.at, job.at + SHAPES_BETWEEN_CLOCKS));
      job.at += SHAPES_BETWEEN_CLOCKS;
      context.getImageData(0, 0, 1, 1); // makes the browser paint what it has queued, so that the clock measures the painting
    }
    if (job.at < job.shapes.length) return;
    this.job = null;
    const below = this.layers.resting.getContext("2d");
    if (!below) return;
    this.clear(below);
    below.drawImage(this.back, 0, 0);
    this.restingMatrix = job.matrix;
    this.placePaper();
  }

  private paintLive(): void {
    const context = this.layers.live.getContext("2d");
    if (!context) return;
    this.clear(context);
    if (this.lifted.size === 0) return;
    this.transform(context, this.matrix);
    const shapes: Shape[] = [];
    for (const [id, { preview }] of this.lifted) {
      const shape = preview ?? this.board.shape(id);
      if (shape && shape.page === this.shownPage && this.isDue(shape)) shapes.push(shape);
    }
    this.paintClipped(context, shapes);
  }

  /** Paints shapes, cut off at the edges of the page. */
  private paintClipped(context: CanvasRenderingContext2D, shapes: Shape[]): void {
    context.save();
    context.beginPath();
    context.rect(0, 0, BOARD_WIDTH, BOARD_HEIGHT);
    context.clip();
    for (const shape of shapes) paintShape(context, shape, this.images.of);
    context.restore();
  }

  private clear(context: CanvasRenderingContext2D): void {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  }

  private transform(context: CanvasRenderingContext2D, matrix: Matrix): void {
    const [a, b, c, d, e, f] = matrix.map((value) => value * this.density) as Matrix;
    context.setTransform(a, b, c, d, e, f);
  }
}
