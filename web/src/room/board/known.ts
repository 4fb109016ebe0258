/** The shapes of a board's document as they were last read. When a stroke has grown, only its new points are unpacked. */

import type * as Y from "yjs";
import { readElement, type ElementMap } from "./schema";
import type { Shape } from "./shape";
import { ChunkDecoder } from "./strokes";

const NO_POINTS: Shape["points"] = [];
const NO_EXTENT = { left: 0, top: 0, right: 0, bottom: 0 };

interface Entry {
  shape: Shape;
  decoder: ChunkDecoder | null;
  chunks: number;
  /** The Yjs array from which the points were read; null for a shape without such an array. After a redo, a stroke has another
   *  array. */
  from: Y.Array<unknown> | null;
}

const byIndex = (a: Shape, b: Shape): number =>
  a.index < b.index ? -1 : a.index > b.index ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

/** The shapes of a board, by id and by page. `most`: how many shapes and points are read at most, so that no document can
 *  exhaust the browser. */
export class Known {
  private readonly entries = new Map<string, Entry>();
  private readonly pages = new Map<string, Shape[]>();
  /** Page → the topmost shape that the page ever had. This shape is kept, because sorting a page's shapes for every new shape
   *  would take too long. */
  private readonly tops = new Map<string, Shape>();
  private points = 0;

  constructor(
    private readonly elements: Y.Map<ElementMap>,
    private readonly most = { shapes: 20_000, points: 1_000_000 },
  ) {}

  get(id: string): Shape | undefined {
    return this.entries.get(id)?.shape;
  }

  all(): Shape[] {
    return [...this.entries.values()].map(({ shape }) => shape).filter((shape) => !shape.deleted);
  }

  onPage(page: string): readonly Shape[] {
    const known = this.pages.get(page);
    if (known) return known;
    const found = this.all().filter((shape) => shape.page === page);
    found.sort(byIndex);
    this.pages.set(page, found);
    return found;
  }

  /** Returns the topmost shape that a page ever had; undefined if the page never had one. */
  top(page: string): Shape | undefined {
    return this.tops.get(page);
  }

  /** Whether no shape of the same page lies above this shape. */
  isNewest(shape: Shape): boolean {
    const top = this.tops.get(shape.page);
    return !top || byIndex(top, shape) <= 0;
  }

  /**
   * Reads an element of the document again. Returns its shape; null if the element cannot be drawn, or is new while there are too
   * many shapes already.
   */
  read(id: string): Shape | null {
    const element = readElement(id, this.elements.get(id));
    const held = this.entries.get(id);
    if (!element || (!held && this.entries.size >= this.most.shapes)) {
      if (held) this.forget(id, held);
      return null;
    }
    const { chunks, packing } = element;
    const fresh = !held || held.from !== chunks || held.chunks > (chunks?.length ?? 0);
    if (fresh && held) this.points -= held.shape.points.length;
    const decoder = fresh ? chunks && new ChunkDecoder(packing) : held.decoder;
    if (decoder && chunks) {
      const before = fresh ? 0 : decoder.points.length;
      for (const chunk of chunks.slice(fresh ? 0 : held.chunks)) {
        if (chunk instanceof Uint8Array && this.points < this.most.points) decoder.push(chunk);
      }
      this.points += decoder.points.length - before;
    }
    const shape: Shape = { ...element.shape, points: decoder?.points ?? NO_POINTS, extent: decoder?.extent ?? NO_EXTENT };
    this.entries.set(id, { shape, decoder, chunks: chunks?.length ?? 0, from: chunks });
    this.place(held?.shape, shape);
    return shape;
  }

  private forget(id: string, held: Entry): void {
    this.points -= held.shape.points.length;
    this.entries.delete(id);
    this.pages.delete(held.shape.page);
  }

  /** Puts a shape into the sorted list of its page. A shape that only changed replaces its older version (`before`). */
  private place(before: Shape | undefined, shape: Shape): void {
    if (this.isNewest(shape)) this.tops.set(shape.page, shape);
    const list = this.pages.get(shape.page);
    const stays = before && before.page === shape.page && before.index === shape.index && before.deleted === shape.deleted;
    if (stays) {
      const at = list && !shape.deleted ? find(list, shape) : -1;
      if (list && at >= 0) list[at] = shape;
      return;
    }
    const top = list?.at(-1);
    if (list && (!before || before.deleted) && !shape.deleted && (!top || byIndex(top, shape) < 0)) list.push(shape);
    else this.pages.delete(shape.page);
    if (before && before.page !== shape.page) this.pages.delete(before.page);
  }
}

/** Returns the position of a shape in a sorted list, found by its index and id; -1 if the list does not have the shape. */
function find(list: Shape[], shape: Shape): number {
  let low = 0;
  let high = list.length - 1;
  while (low <= high) {
    const half = (low + high) >> 1;
    const order = byIndex(list[half]!, shape);
    if (order === 0) return half;
    if (order < 0) low = half + 1;
    else high = half - 1;
  }
  return -1;
}
