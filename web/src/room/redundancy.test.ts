import { describe, expect, it } from "vitest";
import { Redundancy } from "./redundancy";

interface Second {
  /** Share of the sent packets that are lost, from 0 to 1. */
  loss?: number;
  roundTripMs?: number | null;
  packets?: number;
  /** Time since the previous statistics report, in ms. */
  ms?: number;
}

/** A simulated call, in which the worker reports once a second on the voice that it receives. */
class Call {
  readonly redundancy = new Redundancy();
  private at = 1_795_000_000_000;
  private sent = 0;
  private lost = 0;

  /** Returns the seconds until `redundancy.on` equals `on`; null if that does not happen within `seconds`. */
  until(on: boolean, seconds: number, second: Second): number | null {
    for (let n = 1; n <= seconds; n++) if (this.goesOn(1, second) === on) return n;
    return null;
  }

  goesOn(seconds: number, { loss = 0, roundTripMs = 40, packets = 50, ms = 1000 }: Second = {}): boolean {
    for (let n = 0; n < seconds; n++) {
      this.at += ms;
      this.sent += packets;
      this.lost += packets * loss;
      this.redundancy.told({ at: this.at, sent: this.sent, lost: Math.round(this.lost), roundTripMs });
    }
    return this.redundancy.on;
  }

  reconnects(): void {
    this.redundancy.reconnected();
    this.sent = this.lost = 0;
  }
}

describe("Redundancy", () => {
  it("begins within 5 s of loss, and not for less than three per cent", () => {
    const call = new Call();
    expect(call.goesOn(60, { loss: 0.02 })).toBe(false);
    expect(call.until(true, 5, { loss: 0.1 })).not.toBeNull();
  });

  it("ends when the line has been clean for ten seconds, and not in a pause of the loss", () => {
    const call = new Call();
    call.goesOn(20, { loss: 0.1 });
    expect(call.goesOn(8)).toBe(true);
    call.goesOn(2, { loss: 0.1 });
    expect(call.until(false, 20, {})).toBeGreaterThanOrEqual(10);
    expect(call.goesOn(60)).toBe(false);
  });

  it("stays while there is loss of two per cent: neither is worth a change", () => {
    const call = new Call();
    call.goesOn(10, { loss: 0.1 });
    expect(call.goesOn(60, { loss: 0.02 })).toBe(true);
  });

  it("decides nothing from the few packets of who is muted or listens", () => {
    const call = new Call();
    expect(call.goesOn(60, { loss: 0.5, packets: 2 })).toBe(false);
    call.goesOn(10, { loss: 0.1 });
    expect(call.goesOn(120, { packets: 0 })).toBe(true);
    expect(call.goesOn(120, { packets: 2 })).toBe(true);
  });

  it("ends in a talk with pauses, too", () => {
    const call = new Call();
    call.goesOn(10, { loss: 0.1 });
    for (let n = 0; n < 6; n++) {
      call.goesOn(2);
      call.goesOn(6, { packets: 2 });
    }
    expect(call.redundancy.on).toBe(false);
  });

  it("takes a report once, however often it is looked at", () => {
    const call = new Call();
    call.goesOn(4);
    for (let n = 0; n < 60; n++) call.goesOn(1, { loss: n === 0 ? 0.2 : 0, ms: n === 0 ? 1000 : 0 });
    expect(call.redundancy.on).toBe(false);
  });

  it("does not begin while a queue stands, and does when it is gone", () => {
    const call = new Call();
    call.goesOn(3);
    expect(call.goesOn(30, { loss: 0.1, roundTripMs: 250 })).toBe(false);
    expect(call.until(true, 4, { loss: 0.1, roundTripMs: 60 })).not.toBeNull();
  });

  it("comes to know a longer route", () => {
    const call = new Call();
    call.goesOn(3);
    expect(call.until(true, 120, { loss: 0.1, roundTripMs: 250 })).toBeGreaterThan(30);
  });

  it("takes single late answers for no queue, and knows none where no round trip is told", () => {
    const call = new Call();
    call.goesOn(3);
    for (let n = 0; n < 3; n++) {
      call.goesOn(1, { loss: 0.1, roundTripMs: 400 });
      call.goesOn(1, { loss: 0.1 });
    }
    expect(call.redundancy.on).toBe(true);
    expect(new Call().goesOn(6, { loss: 0.1, roundTripMs: null })).toBe(true);
  });

  it("goes back at once when more is lost for it, and waits longer each time", () => {
    const call = new Call();
    for (const wait of [30, 60, 120, 240, 300, 300]) {
      expect(call.until(true, 400, { loss: 0.05 })).not.toBeNull();
      expect(call.until(false, 4, { loss: 0.2 })).not.toBeNull();
      expect(call.goesOn(wait - 1, { loss: 0.05 })).toBe(false);
    }
  });

  it("sees within a second when a line has no room for it", () => {
    const call = new Call();
    call.until(true, 6, { loss: 0.05 });
    expect(call.until(false, 4, { loss: 0.32 })).toBe(1);
  });

  it("takes a loss that was there before for no harm of its own, however suddenly it came", () => {
    for (const loss of [0.2, 0.4]) {
      const call = new Call();
      call.goesOn(30);
      call.goesOn(1, { loss: loss / 2 });
      expect(call.goesOn(2, { loss })).toBe(true);
      expect(call.goesOn(30, { loss: loss * 1.35 })).toBe(true);
    }
  });

  it("gives way to a queue, whenever it grows", () => {
    for (const seconds of [6, 60]) {
      const call = new Call();
      call.goesOn(seconds, { loss: 0.05 });
      expect(call.until(false, 4, { loss: 0.05, roundTripMs: 300 })).not.toBeNull();
      expect(call.goesOn(60, { loss: 0.05, roundTripMs: 300 })).toBe(false);
    }
  });

  it("stays when more is lost later: it is not the cause then", () => {
    const call = new Call();
    call.goesOn(20, { loss: 0.05 });
    expect(call.goesOn(30, { loss: 0.3 })).toBe(true);
  });

  it("does not begin for a gap that is over, nor end because there was no loss before", () => {
    const call = new Call();
    for (let n = 0; n < 20; n++) {
      call.goesOn(1, { loss: 0.1 });
      expect(call.until(true, 19, {})).toBeNull();
    }
    expect(call.until(true, 10, { loss: 0.05 })).not.toBeNull();
    expect(call.goesOn(9)).toBe(true);
  });

  it("forgets that it waited once it has proved itself", () => {
    const call = new Call();
    call.goesOn(6, { loss: 0.05 });
    call.goesOn(4, { loss: 0.2 });
    call.until(true, 60, { loss: 0.05 });
    call.goesOn(15, { loss: 0.05 });
    call.goesOn(12);
    expect(call.until(true, 5, { loss: 0.05 })).not.toBeNull();
    expect(call.until(false, 4, { loss: 0.2 })).not.toBeNull();
    expect(call.until(true, 35, { loss: 0.05 })).not.toBeNull();
  });

  it("goes on over a new connection, and ends there as it would have", () => {
    const call = new Call();
    call.goesOn(10, { loss: 0.1 });
    call.reconnects();
    expect(call.goesOn(20, { loss: 0.1 })).toBe(true);
    call.reconnects();
    expect(call.until(false, 15, {})).toBeGreaterThanOrEqual(10);
  });

  it("goes back over a new connection that carries less", () => {
    const call = new Call();
    call.goesOn(30, { loss: 0.1 });
    call.reconnects();
    expect(call.until(false, 5, { loss: 0.3 })).not.toBeNull();
    expect(call.goesOn(25, { loss: 0.1 })).toBe(false);
  });

  it("keeps a minute of reports, however long the call", () => {
    const call = new Call();
    call.goesOn(3600, { loss: 0.02 });
    expect(JSON.stringify(call.redundancy).length).toBeLessThan(61 * 80);
  });
});
