/** The player's clock. Media elements follow the clock. An element that drifts too far is moved to the right position. */
import { createStore, type Readable } from "../ui/store";

const DRIFT_S = 0.2;
const HELD_MOST_MS = 4000;
const SHOWN_EVERY_MS = 100;

/** A media element, and the moments (Unix ms) at which the track that it plays begins and ends. */
export interface Follower {
  element: HTMLMediaElement;
  began: number;
  ended: number;
}

export interface State {
  playing: boolean;
  /** The position of the player on its bar, in ms. */
  position: number;
  speed: number;
  /** Whether the clock stands still to wait for media data. */
  held: boolean;
}

export class PlayerClock {
  private readonly store = createStore<State>({ playing: false, position: 0, speed: 1, held: false });
  private readonly followers = new Set<Follower>();
  private frame = 0;
  private last = 0;
  private position = 0;
  private shown = 0;
  private heldSince = 0;

  /** `momentAt`: converts a position on the bar to a moment (Unix ms). */
  constructor(
    private readonly length: number,
    private readonly momentAt: (position: number) => number,
  ) {}

  get state(): Readable<State> {
    return this.store;
  }

  follow(follower: Follower): () => void {
    this.followers.add(follower);
    this.place(follower, true);
    return () => {
      follower.element.pause();
      this.followers.delete(follower);
    };
  }

  toggle(): void {
    if (this.store.get().playing) this.pause();
    else this.play();
  }

  play(): void {
    if (this.position >= this.length) this.seek(0);
    this.store.update((state) => ({ ...state, playing: true }));
    this.last = performance.now();
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(this.tick);
  }

  pause(): void {
    cancelAnimationFrame(this.frame);
    this.heldSince = 0;
    for (const { element } of this.followers) element.pause();
    this.store.update((state) => ({ ...state, playing: false, held: false, position: this.position }));
  }

  seek(position: number): void {
    this.position = Math.min(this.length, Math.max(0, position));
    this.store.update((state) => ({ ...state, position: this.position }));
    for (const follower of this.followers) this.place(follower, true);
  }

  setSpeed(speed: number): void {
    this.store.update((state) => ({ ...state, speed }));
    for (const { element } of this.followers) element.playbackRate = speed;
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    for (const { element } of this.followers) element.pause();
    this.followers.clear();
  }

  private readonly tick = (now: number): void => {
    const passed = Math.max(0, now - this.last);
    this.last = now;
    const moment = this.momentAt(this.position);
    const waiting = [...this.followers].some((one) => this.isDue(one, moment) && !isReady(one.element));
    this.heldSince = waiting ? this.heldSince || now : 0;
    // The clock waits for missing media data for a limited time. After that, the clock runs on without the data.
    const held = waiting && now - this.heldSince < HELD_MOST_MS;
    if (!held) this.position = Math.min(this.length, this.position + passed * this.store.get().speed);
    for (const follower of this.followers) this.place(follower, false, held);
    if (now - this.shown >= SHOWN_EVERY_MS || held !== this.store.get().held) {
      this.shown = now;
      this.store.update((state) => ({ ...state, position: this.position, held }));
    }
    if (this.position >= this.length) this.pause();
    else this.frame = requestAnimationFrame(this.tick);
  };

  private isDue({ began, ended }: Follower, moment: number): boolean {
    return began <= moment && moment < ended;
  }

  private place(follower: Follower, exact: boolean, held = false): void {
    const { element, began } = follower;
    const moment = this.momentAt(this.position);
    const due = this.isDue(follower, moment);
    const at = Math.max(0, (moment - began) / 1000);
    const drift = Math.abs(element.currentTime - at);
    if (element.playbackRate !== this.store.get().speed) element.playbackRate = this.store.get().speed;
    if (!element.seeking && drift > (exact ? 0.02 : DRIFT_S) && (due || exact)) element.currentTime = at;
    if (due && this.store.get().playing && !held) {
      if (element.paused && !element.ended) void element.play().catch(() => undefined); // browsers may block sound
    } else if (!element.paused) element.pause();
  }
}

function isReady(element: HTMLMediaElement): boolean {
  return element.readyState >= 3 || element.ended || element.error !== null;
}
