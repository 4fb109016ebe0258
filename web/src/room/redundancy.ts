/** Decides when a voice is worth sending twice, each packet with the one before it (RFC 2198): while the sender's own line loses,
 *  and not because it is full. Pure; times in ms. */

/** What the media worker says of the voice it gets; counts are of the whole connection. */
export interface Report {
  at: number;
  sent: number;
  lost: number;
  roundTripMs: number | null;
}

/** Fewer packets than these say nothing: who is muted or listens sends next to none. */
interface Stretch {
  ms: number;
  packets: number;
  /** Longer ago is over. */
  mostMs: number;
}

const SECOND: Stretch = { ms: 800, packets: 40, mostMs: 2000 };
const TWO_SECONDS: Stretch = { ms: 1800, packets: 75, mostMs: 4000 };
const NOW: Stretch = { ms: 2800, packets: 75, mostMs: 5000 };
const FOR_LONG: Stretch = { ms: 10_000, packets: 250, mostMs: 60_000 };
const LOSES = 0.03;
const CLEAN = 0.01;
/** So many reports in a row must say that it loses: the first are of a time before, too, and would make the loss seem small. */
const SURE = 3;
/** So much over the shortest way round is a queue, and what is lost then was lost for want of room. */
const QUEUE_MS = 150;
/** The shortest is forgotten at so much a second: routes change. */
const FORGOTTEN_MS = 1;
/** Twice the bits show within this, if the line cannot carry them. */
const TRIAL_MS = 10_000;
/** Both are worse; where it is clear, a second is enough, so that neither voice nor heartbeats suffer for long. */
const WORSE_BY: [Stretch, number][] = [
  [SECOND, 0.25],
  [NOW, 0.1],
];
const WORSE_TIMES = 1.5;
const HOLD_MS = 30_000;
const MOST_HOLD_MS = 300_000;

export class Redundancy {
  private wanted = false;
  /** Of this connection: in order, the last minute. */
  private reports: Report[] = [];
  private leastRoundTripMs = Infinity;
  private losing = 0;
  private lossBefore = 0;
  private trialEndsAt: number | null = null;
  private heldUntil = 0;
  private holdMs = HOLD_MS;

  /** The voice should be sent twice. */
  get on(): boolean {
    return this.wanted;
  }

  /** A new connection: what is lost goes on with most of them, so the wish is kept, and tried anew. */
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
    const goesOn = (this.loss(SECOND) ?? 0) > 0; // else it was a gap, which is over
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
    else if (tried && forLong !== null && forLong < CLEAN) this.wanted = false; // not by what was before it began
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

  /** The lost share of the latest packets; null: too few were sent. */
  private loss({ ms, packets, mostMs }: Stretch): number | null {
    const last = this.reports.at(-1);
    const first = last && this.reports.findLast((each) => last.at - each.at >= ms && last.sent - each.sent >= packets);
    if (!first || last.at - first.at > mostMs) return null;
    return Math.max(0, last.lost - first.lost) / (last.sent - first.sent);
  }

  /** Even the quickest of the latest was late: no chance, but a queue that stands. */
  private queues(at: number): boolean {
    const latest = this.reports.filter((each) => at - each.at <= NOW.ms).map((each) => each.roundTripMs ?? Infinity);
    const quickest = Math.min(...latest);
    return quickest < Infinity && quickest > this.leastRoundTripMs + QUEUE_MS;
  }
}
