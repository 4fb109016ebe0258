/** This browser's copy of a session's board. Reads and changes shapes and pages, undoes this person's own changes, and syncs with
 *  the worker. */

import * as Y from "yjs";
import { newId } from "../client";
import type { BoardWire } from "../room-link";
import { BoardWireSync } from "./board-wire";
import { Drawing } from "./drawing";
import { hits } from "./geometry";
import { Known } from "./known";
import {
  COLOUR_KEY,
  elementsOf,
  FIRST_PAGE,
  makeElement,
  makeIndex,
  metaOf,
  type NewShape,
  type Page,
  PAGES_MOST,
  pagesOf,
  drawnAt,
  readColours,
  readPages,
  SCHEMA,
  writeChanges,
} from "./schema";
import type { Changes, Shape, Style } from "./shape";
import { ChunkEncoder, type Point } from "./strokes";
import type { Sign } from "./presence";

/** Each browser chooses its Yjs client id from this many ids. Yjs itself would use 32 bits for an id. An id of 28 bits takes a
 *  byte less, and each chunk of a stroke contains the id twice. */
const CLIENT_IDS = 2 ** 28;
/** A shape's index is the time at which it was made (ms, with a random fraction). It says which shapes lie on top. Each further
 *  shape that this browser makes in the same millisecond gets an index larger by this step. */
const INDEX_STEP = 1e-6;

export interface BoardEvents {
  /** Called with new shapes that lie on top of all others of their page, and with strokes that have grown. */
  onGrown: (shapes: Shape[]) => void;
  /** Called with shapes about which `onGrown` is not called, for example shapes that were moved or deleted. An empty list means
   *  that all shapes might have changed. */
  onChanged: (shapes: Shape[]) => void;
  /** Called when pages were added or deleted, or got another background, and when a person's own colour was stored. */
  onPages: () => void;
  onUndoable: (undo: boolean, redo: boolean) => void;
  onSign: (from: string, sign: Sign) => void;
}

export class BoardDoc {
  readonly doc = new Y.Doc();
  private readonly elements = elementsOf(this.doc);
  private readonly meta = metaOf(this.doc);
  private readonly pageMaps = pagesOf(this.doc);
  /** The Yjs origin of this person's own changes. Undo reverts only changes with this origin. */
  private readonly mine = {};
  private readonly undoing = new Y.UndoManager([this.elements, this.meta, this.pageMaps], {
    trackedOrigins: new Set([this.mine]),
    captureTimeout: 1e12,
  });
  private readonly known = new Known(this.elements);
  private readonly listeners = new Set<Partial<BoardEvents>>();
  private readonly sync: BoardWireSync;
  private shownPages: Page[] | null = null;
  private last = { at: 0, part: 0 };

  constructor(
    wire: BoardWire,
    readonly author: () => string,
    private readonly now: () => number = Date.now,
  ) {
    this.doc.clientID = Math.floor(Math.random() * CLIENT_IDS);
    this.elements.observeDeep((events) => this.observed(events as Y.YEvent<Y.AbstractType<unknown>>[]));
    const paged = () => {
      this.shownPages = null;
      this.tell("onPages");
      this.tell("onChanged", []);
    };
    this.meta.observe(paged);
    this.pageMaps.observeDeep(paged);
    const undoable = () => this.tell("onUndoable", this.undoing.canUndo(), this.undoing.canRedo());
    for (const kind of ["stack-item-added", "stack-item-popped", "stack-cleared"] as const) this.undoing.on(kind, undoable);
    this.sync = new BoardWireSync(this.doc, wire, (from, sign) => this.tell("onSign", from, sign));
  }

  // --- reading ---------------------------------------------------------------------------------------------------------

  pages(): Page[] {
    this.shownPages ??= readPages(this.doc);
    return this.shownPages;
  }

  page(id: string): Page | undefined {
    return this.pages().find((page) => page.id === id);
  }

  /** Returns the shapes of a page that are not deleted, in drawing order. */
  shapes(page: string = FIRST_PAGE): readonly Shape[] {
    return this.known.onPage(page);
  }

  /** Returns all shapes of all pages except deleted shapes, in no particular order. */
  allShapes(): Shape[] {
    return this.known.all();
  }

  shape(id: string): Shape | undefined {
    const shape = this.known.get(id);
    return shape?.deleted ? undefined : shape;
  }

  /** Whether a shape is no longer shown, because it was drawn before somebody replaced the page's background picture or chose
   *  blank paper. `until`: such changes after this time (ms since 1970) do not count. */
  isPutAway(shape: Pick<Shape, "index" | "page">, until = Infinity): boolean {
    const putAway = this.page(shape.page)?.putAway ?? "";
    return shape.index < putAway && drawnAt(putAway) <= until;
  }

  /** Returns the shapes that a page shows now: neither deleted nor put away with an earlier background picture. */
  seen(page: string): Shape[] {
    return this.shapes(page).filter((shape) => !this.isPutAway(shape));
  }

  /** Returns the id of the page that was added or drawn on last. */
  newestPage(): string {
    let newest = { id: FIRST_PAGE, index: "" };
    for (const { id, index } of this.pages()) {
      const top = this.known.top(id)?.index ?? "";
      const last = top > index ? top : index;
      if (last >= newest.index) newest = { id, index: last };
    }
    return newest.id;
  }

  colours(): Map<string, string> {
    return readColours(this.meta);
  }

  listen(events: Partial<BoardEvents>): () => void {
    this.listeners.add(events);
    events.onChanged?.([]);
    events.onPages?.();
    events.onUndoable?.(this.undoing.canUndo(), this.undoing.canRedo());
    return () => this.listeners.delete(events);
  }

  // --- changing --------------------------------------------------------------------------------------------------------

  /** Begins an undo step: one undo takes back all changes until the next step begins. */
  beginStep(): void {
    this.undoing.stopCapturing();
  }

  undo(): void {
    this.undoing.undo();
  }

  redo(): void {
    this.undoing.redo();
  }

  /** Begins a stroke. The whole stroke is one undo step, however long it gets. */
  draw(at: Point, style: Style, page: string = FIRST_PAGE): Drawing {
    this.beginStep();
    return new Drawing((start, chunk) => this.write(start, chunk, { ...style, page }), at);
  }

  /** Adds shapes with the given fields, on top of all others. Returns their ids. */
  add(made: NewShape[]): string[] {
    const ids = made.map(() => newId());
    this.doc.transact(() => {
      made.forEach((one, i) => this.elements.set(ids[i]!, makeElement(one, this.author(), this.nextIndex())));
    }, this.mine);
    return ids;
  }

  change(changes: ReadonlyMap<string, Changes>): void {
    this.doc.transact(() => {
      for (const [id, one] of changes) {
        const element = this.elements.get(id);
        if (element instanceof Y.Map) writeChanges(element, one);
      }
    }, this.mine);
  }

  remove(ids: Iterable<string>): void {
    this.change(new Map([...ids].map((id) => [id, { deleted: true }])));
  }

  /** Begins an eraser sweep, as one undo step. Returns a function that deletes the shapes near a point, except locked ones. */
  eraser(page: string = FIRST_PAGE): (at: Point, radius: number) => void {
    this.beginStep();
    return (at, radius) => {
      const hit = this.seen(page).filter((shape) => !shape.locked && hits(shape, at, radius));
      if (hit.length > 0) this.remove(hit.map((shape) => shape.id));
    };
  }

  /** Deletes the shapes that `author` drew on a page, as one undo step. Without `author`, deletes everybody's shapes on the
   *  page. */
  clear(page: string, author?: string): void {
    this.beginStep();
    const gone = this.seen(page).filter((shape) => author === undefined || shape.author === author);
    this.remove(gone.map((shape) => shape.id));
    this.beginStep();
  }

  /** Copies shapes to a page, moved by the offset `by`, as one undo step. Returns the ids of the copies. */
  copy(shapes: readonly Shape[], page: string, by: Point): string[] {
    this.beginStep();
    return this.add(
      shapes.map((shape) => ({
        ...shape,
        page,
        x: shape.x + by[0],
        y: shape.y + by[1],
        ...(shape.kind === "freedraw" ? { chunk: packed(shape.points) } : {}),
      })),
    );
  }

  /** Adds a page after the last page, as one undo step. Returns its id, or null when the board has too many pages. */
  addPage(background = ""): string | null {
    if (this.pages().length >= PAGES_MOST) return null;
    this.beginStep();
    const id = newId();
    this.doc.transact(() => {
      const page = new Y.Map<unknown>();
      page.set("index", this.nextIndex());
      page.set("background", background);
      this.pageMaps.set(id, page);
    }, this.mine);
    this.beginStep();
    return id;
  }

  /** Deletes a page, as one undo step. Does nothing if the page is the board's only page. */
  removePage(id: string): void {
    if (this.pages().length < 2) return;
    this.beginStep();
    this.doc.transact(() => this.pageMap(id)?.set("isDeleted", true), this.mine);
    this.beginStep();
  }

  /** Changes the background picture, as one undo step. Shapes that were drawn on the old background picture are put away with it:
   *  the page no longer shows them. This also happens when somebody chooses blank paper (""). Shapes on blank paper stay when a
   *  picture is laid under them. */
  setBackground(picture: string, page: string = FIRST_PAGE): void {
    const map = this.pageMap(page);
    if (!map) return;
    this.beginStep();
    this.doc.transact(() => {
      this.meta.set("schema", SCHEMA);
      if ((this.page(page)?.background ?? "") !== "" || picture === "") map.set("putAway", makeIndex(this.now(), 1));
      map.set("background", picture);
    }, this.mine);
    this.beginStep();
  }

  /** Stores the colour with which this person draws first. The colour stays this person's own colour as long as the board
   *  exists. */
  claimColour(colour: string): void {
    const key = COLOUR_KEY + this.author();
    if (!this.meta.has(key)) this.meta.set(key, colour);
  }

  /** Sends other participants a sign of presence, such as where this person's cursor is. Returns whether the connection accepted
   *  the sign. */
  show(sign: Sign): boolean {
    return this.sync.show(sign);
  }

  close(): void {
    this.sync.close();
    this.undoing.destroy();
    this.doc.destroy();
  }

  private pageMap(id: string): Y.Map<unknown> | undefined {
    return id === FIRST_PAGE ? this.meta : this.pageMaps.get(id);
  }

  /** Returns an index for a new shape, larger than every index that this browser has made before, even in the same
   *  millisecond. */
  private nextIndex(): string {
    const at = Math.max(Math.floor(this.now()), this.last.at);
    const part = at === this.last.at ? this.last.part + INDEX_STEP : Math.random() / 2;
    this.last = { at, part };
    return makeIndex(at, part);
  }

  /** Creates a stroke's element at a point, or finds it by its id. Appends `chunk` to the stroke's points, if given. Returns the
   *  id. */
  private write(at: Point | string, chunk: Uint8Array | null, style: Style & { page: string }): string {
    if (typeof at !== "string") {
      const [id] = this.add([{ ...style, kind: "freedraw", x: at[0], y: at[1] }]);
      return id!;
    }
    const points = this.elements.get(at)?.get("points");
    if (chunk && points instanceof Y.Array) this.doc.transact(() => (points as Y.Array<Uint8Array>).push([chunk]), this.mine);
    return at;
  }

  private observed(events: Y.YEvent<Y.AbstractType<unknown>>[]): void {
    const touched = new Set<string>();
    const growing = new Set<string>();
    for (const event of events) {
      if (event.path.length === 0) event.changes.keys.forEach((_, id) => touched.add(id));
      else if (event.path.length > 1) growing.add(String(event.path[0]));
      else touched.add(String(event.path[0]));
    }
    const grown: Shape[] = [];
    const changed: Shape[] = [];
    for (const id of new Set([...touched, ...growing])) {
      const before = this.known.get(id);
      const shape = this.known.read(id);
      const isNew = !before || before.deleted;
      if (shape && !shape.deleted && (isNew ? this.known.isNewest(shape) : !touched.has(id))) grown.push(shape);
      else if (shape || before) changed.push(shape ?? { ...before!, deleted: true });
    }
    if (changed.length > 0) this.tell("onChanged", changed);
    if (grown.length > 0) this.tell("onGrown", grown);
  }

  private tell<K extends keyof BoardEvents>(event: K, ...given: Parameters<BoardEvents[K]>): void {
    for (const listener of [...this.listeners]) (listener[event] as ((...all: typeof given) => void) | undefined)?.(...given);
  }
}

function packed(points: readonly Point[]): Uint8Array {
  const encoder = new ChunkEncoder(0, 0);
  for (const [x, y] of points) encoder.add(x, y);
  return encoder.take() ?? new Uint8Array();
}
