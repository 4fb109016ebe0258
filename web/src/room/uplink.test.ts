import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Attempt } from "./attempt";
import { Redundancy } from "./redundancy";
import { answerWith, Uplink } from "./uplink";

const ANSWER = [
  "v=0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
  "a=rtpmap:111 opus/48000/2",
  "a=rtpmap:63 red/48000/2",
  "a=fmtp:63 111/111",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "",
].join("\r\n");
const PLAIN = ANSWER.replace(/ 63\r/, "\r").replace(/a=.*63.*\r\n/g, "");

/** A fake peer connection on a link that loses packets. The connection gives statistics of the voice, and records each step of a
 *  negotiation. */
class FakeConnection {
  signalingState = "stable";
  steps: string[] = [];
  stepMs = 0;
  loss = 0;
  private seconds = 0;
  private lost = 0;
  readonly sender = {
    getStats: () => {
      this.seconds += 1;
      this.lost += 50 * this.loss;
      const sent = { type: "outbound-rtp", packetsSent: 50 * this.seconds };
      const told = { type: "remote-inbound-rtp", timestamp: 1000 * this.seconds, packetsLost: this.lost, roundTripTime: 0.04 };
      return Promise.resolve(new Map(Object.entries({ sent, told })));
    },
  };
  async createOffer() {
    await this.step("offer");
    return { type: "offer", sdp: "" };
  }
  async setLocalDescription() {
    await this.step("local", "have-local-offer");
  }
  async setRemoteDescription(answer: { type: string; sdp: string }) {
    await this.step(answer.sdp.includes("SAVPF 63 111\r") ? "red" : "opus", "stable");
  }
  private async step(name: string, leadsTo = this.signalingState) {
    if (this.signalingState === "closed") throw new DOMException("closed", "InvalidStateError");
    this.steps.push(name);
    this.signalingState = leadsTo;
    await new Promise((done) => setTimeout(done, this.stepMs));
  }
}

function onLine(answer = ANSWER, redundancy = new Redundancy()) {
  const pc = new FakeConnection();
  const uplink = new Uplink({ pc, answer, senders: { mic: pc.sender } } as unknown as Attempt, redundancy);
  return { pc, uplink, redundancy };
}

const after = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

describe("answerWith", () => {
  it("puts RED before Opus or behind it, and changes nothing else", () => {
    expect(answerWith(true, ANSWER)).toBe(ANSWER.replace("111 63", "63 111"));
    expect(answerWith(false, ANSWER.replace("111 63", "63 111"))).toBe(ANSWER);
    expect(answerWith(false, ANSWER)).toBe(ANSWER);
    expect(answerWith(true, PLAIN)).toBeNull();
  });
});

describe("Uplink", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("sends the voice twice while its line loses, and once again when it does not", async () => {
    const { pc, uplink } = onLine();
    await after(30);
    expect(pc.steps).toEqual([]);
    pc.loss = 0.1;
    await after(6);
    expect(pc.steps).toEqual(["offer", "local", "red"]);
    pc.loss = 0;
    await after(20);
    expect(pc.steps).toEqual(["offer", "local", "red", "offer", "local", "opus"]);
    uplink.close();
  });

  it("does nothing where the answer has no RED", async () => {
    const { pc } = onLine(PLAIN);
    const asked = vi.spyOn(pc.sender, "getStats");
    pc.loss = 0.1;
    await after(30);
    expect([pc.steps, asked.mock.calls]).toEqual([[], []]);
  });

  it("never begins a negotiation in another, its own or somebody else's", async () => {
    const { pc, uplink } = onLine();
    pc.signalingState = "have-local-offer";
    pc.loss = 0.1;
    await after(10);
    expect(pc.steps).toEqual([]);
    pc.signalingState = "stable";
    pc.stepMs = 5000;
    await after(25);
    expect(pc.steps).toEqual(["offer", "local", "red"]);
    uplink.close();
  });

  it("begins a new connection as the one before was when that was on the same line", async () => {
    const former = onLine();
    former.pc.loss = 0.1;
    await after(6);
    former.uplink.close();
    const { pc, uplink } = onLine(ANSWER, former.redundancy);
    await after(0.1);
    expect(pc.steps).toEqual(["offer", "local", "red"]);
    uplink.close();
  });

  it("ends quietly, also in the middle of a negotiation", async () => {
    const warned = vi.spyOn(console, "warn");
    const { pc, uplink } = onLine();
    pc.loss = 0.1;
    pc.stepMs = 2000;
    while (pc.steps.length === 0) await after(0.1);
    uplink.close();
    pc.signalingState = "closed";
    await after(60);
    expect([pc.steps, warned.mock.calls]).toEqual([["offer"], []]);
  });

  it("leaves the voice as it is when the browser will not change it", async () => {
    const warned = vi.spyOn(console, "warn").mockReturnValue(undefined);
    const { pc } = onLine();
    pc.loss = 0.1;
    const refused = vi.spyOn(pc, "createOffer").mockRejectedValue(new DOMException("no", "OperationError"));
    await after(60);
    expect([refused.mock.calls.length, warned.mock.calls.length]).toEqual([1, 1]);
  });
});
