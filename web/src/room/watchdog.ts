/** Decides from heartbeats on the `live` channel whether the worker is still reachable. Pure; times in ms. */

const EVERY_MS = 500;
const HURRY_AFTER_MS = 600;
const HURRY_EVERY_MS = 150;
const LOST_AFTER_MS = 1500;
const LATE_TICK_MS = 1000;

/** Call `tick` every 100 ms or so. Packets of the channel can get lost, so heartbeats are sent more often while the worker's echo
 *  of a heartbeat is late. Eight heartbeats must then be lost in a row, instead of three, before the watchdog wrongly gives up a
 *  connection. A late tick, as after a laptop has slept, says nothing about the network, so a late tick restarts the
 *  measurement. */
export class Watchdog {
  private sentAt = -Infinity;
  private heardAt: number;
  private tickedAt: number;
  private n = 0;

  constructor(now: number) {
    this.heardAt = now;
    this.tickedAt = now;
  }

  /** Returns what to do now: send heartbeat number `send` if it is not null; give the connection up if `lost`. */
  tick(now: number): { send: number | null; lost: boolean } {
    if (now - this.tickedAt > LATE_TICK_MS) this.heardAt = now;
    this.tickedAt = now;
    const silence = now - this.heardAt;
    if (silence > LOST_AFTER_MS) return { send: null, lost: true };
    if (now - this.sentAt < (silence > HURRY_AFTER_MS ? HURRY_EVERY_MS : EVERY_MS)) return { send: null, lost: false };
    this.sentAt = now;
    return { send: ++this.n, lost: false };
  }

  /** Call this for every echo, even a late one: any echo proves that the worker can be reached. */
  echoed(now: number): void {
    this.heardAt = now;
  }
}
