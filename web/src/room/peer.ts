/** The peer connection to the media worker. Its media sections are fixed, and only their tracks change. The connection sends
 *  heartbeats and reconnects. */

import type { Answer } from "../messages";
import { createStore, type Readable } from "../ui/store";
import { build, hasPath, quiet, type Attempt, type TrackKind } from "./attempt";
import { RequestError } from "./connection";
import { fragment } from "./fragments";
import { delayMs, jittered } from "./ladder";
import type { Redundancy } from "./redundancy";
import type { Uplink } from "./uplink";
import { Watchdog } from "./watchdog";

export interface PeerState {
  /** `idle`: the page needs no connection. `connecting`: also while reconnecting. `text_only`: no media path was found, but
   *  attempts go on. */
  status: "idle" | "connecting" | "live" | "text_only";
  /** Whether a connection was live before. If so, `connecting` means that this page reconnects. */
  returning: boolean;
  epoch: number;
  audio: MediaStream | null;
  /** The stream in each of the video slots, which `room.slots` assigns to people; null for an empty slot. */
  slots: (MediaStream | null)[];
  /** Whether the peer connection's data channel for the board is open. */
  doc: boolean;
}

export interface PeerPorts {
  /** Returns the TURN relays for this connection. Rejects when the server refuses the request or cannot be reached. */
  iceServers: () => Promise<RTCIceServer[]>;
  /** Sends the SDP offer by WebSocket, and returns the answer. Rejects when the server refuses the offer or cannot be reached. */
  offer: (sdp: string) => Promise<Answer>;
  report: (state: "live" | "text_only" | "lost") => void;
  onBoard: (message: Uint8Array) => void;
}

const NO_PATH_MS = 5000;
/** While the status is `text_only`, a new attempt to connect starts at least this many ms after the start of the last attempt. If the
 *  WebSocket reconnects earlier, the attempt starts at that moment. The pauses never get longer, so that a new path is found
 *  quickly. */
const TEXT_ONLY_EVERY_MS = 5000;
const NEXT_TRY_MS = 300;
const TICK_MS = 100;
const CALL_EVERY_MS = 500;
/** How long the old connection is kept after the new connection is live, in ms. In this time, the other people move to their new
 *  connections, too. */
const FORMER_MS = 1000;
const HEARS_MS = 20;
const DOC_WATER_BYTES = 1024 * 1024;
const KINDS = ["mic", "camera", "screen"] as const;
const ENDED: readonly string[] = ["failed", "closed"];
const NOTHING: Omit<PeerState, "returning" | "epoch"> = {
  status: "idle",
  audio: null,
  slots: [],
  doc: false,
};

export class RoomPeer {
  private readonly store = createStore<PeerState>({ ...NOTHING, returning: false, epoch: 0 });
  private readonly tracks: Record<TrackKind, MediaStreamTrack | null> = { mic: null, camera: null, screen: null };
  private attempt: Attempt | null = null;
  /** The connection that was live before the present attempt; null if there is none. This page tries to replace this connection
   *  because the room was opened anew (a new epoch), or because the connection fell silent. A silent connection can recover. */
  private former: Attempt | null = null;
  /** Whether `former` fell silent. This page then sends heartbeats over `former`. The page keeps the connection that works first,
   *  `former` or the new connection. */
  private formerSilent = false;
  private shown: Attempt | null = null;
  private tries = 0;
  private wantedEpoch = 0;
  private mostSlots = 4;
  /** The time at which the server first answered an offer in this series of attempts; null before that. A path should be found
   *  within 5 s of that answer. A refusal of an offer does not count as an answer. */
  private answeredAt: number | null = null;
  private timers = new Set<ReturnType<typeof setTimeout>>();
  private ticking: ReturnType<typeof setInterval> | undefined;
  private calling: ReturnType<typeof setInterval> | undefined;
  private uplink: Uplink | null = null;
  private redundancy: Redundancy | undefined;

  constructor(private readonly ports: PeerPorts) {}

  get state(): Readable<PeerState> {
    return this.store;
  }

  /** Makes a new connection, unless there is one for this `epoch` (how often the room has been opened) or for a later epoch. Call
   *  this for every `SessionView` that the server sends. */
  ensure(epoch: number, mostSlots = 4): void {
    this.mostSlots = mostSlots;
    const { status } = this.store.get();
    if (status !== "idle" && epoch <= this.wantedEpoch) return;
    this.wantedEpoch = Math.max(epoch, this.wantedEpoch);
    this.tries = 0;
    this.answeredAt = null;
    if (status === "live") this.keepFormer(quiet);
    else if (this.formerSilent) this.dropFormer();
    this.change({ status: "connecting" });
    this.make();
  }

  /**
   * Call this when the WebSocket is back. If the page needs a connection and no attempt is under way, starts an attempt at once.
   * If the peer connection is live, tells the server so again.
   */
  retryNow(): void {
    const { status } = this.store.get();
    if (status === "live") this.ports.report("live");
    if (status === "idle" || status === "live" || this.attempt) return;
    this.tries = 0;
    this.answeredAt = null;
    this.make();
  }

  /** Sets the track to send, over this connection and over later ones; null sends none. */
  async setTrack(kind: TrackKind, track: MediaStreamTrack | null): Promise<void> {
    this.tracks[kind] = track;
    const former = this.store.get().status === "text_only" ? null : this.former;
    const open = [this.attempt, former].filter((attempt) => attempt !== null);
    await Promise.all(open.map((attempt) => attempt.senders[kind].replaceTrack(track)));
  }

  /** Sends one whole board message. Returns false when the `doc` channel is closed or full; the caller must then sync again
   *  later. */
  sendBoard(message: Uint8Array): boolean {
    const doc = this.attempt?.doc;
    if (doc?.readyState !== "open" || doc.bufferedAmount > DOC_WATER_BYTES) return false;
    for (const part of fragment(message)) doc.send(part);
    return true;
  }

  close(): void {
    this.discard();
    this.dropFormer();
    this.wantedEpoch = 0;
    this.shown = null;
    this.change({ ...NOTHING, returning: false, epoch: 0 });
  }

  private make(): void {
    this.discard();
    let attempt: Attempt;
    try {
      attempt = build(this.mostSlots);
    } catch {
      this.noPath(); // this browser has no WebRTC, as on an iPhone in Lockdown Mode
      return;
    }
    this.attempt = attempt;
    this.attend(attempt);
    attempt.doc.onopen = () => this.attempt === attempt && this.change({ doc: true });
    attempt.doc.onmessage = (event: MessageEvent<ArrayBuffer>) => {
      this.found(attempt); // `found` comes first, because the board may have to reply to the message over this connection
      this.boardFragment(attempt, new Uint8Array(event.data));
    };
    attempt.live.onopen = () => this.attempt === attempt && this.connected(attempt);
    this.negotiate(attempt).catch((error: unknown) => this.attempt === attempt && this.notAnswered(error));
  }

  private attend(attempt: Attempt): void {
    attempt.pc.onconnectionstatechange = () => {
      if (this.attempt === attempt && ENDED.includes(attempt.pc.connectionState)) this.lost("failed");
    };
  }

  private async negotiate(attempt: Attempt): Promise<void> {
    const tracks = KINDS.map((kind) => attempt.senders[kind].replaceTrack(this.tracks[kind]));
    const [iceServers] = await Promise.all([this.ports.iceServers(), ...tracks]);
    if (this.attempt !== attempt) return;
    if (iceServers.length > 0) attempt.pc.setConfiguration({ ...attempt.pc.getConfiguration(), iceServers });
    const offer = await attempt.pc.createOffer();
    await attempt.pc.setLocalDescription(offer);
    if (this.attempt !== attempt) return;
    // The worker is ICE-lite and learns this browser's address from the browser's ICE checks. So the offer need not wait for the
    // browser's ICE candidates.
    const answer = await this.ports.offer(attempt.pc.localDescription?.sdp ?? "");
    if (this.attempt !== attempt) return;
    attempt.epoch = answer.epoch;
    attempt.answer = answer.sdp;
    this.wantedEpoch = Math.max(this.wantedEpoch, answer.epoch);
    await attempt.pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    if (this.attempt !== attempt) return;
    this.answeredAt ??= performance.now();
    this.after(NO_PATH_MS, () => this.noPath());
    if (!this.former) this.show(attempt);
    this.change({ epoch: answer.epoch });
  }

  private show(attempt: Attempt): void {
    if (this.shown === attempt) return;
    this.shown = attempt;
    const { voice, slots } = attempt;
    this.change({ audio: new MediaStream([voice.track]), slots: slots.map((track) => new MediaStream([track])) });
  }

  /** Handles an offer that got no answer. If there is no WebSocket, the missing answer says nothing about the media path. The
   *  next attempt then waits for `retryNow`. */
  private notAnswered(error: unknown): void {
    if (error instanceof RequestError && error.reason === "offline") this.discard();
    else this.lost("refused");
  }

  private connected(attempt: Attempt): void {
    this.clearTimers();
    this.tries = 0;
    this.change({ status: "live", returning: true });
    this.ports.report("live");
    if (this.former && !this.formerSilent) this.succeed(attempt);
    else this.show(attempt);
    if (this.formerSilent) this.dropFormer();
    this.watchUplink(attempt);
    const watchdog = new Watchdog(performance.now());
    attempt.live.onmessage = () => watchdog.echoed(performance.now());
    this.ticking = setInterval(() => {
      const { send, lost } = watchdog.tick(performance.now());
      if (lost) this.lost("silent");
      else if (send !== null && attempt.live.readyState === "open") attempt.live.send(JSON.stringify({ t: "hb", n: send }));
    }, TICK_MS);
  }

  /** Loads and starts `Uplink`, which watches the voice that this page sends. If the code cannot be loaded, the voice is sent
   *  without redundancy. */
  private watchUplink(attempt: Attempt): void {
    const start = ({ Uplink }: typeof import("./uplink")) => {
      if (this.attempt !== attempt) return;
      this.uplink = new Uplink(attempt, this.redundancy);
      this.redundancy = this.uplink.redundancy;
    };
    import("./uplink").then(start, () => undefined);
  }

  /** Keeps the present connection as `former` next to the new connection, for two reasons. Perhaps the worker of the present
   *  connection is draining: it still carries sound while people move to another worker one by one. Or perhaps the network is
   *  gone only for a while, and the present connection recovers when the network returns. */
  private keepFormer(as: (former: Attempt) => void): void {
    this.dropFormer();
    this.clearTimers();
    this.former = this.attempt;
    this.attempt = null;
    if (this.former) as(this.former);
  }

  private listenFor(silent: Attempt): void {
    this.formerSilent = true;
    silent.live.onmessage = () => this.found(silent);
    silent.pc.onconnectionstatechange = () => {
      if (silent.pc.connectionState === "connected") this.found(silent);
      else if (this.former === silent && ENDED.includes(silent.pc.connectionState)) this.dropFormer();
    };
    this.calling = setInterval(() => {
      if (silent.live.readyState === "open") silent.live.send(JSON.stringify({ t: "hb", n: 0 }));
    }, CALL_EVERY_MS);
  }

  /** Returns to the connection that was silent, because it worked again before the new connection found a path. */
  private found(silent: Attempt): void {
    if (this.former !== silent || silent.epoch < this.wantedEpoch || (this.attempt && hasPath(this.attempt))) return;
    this.discard();
    this.forgetFormer();
    this.attempt = silent;
    this.attend(silent);
    if (this.store.get().status === "text_only") this.sendOver(silent, this.tracks);
    this.change({ doc: silent.doc.readyState === "open" });
    this.connected(silent);
  }

  private succeed(attempt: Attempt): void {
    const heard = () => attempt.voice.getSynchronizationSources().length > 0;
    const look = setInterval(() => heard() && shown(), HEARS_MS);
    const shown = () => {
      clearInterval(look);
      if (this.attempt === attempt && this.former) this.show(attempt);
    };
    setTimeout(() => {
      shown();
      if (this.attempt === attempt) this.dropFormer();
    }, FORMER_MS);
  }

  private forgetFormer(): void {
    clearInterval(this.calling);
    this.former = null;
    this.formerSilent = false;
  }

  private dropFormer(): void {
    const former = this.former;
    this.forgetFormer();
    if (!former) return;
    quiet(former);
    former.pc.close();
  }

  private boardFragment(attempt: Attempt, part: Uint8Array): void {
    try {
      const message = attempt.reassembler.push(part);
      if (message) this.ports.onBoard(message);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      attempt.doc.close(); // the worker has broken the framing of board messages; the next connection starts anew
      if (this.attempt === attempt) this.lost("framing");
      else this.dropFormer();
    }
  }

  /** Schedules the next attempt after a connection ended or failed: with backoff, or every 5 s while `text_only`. */
  private lost(why: "failed" | "silent" | "refused" | "framing"): void {
    const { status } = this.store.get();
    const wasLive = status === "live";
    const madeAt = this.attempt?.madeAt ?? 0;
    if (why === "silent") this.keepFormer((silent) => this.listenFor(silent));
    else this.discard();
    if (wasLive) {
      this.answeredAt = null;
      this.tries = 0;
      this.change({ status: "connecting", doc: false });
      if (why !== "refused") this.ports.report("lost");
    }
    if (!wasLive && status === "connecting" && this.answeredAt !== null && performance.now() - this.answeredAt >= NO_PATH_MS) {
      this.settleForText(madeAt);
      return;
    }
    if (status === "text_only") this.tryAgain(madeAt);
    else this.after(delayMs(this.tries++, Math.random()), () => this.make());
  }

  private noPath(): void {
    if (this.store.get().status === "live") return;
    const madeAt = this.attempt?.madeAt ?? 0;
    this.discard();
    this.settleForText(madeAt);
  }

  /** Stops sending this person's sound and pictures over `former`, the old connection. Otherwise, the other people could hear
   *  this person while this person hears nobody and the page says "text only". */
  private stopFormer(): void {
    // This page returns (`found`) to a silent connection only if the room has not been opened anew since that connection was
    // made. Any other former connection is of no use any more.
    if (this.former && this.formerSilent && this.former.epoch >= this.wantedEpoch) {
      this.sendOver(this.former, { mic: null, camera: null, screen: null });
    } else this.dropFormer();
  }

  private sendOver({ senders }: Attempt, tracks: Record<TrackKind, MediaStreamTrack | null>): void {
    // Replacing a track fails if the connection has been closed.
    for (const kind of KINDS) senders[kind].replaceTrack(tracks[kind]).catch(() => undefined);
  }

  private settleForText(madeAt: number): void {
    this.stopFormer();
    if (this.store.get().status !== "text_only") {
      this.shown = null;
      this.change({ status: "text_only", doc: false, audio: null, slots: NOTHING.slots });
      this.ports.report("text_only");
    }
    this.tryAgain(madeAt);
  }

  private tryAgain(madeAt: number): void {
    const due = madeAt + TEXT_ONLY_EVERY_MS - performance.now();
    this.after(Math.max(due, jittered(NEXT_TRY_MS, Math.random())), () => this.make());
  }

  private discard(): void {
    this.clearTimers();
    const attempt = this.attempt;
    this.attempt = null;
    if (!attempt) return;
    quiet(attempt);
    attempt.pc.close();
  }

  private after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
  }

  private clearTimers(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    clearInterval(this.ticking);
    this.uplink?.close();
  }

  private change(part: Partial<PeerState>): void {
    this.store.update((state) => ({ ...state, ...part }));
  }
}
