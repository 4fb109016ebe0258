import { describe, expect, it } from "vitest";
import { fragment, FRAGMENT_BYTES, Reassembler, WHOLE_BYTES } from "./fragments";
import { Watchdog } from "./watchdog";

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i % 251);

describe("fragments", () => {
  it.each([0, 1, FRAGMENT_BYTES, FRAGMENT_BYTES + 1, 3 * FRAGMENT_BYTES, WHOLE_BYTES])("bring back %i bytes", (length) => {
    const parts = fragment(bytes(length));
    const reassembler = new Reassembler();
    const results = parts.map((part) => reassembler.push(part));
    expect(results.slice(0, -1).every((result) => result === null)).toBe(true);
    expect(results.at(-1)).toEqual(bytes(length));
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(FRAGMENT_BYTES + 1);
  });

  it("refuses a message that grows over 256 KiB, and an unknown header, and goes on afterwards", () => {
    const reassembler = new Reassembler();
    const more = new Uint8Array(FRAGMENT_BYTES + 1).fill(1, 0, 1);
    for (let n = 0; n < 16; n++) expect(reassembler.push(more)).toBeNull();
    expect(() => reassembler.push(more)).toThrow(RangeError);
    expect(() => reassembler.push(Uint8Array.of(7, 1))).toThrow(RangeError);
    expect(() => reassembler.push(new Uint8Array())).toThrow(RangeError);
    expect(reassembler.push(Uint8Array.of(0, 9))).toEqual(Uint8Array.of(9));
    expect(() => fragment(bytes(WHOLE_BYTES + 1))).toThrow(RangeError);
  });
});

describe("Watchdog", () => {
  /** Ticks a watchdog every 100 ms. `echo` returns whether a heartbeat that is sent now gets an answer. Returns the
   *  time (ms after the start) at which the watchdog gave the connection up; null if it did not before `untilMs`. */
  function run(untilMs: number, echo: (now: number) => boolean): number | null {
    const watchdog = new Watchdog(0);
    for (let now = 0; now <= untilMs; now += 100) {
      const { send, lost } = watchdog.tick(now);
      if (lost) return now;
      if (send !== null && echo(now)) watchdog.echoed(now);
    }
    return null;
  }

  it("is content while echoes come", () => {
    expect(run(60_000, () => true)).toBeNull();
  });

  it("gives up within 2 s of the last echo", () => {
    const lostAt = run(60_000, (now) => now < 10_000);
    expect(lostAt).toBeGreaterThan(11_000);
    expect(lostAt).toBeLessThanOrEqual(12_000);
  });

  it("survives three lost heartbeats in a row: it asks more often when an echo is late", () => {
    let n = 0;
    expect(run(60_000, () => n++ % 5 >= 4)).toBeNull();
  });

  it("does not take a sleeping laptop for a lost network", () => {
    const watchdog = new Watchdog(0);
    watchdog.tick(0);
    watchdog.echoed(10);
    expect(watchdog.tick(3_600_000).lost).toBe(false);
    expect(watchdog.tick(3_600_100).lost).toBe(false);
  });
});
