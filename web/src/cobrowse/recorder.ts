/** Records the page with `@rrweb/record`, masks every event, and passes the events on in batches. */

import { record } from "@rrweb/record";
import { type Change, FULL, INCREMENTAL, META, MUTATION, type Seen } from "./events";
import { mask, type Recorded } from "./mask";
import { DECIDING, type Mode, Rules } from "./rules";

/** Time between two batches, ms. It is short enough for staff to see a change within a quarter of a second over a usual
 *  network. */
const BATCH_MS = 50;
/** One batch has at most this many events. If there are more, the recorder drops the batch and takes a new snapshot instead. */
const MOST_EVENTS = 4000;
/** At least this many ms pass between a snapshot and the next one, unless the panel asks for a snapshot, or the visitor shows or
 *  hides a field. */
const SNAPSHOT_MS = 1000;
/** Elements that staff see as grey boxes. Their content comes from other sites, cannot be masked as text, or is part of the
 *  widget. */
export const BOXES = "iframe, frame, object, embed, video, audio, canvas, #sangdam-widget, [data-sangdam-own]";

type Send = (first: boolean, events: Seen[]) => void;

export class Recorder {
  readonly rules: Rules;
  private stopRecording: (() => void) | undefined;
  private batch: Seen[] = [];
  private first = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private paused = false;
  private takenAt = 0;
  /** The address of the page in the newest snapshot or batch. */
  private address = "";

  constructor(
    mode: Mode,
    private readonly send: Send,
  ) {
    this.rules = new Rules(mode);
  }

  start(): void {
    this.takenAt = performance.now();
    this.stopRecording = record({
      emit: (event) => this.emitted(event as Recorded),
      blockSelector: BOXES,
      maskAllInputs: true,
      maskInputFn: (text, element) => this.rules.value(element, text),
      slimDOMOptions: "all",
      inlineStylesheet: true,
      inlineImages: false,
      recordCanvas: false,
      collectFonts: false,
      recordCrossOriginIframes: false,
      sampling: { mousemove: 50, mousemoveCallback: 100, mouseInteraction: false, scroll: 60, media: 800, input: "all" },
      recordAfter: "DOMContentLoaded",
      errorHandler: () => true, // an error in the recorder must not reach the partner's page
    });
  }

  stop(): void {
    clearTimeout(this.timer);
    clearTimeout(this.again);
    this.timer = this.again = undefined;
    this.stopRecording?.();
    this.stopRecording = undefined;
    this.batch = [];
  }

  /** Takes a snapshot of the whole page, and ends a pause. */
  snapshot(): void {
    this.paused = false;
    clearTimeout(this.again);
    this.again = undefined;
    if (!this.stopRecording) return;
    this.takenAt = performance.now();
    record.takeFullSnapshot();
  }

  /** Passes no changes of the page on until the next snapshot. */
  pause(): void {
    this.paused = true;
    this.batch = [];
  }

  /** Shows staff the value of a field, or hides the value from staff. */
  show(field: Element, on: boolean): void {
    this.rules.show(field, on);
    this.snapshot();
  }

  /** Returns the page's element with this number; null if the page has no such element. */
  element(node: number): Element | null {
    const found = record.mirror.getNode(node);
    return found?.nodeType === 1 ? (found as unknown as Element) : found?.nodeType === 9 ? document.documentElement : null;
  }

  private emitted(event: Recorded): void {
    const decided = decidedAnew(event);
    for (const id of decided) {
      const element = record.mirror.getNode(id) as unknown as Element | null;
      // the rules remember the element even during a pause, because a field that was ever secret must stay secret
      if (element) this.rules.note(element);
    }
    if (this.paused) return;
    if (decided.length > 0) {
      this.soon();
      return; // the change is left out: the new snapshot, which follows within a second, applies the new rules
    }
    if (this.again !== undefined && event.type === INCREMENTAL) return;
    let seen: Seen | null = null;
    try {
      seen = mask(event, this.rules, record.mirror);
    } catch {
      this.soon(); // an event that cannot be masked does not leave the page
    }
    if (!seen) return;
    if (seen.type === META) {
      this.batch = [];
      this.address = location.href;
    }
    if (seen.type === FULL) this.first = true;
    this.batch.push(seen);
    if (this.batch.length > MOST_EVENTS) this.soon();
    else this.timer ??= setTimeout(() => this.flush(), seen.type === FULL ? 0 : BATCH_MS);
  }

  /** Drops the events that wait, and takes a new snapshot soon: at most one snapshot a second. */
  private soon(): void {
    this.batch = [];
    this.again ??= setTimeout(() => this.snapshot(), Math.max(0, this.takenAt + SNAPSHOT_MS - performance.now()));
  }

  /** Passes the page's address on if it has changed: a single-page application changes its address without a new document. */
  private tellAddress(): void {
    if (location.href === this.address) return;
    this.address = location.href;
    const data = { href: this.address, width: innerWidth, height: innerHeight };
    const moved = mask({ type: META, data }, this.rules, record.mirror);
    if (moved) this.batch.push(moved);
  }

  private flush(): void {
    this.timer = undefined;
    if (this.batch.length === 0) return;
    this.tellAddress();
    const { batch, first } = this;
    this.batch = [];
    this.first = false;
    this.send(first, batch);
  }
}

/** Returns the numbers of the elements on which an event changes an attribute that decides what staff are allowed to see
 *  (`DECIDING`). */
function decidedAnew(event: Recorded): number[] {
  if (event.type !== INCREMENTAL) return [];
  const data = event.data as Change;
  if (data.source !== MUTATION) return [];
  return data.attributes.filter(({ attributes }) => DECIDING.some((name) => name in attributes)).map(({ id }) => id);
}
