/** Decides from heartbeats on the `live` channel whether the worker is still reachable. Pure; times in ms. */

const EVERY_MS = 500;
const HURRY_AFTER_MS = 600;
const HURRY_EVERY_MS = 150;
const LOST_AFTER_MS = 1500;
const LATE_TICK_MS = 1000;

/** Call `tick` every ~100 ms. The channel loses packets, so heartbeats go out more often while an echo is late. With 10 % loss
 *  in each direction, a false alarm then needs eight losses in a row instead of three. A late tick (a sleeping laptop, a
 *  throttled tab) says nothing about the network, so it restarts the measurement. */
export class Watchdog {
  private sentAt = -Infinity;
  private heardAt: number;
  private tickedAt: number;
  private n = 0;

  constructor(now: number) {
    this.heardAt = now;
    this.tickedAt = now;
  }

  /** Returns what to do now: send heartbeat number `send`, or give the connection up. */
  tick(now: number): { send: number | null; lost: boolean } {
    if (now - this.tickedAt > LATE_TICK_MS) this.heardAt = now;
    this.tickedAt = now;
    const silence = now - this.heardAt;
    if (silence > LOST_AFTER_MS) return { send: null, lost: true };
    if (now - this.sentAt < (silence > HURRY_AFTER_MS ? HURRY_EVERY_MS : EVERY_MS)) return { send: null, lost: false };
    this.sentAt = now;
    return { send: ++this.n, lost: false };
  }

  /** Call for every echo: any echo proves that the worker is reachable. */
  echoed(now: number): void {
    this.heardAt = now;
  }
}
