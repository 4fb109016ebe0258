/** A session's room in this tab. Makes peer connection, devices and board follow each `SessionView` (the state of the session)
 *  that the server sends. */

import type { PeerEndReason, SessionView } from "../messages";
import { toast } from "../ui/announce";
import { createStore, type Readable } from "../ui/store";
import type { TrackKind } from "./attempt";
import { base64, unbase64 } from "./base64";
import type { Client } from "./client";
import { RequestError } from "./connection";
import type { Devices } from "./devices";
import { peerEndText } from "./failures";
import { interrupted } from "./interruption";
import { RoomPeer } from "./peer";
import { viewer } from "./state";

/** The connection for board messages: the peer connection's `doc` channel, or the WebSocket. */
export interface BoardWire {
  send: (message: Uint8Array) => boolean;
  /** Subscribes to the worker's messages; each arrives whole. Returns a function that unsubscribes. */
  onMessage: (listener: (message: Uint8Array) => void) => () => void;
  /** The number of the present connection. A new positive number means that the board must sync again. 0 or less means that
   *  there is no connection. */
  generation: Readable<number>;
}

const KINDS = ["mic", "camera", "screen"] as const;
const OF_DOC = 0;
const SYNC_STEP_1 = 0;
const SYNC_STEP_2 = 1;
const SYNC_UPDATE = 2;
/** The sync protocol's step 1 with an empty state vector, to which the worker answers with the whole drawing. */
const WHAT_IS_DRAWN = new Uint8Array([OF_DOC, SYNC_STEP_1, 1, 0]);
// bytes of an empty state vector, and of an empty update
const EMPTY_BYTES: Record<number, number> = { [SYNC_STEP_1]: 1, [SYNC_STEP_2]: 2 };

/** Whether a board message shows that the board is not empty. An update always shows that. The sync protocol's step 1 (a state
 *  vector) and step 2 (the answer to step 1) show it only if they are longer than an empty one. */
export function hasBoardContent(message: Uint8Array): boolean {
  if (message[0] !== OF_DOC) return false;
  const empty = EMPTY_BYTES[message[1] ?? -1];
  return message[1] === SYNC_UPDATE || (empty !== undefined && (message[2] ?? 0) > empty);
}

export class RoomLink {
  readonly peer: RoomPeer;
  private readonly generation = createStore(0);
  private readonly drawn = createStore(false);
  private readonly boardListeners = new Set<(message: Uint8Array) => void>();
  private readonly ends: (() => void)[];
  private readonly sent: Record<TrackKind, MediaStreamTrack | null> = { mic: null, camera: null, screen: null };
  private sentMedia = "";
  private wire = "";

  constructor(
    readonly client: Client,
    readonly session: string,
    readonly devices: Devices,
    /** Whether this page is allowed to make a voice connection. False in the panel, which only shows the board, even if the
     *  session is a call. */
    private readonly speaks = true,
  ) {
    this.peer = new RoomPeer({
      iceServers: async () => {
        const reply = await client.connection.request({ type: "ice", session });
        return reply.type === "ice" ? (reply.servers ?? []) : [];
      },
      offer: async (sdp) => {
        const reply = await client.connection.request({ type: "offer", session, sdp });
        if (reply.type !== "answer") throw new RequestError("bad_reply");
        return reply;
      },
      report: (state) => client.connection.send({ type: "peer", session, state }),
      onBoard: (message) => this.boardMessage(message),
    });
    this.ends = [
      client.state.subscribe(() => this.follow()),
      this.peer.state.subscribe(() => this.follow()),
      devices.state.subscribe(() => this.sendTracks()),
      client.onMessage((message) => {
        if (message.type === "board" && message.session === session) this.boardMessage(unbase64(message.data));
        if (message.type === "welcome") this.returned();
        if (message.type === "peer_ended" && message.session === session) this.peerEnded(message.reason);
      }),
    ];
    this.sendTracks();
    this.follow();
  }

  get board(): BoardWire {
    return {
      send: (message) => this.sendBoard(message),
      onMessage: (listener) => {
        this.boardListeners.add(listener);
        return () => this.boardListeners.delete(listener);
      },
      generation: this.generation,
    };
  }

  /** Becomes true when somebody draws on the board, or if somebody had drawn before this person joined. */
  get boardDrawn(): Readable<boolean> {
    return this.drawn;
  }

  view(): SessionView | undefined {
    return this.client.state.get().sessions[this.session];
  }

  /** Registers a function to be called when this room is closed. */
  whenClosed(end: () => void): void {
    this.ends.push(end);
  }

  close(): void {
    for (const end of this.ends) end();
    this.peer.close();
  }

  private follow(): void {
    const state = this.client.state.get();
    const room = state.replaced[this.session] ? null : (this.view()?.room ?? null);
    if (this.speaks && room?.media && viewer(this.view())?.presence !== "reading") this.peer.ensure(room.epoch, room.most_slots);
    else if (this.peer.state.get().status !== "idle") this.peer.close();
    this.chooseWire(room !== null && state.status === "open");
    this.sendMedia();
  }

  /** Tells the person why, for a moment, they hear nothing. If the connection was not live, does nothing: the page already says
   *  that there is no connection. */
  private peerEnded(reason: PeerEndReason): void {
    if (this.peer.state.get().status === "live") toast(peerEndText(reason), "error");
  }

  private returned(): void {
    this.sentMedia = "";
    this.wire = ""; // the server has forgotten the old connection, so the board must sync again over the new one
    this.peer.retryNow();
  }

  private chooseWire(socketServes: boolean): void {
    const { doc, status, epoch } = this.peer.state.get();
    const room = this.view()?.room;
    const bySocket = socketServes && (status === "text_only" || status === "idle");
    const wire = doc ? `doc ${epoch}` : bySocket ? `socket ${room?.epoch ?? 0}` : "";
    if (wire === this.wire) return;
    this.wire = wire;
    this.generation.update((n) => (wire ? Math.abs(n) + 1 : -Math.abs(n)));
    // A worker sends the drawing when the `doc` channel opens. On a WebSocket, the worker sends the drawing only on request. An
    // open board requests the drawing itself; this code requests the drawing if no board is open.
    if (wire.startsWith("socket") && this.boardListeners.size === 0 && !this.drawn.get()) this.sendBoard(WHAT_IS_DRAWN);
  }

  private sendBoard(message: Uint8Array): boolean {
    if (this.wire.startsWith("doc")) return this.peer.sendBoard(message);
    return this.wire !== "" && this.client.connection.send({ type: "board", session: this.session, data: base64(message) });
  }

  private boardMessage(message: Uint8Array): void {
    if (hasBoardContent(message)) this.drawn.set(true);
    for (const listener of [...this.boardListeners]) listener(message);
  }

  private sendTracks(): void {
    const devices = this.devices.state.get();
    for (const kind of KINDS) this.track(kind, devices[kind].track);
    this.sendMedia();
  }

  private track(kind: TrackKind, track: MediaStreamTrack | null): void {
    if (this.sent[kind] === track) return;
    this.sent[kind] = track;
    void this.peer.setTrack(kind, track);
  }

  /** Tells the server which devices are on. Sends only if the devices have changed since the last such message, or if the server
   *  might have forgotten that message. */
  private sendMedia(): void {
    const devices = this.devices.state.get();
    const { mic, camera, screen } = devices;
    const view = this.view();
    if (!this.speaks || !view?.room || viewer(view)?.role === "operator") return;
    const media = {
      mic: mic.on && !mic.silent,
      camera: camera.on && !camera.silent,
      screen: screen.on,
      interrupted: interrupted(devices),
    };
    const text = JSON.stringify(media);
    if (text === this.sentMedia) return;
    if (this.client.connection.send({ type: "media", session: this.session, ...media })) this.sentMedia = text;
  }
}
