/** Decides when to send a voice redundantly (RED, RFC 2198: each packet carries the previous one). RED is on while the
 *  sender's link loses packets although it is not full. A *trial* is the first 10 s after RED is turned on. Pure; times in ms. */

/** The media worker's report on the voice that it receives. `sent` and `lost` count packets since the connection began. */
export interface Report {
  at: number;
  sent: number;
  lost: number;
  roundTripMs: number | null;
}

/** A span of reports over which loss is measured. The span is at least `ms` long and has at least `packets` packets. Loss among
 *  fewer packets says little, and a muted person sends almost none. */
interface Stretch {
  ms: number;
  packets: number;
  /** If the shortest such span is longer than this many ms, its loss is not used. */
  mostMs: number;
}

const SECOND: Stretch = { ms: 800, packets: 40, mostMs: 2000 };
const TWO_SECONDS: Stretch = { ms: 1800, packets: 75, mostMs: 4000 };
const NOW: Stretch = { ms: 2800, packets: 75, mostMs: 5000 };
const FOR_LONG: Stretch = { ms: 10_000, packets: 250, mostMs: 60_000 };
const LOSES = 0.03;
const CLEAN = 0.01;
/** RED starts when this many reports in a row show loss. At the first such report, the span over which loss is measured still
 *  includes time without loss, so the measured loss is too low. */
const SURE = 3;
/** If a round trip is longer than the shortest round trip by more than this, ms, packets wait in queues on the link. The link
 *  then loses packets because it is full. */
const QUEUE_MS = 150;
/** By how much the remembered shortest round trip rises, ms per second. Network routes change, so an old minimum must not
 *  count forever. */
const FORGOTTEN_MS = 1;
/** Length of the trial after RED is turned on, ms. A link that cannot carry twice the bits of a voice loses more packets within
 *  this time. */
const TRIAL_MS = 10_000;
/** Each pair is a span of reports and a number. The share of lost packets over this span is compared with the share before the
 *  trial. RED is turned off if, during the trial, the share rises by at least the number (0.25: 25 percentage points), and to at
 *  least `WORSE_TIMES` times the former share. A strong rise is noticed after one second, a weaker rise after three. So RED on a
 *  link that is too small hurts voice and heartbeats only briefly. */
const WORSE_BY: [Stretch, number][] = [
  [SECOND, 0.25],
  [NOW, 0.1],
];
const WORSE_TIMES = 1.5;
const HOLD_MS = 30_000;
const MOST_HOLD_MS = 300_000;

export class Redundancy {
  private wanted = false;
  /** The worker's reports on this connection in the last minute, the oldest first. */
  private reports: Report[] = [];
  private leastRoundTripMs = Infinity;
  private losing = 0;
  private lossBefore = 0;
  private trialEndsAt: number | null = null;
  private heldUntil = 0;
  private holdMs = HOLD_MS;

  /** Whether this browser should send the voice with redundancy (RED). */
  get on(): boolean {
    return this.wanted;
  }

  /** Call this for each new connection. The new connection will probably lose packets as the old connection did. So RED stays on
   *  if it was on, and a new trial begins. */
  reconnected(): void {
    this.reports = [];
    this.losing = 0;
    this.leastRoundTripMs = Infinity;
    this.trialEndsAt = null;
  }

  told(report: Report): void {
    const { at, roundTripMs } = report;
    const since = at - (this.reports.at(-1)?.at ?? -Infinity);
    if (since <= 0) return;
    this.reports = [...this.reports.filter((each) => at - each.at <= FOR_LONG.mostMs), report];
    this.leastRoundTripMs = Math.min(this.leastRoundTripMs + (since / 1000) * FORGOTTEN_MS, roundTripMs ?? Infinity);
    if (this.wanted) this.mayEnd(at);
    else this.mayBegin(at);
  }

  private mayBegin(at: number): void {
    const loss = this.loss(NOW) ?? 0;
    this.losing = loss > LOSES ? this.losing + 1 : 0;
    // if nothing was lost in the last second, the loss before was a short gap that is over
    const goesOn = (this.loss(SECOND) ?? 0) > 0;
    if (this.losing < SURE || !goesOn || at < this.heldUntil || this.queues(at)) return;
    this.wanted = true;
    this.losing = 0;
    this.lossBefore = Math.max(loss, this.loss(TWO_SECONDS) ?? 0);
    this.trialEndsAt = at + TRIAL_MS;
  }

  private mayEnd(at: number): void {
    this.trialEndsAt ??= at + TRIAL_MS;
    const tried = at > this.trialEndsAt;
    if (tried) this.holdMs = HOLD_MS;
    const forLong = this.loss(FOR_LONG);
    if (this.queues(at) || (!tried && this.worse())) this.goBack(at);
    // RED is turned off on a link without loss, but only after the trial: until then, the span includes loss from before RED
    else if (tried && forLong !== null && forLong < CLEAN) this.wanted = false;
  }

  private worse(): boolean {
    return WORSE_BY.some(([stretch, by]) => {
      const loss = this.loss(stretch);
      return loss !== null && loss >= this.lossBefore + by && loss >= this.lossBefore * WORSE_TIMES;
    });
  }

  private goBack(at: number): void {
    this.wanted = false;
    this.heldUntil = at + this.holdMs;
    this.holdMs = Math.min(this.holdMs * 2, MOST_HOLD_MS);
  }

  /** Returns which share of the latest packets was lost; null if too few packets were sent to measure that. */
  private loss({ ms, packets, mostMs }: Stretch): number | null {
    const last = this.reports.at(-1);
    const first = last && this.reports.findLast((each) => last.at - each.at >= ms && last.sent - each.sent >= packets);
    if (!first || last.at - first.at > mostMs) return null;
    return Math.max(0, last.lost - first.lost) / (last.sent - first.sent);
  }

  /** Returns whether packets queue on the link: even the quickest of the latest round trips took much longer than
   *  the shortest round trip that is remembered. */
  private queues(at: number): boolean {
    const latest = this.reports.filter((each) => at - each.at <= NOW.ms).map((each) => each.roundTripMs ?? Infinity);
    const quickest = Math.min(...latest);
    return quickest < Infinity && quickest > this.leastRoundTripMs + QUEUE_MS;
  }
}
