/** Watches the voice that a peer connection sends. Once a second, decides whether to send it with redundancy (RED, RFC 2198). */

import type { Attempt } from "./attempt";
import { Redundancy, type Report } from "./redundancy";

const EVERY_MS = 1000;

/** Returns the SDP answer with RED moved in the list of the voice's codecs: to the first place if `red` is true, otherwise to the
 *  last. Returns null if the answer has no RED, as in Firefox, which does not offer RED. */
export function answerWith(red: boolean, answer: string): string | null {
  const format = /^a=rtpmap:(\d+) red\/48000/m.exec(answer)?.[1];
  if (format === undefined) return null;
  return answer.replace(/^(m=audio \d+ \S+) (.+)$/m, (_, line: string, formats: string) => {
    const others = formats.split(" ").filter((each) => each !== format);
    return [line, ...(red ? [format, ...others] : [...others, format])].join(" ");
  });
}

export class Uplink {
  private readonly timer: ReturnType<typeof setInterval> | undefined;
  private looking = false;
  private over = false;

  constructor(
    private readonly attempt: Attempt,
    readonly redundancy = new Redundancy(),
  ) {
    redundancy.reconnected();
    if (answerWith(false, attempt.answer) === null) return;
    this.timer = setInterval(() => void this.look(), EVERY_MS);
    void this.look();
  }

  close(): void {
    this.over = true;
    clearInterval(this.timer);
  }

  /** Reads the connection's statistics, and switches RED on or off if the statistics require it. Does nothing while an earlier
   *  call runs, so that negotiations never overlap. */
  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const report = reported(await this.attempt.senders.mic.getStats());
      if (this.over) return;
      if (report) this.redundancy.told(report);
      await this.send(this.redundancy.on);
    } catch (error) {
      if (this.over || this.attempt.pc.signalingState === "closed") return;
      this.close();
      console.warn("the voice goes on as it is sent now", error);
    } finally {
      this.looking = false;
    }
  }

  /** Switches the codec of the voice. The worker accepts both codecs at any time, so it needs no new offer. Instead, this page
   *  gives the browser the worker's old answer with the codecs in another order. Setting `codec` in the encoding would be
   *  simpler, but Chromium 156 does not accept RED there. */
  private async send(red: boolean): Promise<void> {
    const { pc, answer } = this.attempt;
    const sdp = answerWith(red, answer);
    if (sdp === null || sdp === answer || pc.signalingState !== "stable") return;
    await pc.setLocalDescription(await pc.createOffer());
    await pc.setRemoteDescription({ type: "answer", sdp });
    this.attempt.answer = sdp;
  }
}

function reported(stats: RTCStatsReport): Report | null {
  const all = [...(stats as unknown as Map<string, RTCStats>).values()];
  const sent = all.find(({ type }) => type === "outbound-rtp") as RTCOutboundRtpStreamStats | undefined;
  const told: RemoteInbound | undefined = all.find(({ type }) => type === "remote-inbound-rtp");
  if (sent?.packetsSent === undefined || told?.packetsLost === undefined) return null;
  const roundTripMs = told.roundTripTime === undefined ? null : told.roundTripTime * 1000;
  return { at: told.timestamp, sent: sent.packetsSent, lost: told.packetsLost, roundTripMs };
}

/** The WebRTC statistics `remote-inbound-rtp`, whose type TypeScript's lib.dom lacks. */
interface RemoteInbound extends RTCStats {
  packetsLost?: number;
  roundTripTime?: number;
}
