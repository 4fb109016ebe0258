import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Answer } from "../messages";
import { RequestError } from "./connection";
import { RoomPeer, type PeerPorts } from "./peer";

/** A fake data channel, which the test opens and breaks. */
class FakeChannel {
  readyState = "connecting";
  bufferedAmount = 0;
  sent: unknown[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer | string }) => void) | null = null;
  send(data: unknown) {
    this.sent.push(data);
  }
  close() {
    this.readyState = "closed";
  }
  open() {
    this.readyState = "open";
    this.onopen?.();
  }
}

class FakeConnection {
  static made: FakeConnection[] = [];
  lines: string[] = [];
  senders: { replaceTrack: ReturnType<typeof vi.fn> }[] = [];
  channels: Record<string, FakeChannel> = {};
  connectionState = "new";
  iceConnectionState = "new";
  localDescription: { sdp: string } | null = null;
  closed = false;
  heard: object[] = [];
  configuration: RTCConfiguration | null = null;
  onconnectionstatechange: (() => void) | null = null;
  constructor() {
    FakeConnection.made.push(this);
  }
  addTransceiver(kind: string, { direction }: { direction: string }) {
    this.lines.push(`${kind} ${direction}`);
    const sender = { replaceTrack: vi.fn(() => Promise.resolve()) };
    this.senders.push(sender);
    return { sender, receiver: { track: { kind, of: this }, getSynchronizationSources: () => this.heard } };
  }
  createDataChannel(label: string) {
    return (this.channels[label] = new FakeChannel());
  }
  createOffer() {
    return Promise.resolve({ sdp: "offer" });
  }
  setLocalDescription(description: { sdp: string }) {
    this.localDescription = description;
    return Promise.resolve();
  }
  setRemoteDescription() {
    return Promise.resolve();
  }
  getConfiguration() {
    return { bundlePolicy: "max-bundle" };
  }
  setConfiguration(configuration: RTCConfiguration) {
    this.configuration = configuration;
  }
  close() {
    this.closed = true;
  }
  /** Connects this fake peer connection: opens its data channels, as a browser does after ICE and DTLS. */
  connect() {
    this.channels.doc?.open();
    this.channels.live?.open();
  }
}

class FakeStream {
  constructor(readonly tracks: { of: FakeConnection }[]) {}
}

const last = () => FakeConnection.made.at(-1)!;
const answer = (epoch: number): Answer => ({ type: "answer", session: "s1", sdp: "answer", peer: "p", epoch });

function aPeer(offer: PeerPorts["offer"] = () => Promise.resolve(answer(1))) {
  const iceServers = vi.fn((): Promise<RTCIceServer[]> => Promise.resolve([]));
  const ports = { iceServers, offer: vi.fn(offer), report: vi.fn(), onBoard: vi.fn() };
  return { peer: new RoomPeer(ports), ports };
}

const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

describe("RoomPeer", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    FakeConnection.made = [];
    vi.stubGlobal("RTCPeerConnection", FakeConnection);
    vi.stubGlobal("MediaStream", FakeStream);
    vi.spyOn(Math, "random").mockReturnValue(0);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it("offers the media lines in the order of the protocol", async () => {
    const { peer } = aPeer();
    peer.ensure(1);
    await settle();
    expect(last().lines).toEqual([
      "audio sendrecv",
      "video sendonly",
      "video sendonly",
      ...Array<string>(4).fill("video recvonly"),
    ]);
    expect(Object.keys(last().channels)).toEqual(["doc", "live"]);
  });

  it("is live once the channel opens, and stays with one connection while the epoch is the same", async () => {
    const { peer, ports } = aPeer();
    peer.ensure(1);
    await settle();
    last().connect();
    peer.ensure(1);
    expect(peer.state.get()).toMatchObject({ status: "live", epoch: 1, doc: true });
    expect(ports.report.mock.calls).toEqual([["live"]]);
    expect(FakeConnection.made).toHaveLength(1);
    peer.close();
  });

  it("makes a new connection for a new epoch, with the tracks it had", async () => {
    const { peer } = aPeer();
    const mic = { kind: "audio" } as MediaStreamTrack;
    await peer.setTrack("mic", mic);
    peer.ensure(1);
    await settle();
    last().connect();
    peer.ensure(2);
    await settle();
    expect(FakeConnection.made).toHaveLength(2);
    expect(last().senders[0]?.replaceTrack).toHaveBeenCalledWith(mic);
    peer.close();
  });

  it("hears and is heard over the former connection until the new one carries sound", async () => {
    let epoch = 1;
    const { peer } = aPeer(() => Promise.resolve(answer(epoch++)));
    const heardOver = () => (peer.state.get().audio as unknown as FakeStream).tracks[0]?.of;
    peer.ensure(1);
    await settle();
    const former = last();
    former.connect();
    peer.ensure(2);
    await settle();
    expect([former.closed, heardOver()]).toEqual([false, former]);
    last().connect();
    await settle(100);
    expect([former.closed, heardOver()]).toEqual([false, former]);
    const muted = peer.setTrack("mic", null);
    await settle();
    await muted;
    expect(former.senders[0]?.replaceTrack).toHaveBeenLastCalledWith(null);
    last().heard = [{}];
    await settle(20);
    expect([former.closed, heardOver()]).toEqual([false, last()]);
    await settle(1000);
    expect(former.closed).toBe(true);
    peer.close();
  });

  it("goes over to a new connection in silence, too, and leaves none open", async () => {
    let epoch = 1;
    const { peer } = aPeer(() => Promise.resolve(answer(epoch++)));
    peer.ensure(1);
    await settle();
    last().connect();
    peer.ensure(2);
    await settle();
    last().connect();
    await settle(1000);
    expect((peer.state.get().audio as unknown as FakeStream).tracks[0]?.of).toBe(last());
    peer.ensure(3);
    await settle();
    peer.close();
    expect(FakeConnection.made.map((each) => each.closed)).toEqual([true, true, true]);
  });

  it("comes back within 2 s when echoes stop", async () => {
    const { peer, ports } = aPeer();
    peer.ensure(1);
    await settle();
    last().connect();
    await settle(2000);
    expect(ports.report).toHaveBeenCalledWith("lost");
    expect(FakeConnection.made).toHaveLength(2);
    last().connect();
    expect(peer.state.get()).toMatchObject({ status: "live", returning: true });
    peer.close();
  });

  /** Makes a live peer, and then lets 10 s pass in which neither the worker nor the server can be reached. */
  async function cutOff() {
    const made = aPeer();
    made.peer.ensure(1);
    await settle();
    last().connect();
    const silent = last();
    let reach: () => void = () => undefined;
    made.ports.iceServers.mockReturnValue(new Promise((resolve) => (reach = () => resolve([]))));
    await settle(10_000);
    expect(made.peer.state.get()).toMatchObject({ status: "connecting", returning: true, doc: false });
    return { ...made, silent, reach };
  }

  it("goes on with the connection it had when only the network was gone, and asks nobody", async () => {
    const { peer, ports, silent } = await cutOff();
    expect(silent.closed).toBe(false);
    await peer.setTrack("mic", null);
    // Muting must also affect the connection that has fallen silent, because this connection can recover.
    expect(silent.senders[0]?.replaceTrack).toHaveBeenLastCalledWith(null);
    silent.connectionState = "connected";
    silent.onconnectionstatechange?.();
    expect(peer.state.get()).toMatchObject({ status: "live", epoch: 1, doc: true });
    expect(ports.report.mock.calls).toEqual([["live"], ["lost"], ["live"]]);
    expect(ports.offer).toHaveBeenCalledTimes(1);
    expect(last().closed).toBe(true);
    await settle(2000); // the watchdog of the connection runs again
    expect(ports.report.mock.calls.at(-1)).toEqual(["lost"]);
    peer.close();
    expect(FakeConnection.made.every(({ closed }) => closed)).toBe(true);
  });

  it("calls the silent connection, and takes any echo of it for the way back", async () => {
    const { peer, silent } = await cutOff();
    const called = silent.channels.live!.sent.length;
    await settle(1000);
    expect(silent.channels.live!.sent).toHaveLength(called + 2);
    silent.channels.live?.onmessage?.({ data: '{"t":"hb","n":0}' });
    expect(peer.state.get().status).toBe("live");
    peer.close();
  });

  it("can answer when the first that comes over a silent connection is a question of the board's", async () => {
    const { peer, ports, silent } = await cutOff();
    ports.onBoard.mockImplementation((question: Uint8Array) => peer.sendBoard(question));
    silent.channels.doc?.onmessage?.({ data: Uint8Array.of(0, 7).buffer });
    expect(silent.channels.doc?.sent).toEqual([Uint8Array.of(0, 7)]);
    expect(peer.state.get()).toMatchObject({ status: "live", doc: true });
    peer.close();
  });

  /** Cuts off only the media path. The WebSocket works, so a second connection is offered and answered. */
  async function cutOffUdp() {
    const made = await cutOff();
    made.reach();
    await settle();
    expect(made.ports.offer).toHaveBeenCalledTimes(2);
    return { ...made, newer: last(), heardOver: () => (made.peer.state.get().audio as unknown as FakeStream).tracks[0]?.of };
  }

  it("goes on with the silent connection when that is heard before another has found its path", async () => {
    const { peer, silent, newer, heardOver } = await cutOffUdp();
    silent.channels.live?.onmessage?.({ data: "" });
    expect([peer.state.get().status, heardOver(), silent.closed, newer.closed]).toEqual(["live", silent, false, true]);
    peer.close();
  });

  it("leaves the silent connection for another that has found its path: the worker ends it", async () => {
    const { peer, silent, newer, heardOver } = await cutOffUdp();
    newer.iceConnectionState = "connected";
    silent.channels.live?.onmessage?.({ data: "" });
    expect([peer.state.get().status, silent.closed]).toEqual(["connecting", false]);
    newer.connect();
    expect([peer.state.get().status, heardOver(), silent.closed, newer.closed]).toEqual(["live", newer, true, false]);
    peer.close();
  });

  it("is heard over a new connection also when the silent one failed meanwhile", async () => {
    const { peer, silent, newer, heardOver } = await cutOffUdp();
    silent.connectionState = "failed";
    silent.onconnectionstatechange?.();
    newer.connect();
    expect([peer.state.get().status, heardOver()]).toEqual(["live", newer]);
    peer.close();
  });

  it("goes on with the silent connection after it has settled for text, too", async () => {
    const { peer, ports, silent, heardOver } = await cutOffUdp();
    await settle(6000);
    expect(peer.state.get()).toMatchObject({ status: "text_only", audio: null });
    silent.channels.live?.onmessage?.({ data: "" });
    expect([peer.state.get().status, heardOver()]).toEqual(["live", silent]);
    expect(ports.report.mock.calls).toEqual([["live"], ["lost"], ["text_only"], ["live"]]);
    await settle(1000);
    expect(FakeConnection.made.filter(({ closed }) => !closed)).toEqual([silent]);
    peer.close();
  });

  it("does not go back to a silent connection of an epoch that is over, or to one that failed", async () => {
    const moved = await cutOff();
    moved.peer.ensure(2);
    moved.silent.channels.live?.onmessage?.({ data: "" });
    expect(moved.peer.state.get().status).toBe("connecting");
    moved.peer.close();
    expect(moved.silent.closed).toBe(true);

    const { peer, silent } = await cutOff();
    silent.connectionState = "failed";
    silent.onconnectionstatechange?.();
    expect(silent.closed).toBe(true);
    peer.close();
  });

  it("says again that it is live when the WebSocket is back: nobody may have heard it", async () => {
    const { peer, ports, silent } = await cutOff();
    silent.channels.live?.onmessage?.({ data: "" });
    ports.report.mockClear();
    peer.retryNow();
    expect(ports.report.mock.calls).toEqual([["live"]]);
    peer.close();
  });

  it("settles for text after 5 s without a path, and is live when one is found later", async () => {
    const { peer, ports } = aPeer();
    peer.ensure(1);
    await settle(5000);
    expect(peer.state.get()).toMatchObject({ status: "text_only", doc: false });
    expect(ports.report.mock.calls).toEqual([["text_only"]]);
    for (let tries = 2; tries < 5; tries++) {
      await settle(300);
      expect([FakeConnection.made.length, last().closed]).toEqual([tries, false]); // 300 ms after a failed attempt, the next one begins
      await settle(5000);
    }
    await settle(300);
    expect(ports.report).toHaveBeenCalledTimes(1);
    last().connect();
    expect(peer.state.get().status).toBe("live");
    peer.close();
  });

  it("settles for text in a browser that has no WebRTC, and keeps nothing open", async () => {
    vi.stubGlobal("RTCPeerConnection", undefined);
    const { peer, ports } = aPeer();
    peer.ensure(1);
    expect(peer.state.get().status).toBe("text_only");
    await settle(12_000);
    expect(ports.report.mock.calls).toEqual([["text_only"]]);
    peer.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not take a refused offer for a blocked network, and asks again", async () => {
    let refusals = 6;
    const { peer, ports } = aPeer(() =>
      refusals-- > 0 ? Promise.reject(new RequestError("no_worker")) : Promise.resolve(answer(3)),
    );
    peer.ensure(1);
    await settle(12_000);
    expect(ports.report).not.toHaveBeenCalledWith("lost");
    last().connect();
    expect(peer.state.get()).toMatchObject({ status: "live", epoch: 3 });
    peer.close();
  });

  it("asks not more often than every 5 s when it has settled for text and is refused", async () => {
    const { peer, ports } = aPeer();
    peer.ensure(1);
    await settle(5000);
    ports.offer.mockRejectedValue(new RequestError("full"));
    await settle(20_000);
    expect(FakeConnection.made.length).toBeLessThan(7);
    expect(peer.state.get().status).toBe("text_only");
    peer.close();
  });

  it("waits without a WebSocket, and goes on at once when it is back", async () => {
    let online = false;
    const { peer } = aPeer(() => (online ? Promise.resolve(answer(1)) : Promise.reject(new RequestError("offline"))));
    peer.ensure(1);
    await settle(60_000);
    expect(FakeConnection.made).toHaveLength(1);
    expect(peer.state.get().status).toBe("connecting");
    online = true;
    peer.retryNow();
    await settle();
    last().connect();
    expect(peer.state.get().status).toBe("live");
    peer.close();
  });

  it("cuts board messages into fragments, and takes none while the channel is full or closed", async () => {
    const { peer, ports } = aPeer();
    expect(peer.sendBoard(Uint8Array.of(1))).toBe(false);
    peer.ensure(1);
    await settle();
    last().connect();
    expect(peer.sendBoard(new Uint8Array(40_000))).toBe(true);
    const doc = last().channels.doc!;
    expect(doc.sent).toHaveLength(3);
    doc.bufferedAmount = 2 * 1024 * 1024;
    expect(peer.sendBoard(Uint8Array.of(1))).toBe(false);
    doc.onmessage?.({ data: Uint8Array.of(0, 7).buffer });
    expect(ports.onBoard).toHaveBeenCalledWith(Uint8Array.of(7));
    peer.close();
  });

  it("asks for relays anew for each connection: their credentials end", async () => {
    const { peer, ports } = aPeer();
    const relay = (username: string) => [{ urls: ["turn:turn.example:3478?transport=tcp"], username, credential: "c" }];
    ports.iceServers.mockResolvedValueOnce(relay("first")).mockResolvedValueOnce(relay("second"));
    peer.ensure(1);
    await settle();
    peer.ensure(2);
    await settle();
    const used = FakeConnection.made.map(({ configuration }) => configuration);
    expect(used).toEqual(["first", "second"].map((name) => ({ bundlePolicy: "max-bundle", iceServers: relay(name) })));
    peer.close();
  });

  it("keeps no connection to a worker that the room has left when it settles for text", async () => {
    let epoch = 1;
    const { peer } = aPeer(() => Promise.resolve(answer(epoch++)));
    peer.ensure(1);
    await settle();
    const former = last();
    former.connect();
    peer.ensure(2);
    await settle(5000);
    expect(peer.state.get()).toMatchObject({ status: "text_only", audio: null });
    expect(former.closed).toBe(true);
    await settle(400);
    last().connect();
    expect(peer.state.get()).toMatchObject({ status: "live", audio: expect.anything() as unknown });
    peer.close();
  });

  it("sends nobody's voice over a silent connection while it says that nothing but text goes", async () => {
    const { peer } = aPeer();
    const [mic, muted] = [{ kind: "audio" }, null] as [MediaStreamTrack, null];
    await peer.setTrack("mic", mic);
    peer.ensure(1);
    await settle();
    const silent = last();
    silent.connect();
    const sends = () => silent.senders[0]?.replaceTrack.mock.calls.at(-1)?.[0] as MediaStreamTrack | null;
    expect(sends()).toBe(mic);
    await settle(8000);
    expect(peer.state.get().status).toBe("text_only");
    expect([silent.closed, sends()]).toEqual([false, null]);
    await peer.setTrack("mic", muted);
    await peer.setTrack("mic", mic);
    expect(sends()).toBe(null);
    silent.channels.live?.onmessage?.({ data: "" });
    expect(peer.state.get().status).toBe("live");
    expect(sends()).toBe(mic);
    peer.close();
  });

  it("closes everything it opened", async () => {
    const { peer } = aPeer();
    peer.ensure(1);
    await settle();
    last().connect();
    peer.close();
    await settle(60_000);
    expect(FakeConnection.made).toHaveLength(1);
    expect(last().closed).toBe(true);
    expect(peer.state.get().status).toBe("idle");
  });
});
