/** The peer connection to the media worker: fixed media lines, tracks that come and go, heartbeats, making itself anew. */

import type { Answer } from "../messages";
import { createStore, type Readable } from "../ui/store";
import { RequestError } from "./connection";
import { fragment, Reassembler } from "./fragments";
import { delayMs } from "./ladder";
import { Watchdog } from "./watchdog";

export type TrackKind = "mic" | "camera" | "screen";

export interface PeerState {
  /** idle: not wanted. connecting: also while coming back. text_only: no path for media was found (we go on trying). */
  status: "idle" | "connecting" | "live" | "text_only";
  /** It was live before: what is going on is a return, not a first connection. */
  returning: boolean;
  epoch: number;
  audio: MediaStream | null;
  /** Video slots 0..3, as in `room.slots`. */
  slots: (MediaStream | null)[];
  /** The board's channel is open. */
  doc: boolean;
}

export interface PeerPorts {
  /** Relays for this connection; rejects like `offer`. */
  iceServers: () => Promise<RTCIceServer[]>;
  /** Sends the offer by WebSocket; rejects when it is refused or there is no connection. */
  offer: (sdp: string) => Promise<Answer>;
  report: (state: "live" | "text_only" | "lost") => void;
  onBoard: (message: Uint8Array) => void;
}

const SLOTS = 4;
/** From low to high. Chromium makes no third layer of a camera of 640 × 360. */
const LAYERS: RTCRtpEncodingParameters[] = [
  { rid: "l", scaleResolutionDownBy: 2, maxBitrate: 150_000 },
  { rid: "h", maxBitrate: 900_000 },
];
const NO_PATH_MS = 5000;
const TEXT_ONLY_RETRY_MS = 5000;
const TICK_MS = 100;
/** A former connection sounds until something is heard over the new one, and is kept so long after that: others move, too. */
const FORMER_MS = 1000;
const HEARS_MS = 20;
const DOC_WATER_BYTES = 1024 * 1024;
const NOTHING: Omit<PeerState, "returning" | "epoch"> = { status: "idle", audio: null, slots: [null, null, null, null], doc: false };

/** One attempt: a browser's connection with its channels, dead once `close` was called. */
interface Attempt {
  pc: RTCPeerConnection;
  senders: Record<TrackKind, RTCRtpSender>;
  doc: RTCDataChannel;
  live: RTCDataChannel;
  slots: MediaStreamTrack[];
  voice: RTCRtpReceiver;
}

function build(): Attempt {
  const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  // The order of these lines is the protocol: audio, camera, screen, four slots, data.
  const mic = pc.addTransceiver("audio", { direction: "sendrecv" });
  const camera = pc.addTransceiver("video", { direction: "sendonly", sendEncodings: LAYERS });
  const screen = pc.addTransceiver("video", { direction: "sendonly" });
  const slots = Array.from({ length: SLOTS }, () => pc.addTransceiver("video", { direction: "recvonly" }).receiver.track);
  const doc = pc.createDataChannel("doc", { ordered: true });
  const live = pc.createDataChannel("live", { ordered: false, maxRetransmits: 0 });
  doc.binaryType = "arraybuffer";
  return {
    pc,
    senders: { mic: mic.sender, camera: camera.sender, screen: screen.sender },
    doc,
    live,
    slots,
    voice: mic.receiver,
  };
}

function quiet({ pc, doc, live }: Attempt): void {
  pc.onconnectionstatechange = null;
  doc.onopen = doc.onmessage = live.onopen = live.onmessage = null;
}

export class RoomPeer {
  private readonly store = createStore<PeerState>({ ...NOTHING, returning: false, epoch: 0 });
  private readonly tracks: Record<TrackKind, MediaStreamTrack | null> = { mic: null, camera: null, screen: null };
  private attempt: Attempt | null = null;
  private former: Attempt | null = null;
  private reassembler = new Reassembler();
  private tries = 0;
  private wantedEpoch = 0;
  /** When the first answer of this round came: from then on a path should be found within 5 s. Refused offers say nothing of it. */
  private answeredAt: number | null = null;
  private timers = new Set<ReturnType<typeof setTimeout>>();
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly ports: PeerPorts) {}

  get state(): Readable<PeerState> {
    return this.store;
  }

  /** Sees to it that there is a connection of at least this epoch. Called with every view of the room. */
  ensure(epoch: number): void {
    const { status } = this.store.get();
    if (status !== "idle" && epoch <= this.wantedEpoch) return;
    this.wantedEpoch = Math.max(epoch, this.wantedEpoch);
    this.tries = 0;
    this.answeredAt = null;
    if (status === "live") this.keepFormer();
    this.change({ status: "connecting" });
    this.make();
  }

  /** The WebSocket is back: an attempt that failed for want of it is made at once. */
  retryNow(): void {
    const { status } = this.store.get();
    if (status === "idle" || status === "live" || this.attempt) return;
    this.tries = 0;
    this.answeredAt = null;
    this.make();
  }

  /** What is sent from now on, over every connection made later too. */
  async setTrack(kind: TrackKind, track: MediaStreamTrack | null): Promise<void> {
    this.tracks[kind] = track;
    const open = [this.attempt, this.former].filter((attempt) => attempt !== null);
    await Promise.all(open.map((attempt) => attempt.senders[kind].replaceTrack(track)));
  }

  /** Sends one whole board message; false when the channel is closed or too full (the caller syncs again later). */
  sendBoard(message: Uint8Array): boolean {
    const doc = this.attempt?.doc;
    if (doc?.readyState !== "open" || doc.bufferedAmount > DOC_WATER_BYTES) return false;
    for (const part of fragment(message)) doc.send(part);
    return true;
  }

  stats(): Promise<RTCStatsReport> | null {
    return this.attempt?.pc.getStats() ?? null;
  }

  close(): void {
    this.discard();
    this.dropFormer();
    this.wantedEpoch = 0;
    this.change({ ...NOTHING, returning: false, epoch: 0 });
  }

  private make(): void {
    this.discard();
    const attempt = build();
    this.attempt = attempt;
    this.reassembler = new Reassembler();
    attempt.pc.onconnectionstatechange = () => {
      if (this.attempt !== attempt) return;
      if (attempt.pc.connectionState === "failed" || attempt.pc.connectionState === "closed") this.lost("failed");
    };
    attempt.doc.onopen = () => this.attempt === attempt && this.change({ doc: true });
    attempt.doc.onmessage = (event: MessageEvent<ArrayBuffer>) => this.boardFragment(new Uint8Array(event.data));
    attempt.live.onopen = () => this.attempt === attempt && this.connected(attempt);
    this.negotiate(attempt).catch((error: unknown) => this.attempt === attempt && this.notAnswered(error));
  }

  private async negotiate(attempt: Attempt): Promise<void> {
    const kinds = ["mic", "camera", "screen"] as const;
    const tracks = kinds.map((kind) => attempt.senders[kind].replaceTrack(this.tracks[kind]));
    const [iceServers] = await Promise.all([this.ports.iceServers(), ...tracks]);
    if (this.attempt !== attempt) return;
    if (iceServers.length > 0) attempt.pc.setConfiguration({ ...attempt.pc.getConfiguration(), iceServers });
    const offer = await attempt.pc.createOffer();
    await attempt.pc.setLocalDescription(offer);
    if (this.attempt !== attempt) return;
    // The worker is ICE-lite and learns our address from our checks: no candidate need be waited for.
    const answer = await this.ports.offer(attempt.pc.localDescription?.sdp ?? "");
    if (this.attempt !== attempt) return;
    this.wantedEpoch = Math.max(this.wantedEpoch, answer.epoch);
    await attempt.pc.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    if (this.attempt !== attempt) return;
    this.answeredAt ??= performance.now();
    this.after(NO_PATH_MS, () => this.noPath());
    if (!this.former) this.show(attempt);
    this.change({ epoch: answer.epoch });
  }

  private show({ voice, slots }: Attempt): void {
    this.change({ audio: new MediaStream([voice.track]), slots: slots.map((track) => new MediaStream([track])) });
  }

  /** Without a WebSocket nobody can answer, and that says nothing about media: wait for `retryNow`. */
  private notAnswered(error: unknown): void {
    const offline = error instanceof RequestError && (error.reason === "offline" || error.reason === "closed");
    if (offline) this.discard();
    else this.lost("refused");
  }

  private connected(attempt: Attempt): void {
    this.clearTimers();
    this.tries = 0;
    this.change({ status: "live", returning: true });
    this.ports.report("live");
    if (this.former) this.succeed(attempt);
    const watchdog = new Watchdog(performance.now());
    attempt.live.onmessage = () => watchdog.echoed(performance.now());
    this.ticking = setInterval(() => {
      const { send, lost } = watchdog.tick(performance.now());
      if (lost) this.lost("silent");
      else if (send !== null && attempt.live.readyState === "open") attempt.live.send(JSON.stringify({ t: "hb", n: send }));
    }, TICK_MS);
  }

  /** The worker may only have been told to end, and sound on: nobody shall miss a word while people move one by one. */
  private keepFormer(): void {
    this.dropFormer();
    this.former = this.attempt;
    this.attempt = null;
    if (this.former) quiet(this.former);
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

  private dropFormer(): void {
    this.former?.pc.close();
    this.former = null;
  }

  private boardFragment(part: Uint8Array): void {
    try {
      const message = this.reassembler.push(part);
      if (message) this.ports.onBoard(message);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.attempt?.doc.close(); // the worker broke the framing; the next connection starts afresh
      this.lost("framing");
    }
  }

  /** The connection is gone or was never made: try again by the ladder, slowly once we settled for text. */
  private lost(why: "failed" | "silent" | "refused" | "framing"): void {
    const { status } = this.store.get();
    const wasLive = status === "live";
    this.discard();
    if (wasLive) {
      this.answeredAt = null;
      this.tries = 0;
      this.change({ status: "connecting", doc: false });
      if (why !== "refused") this.ports.report("lost");
    }
    if (!wasLive && status === "connecting" && this.answeredAt !== null && performance.now() - this.answeredAt >= NO_PATH_MS) {
      this.settleForText();
      return;
    }
    const wait = status === "text_only" ? TEXT_ONLY_RETRY_MS : delayMs(this.tries++, Math.random());
    this.after(wait, () => this.make());
  }

  private noPath(): void {
    if (this.store.get().status === "live") return;
    this.discard();
    this.settleForText();
  }

  private settleForText(): void {
    this.dropFormer();
    if (this.store.get().status !== "text_only") {
      this.change({ status: "text_only", doc: false, audio: null, slots: NOTHING.slots });
      this.ports.report("text_only");
    }
    this.after(TEXT_ONLY_RETRY_MS, () => this.make());
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
  }

  private change(part: Partial<PeerState>): void {
    this.store.update((state) => ({ ...state, ...part }));
  }
}
