/** One attempt to reach the media worker: a peer connection with the media sections and data channels that the protocol
 *  requires. */

import { Reassembler } from "./fragments";

export type TrackKind = "mic" | "camera" | "screen";

/** Simulcast layers of the camera, from low to high. Chromium sends no third layer for a 640 × 360 camera. */
const LAYERS: RTCRtpEncodingParameters[] = [
  { rid: "l", scaleResolutionDownBy: 2, maxBitrate: 150_000 },
  { rid: "h", maxBitrate: 900_000 },
];

export interface Attempt {
  madeAt: number;
  /** The room's epoch (how often the room has been opened), as the worker's answer says; 0 before the answer. */
  epoch: number;
  /** The SDP answer that the browser uses: the worker's answer, with Opus or RED moved to the front of the voice's codecs.
   *  Empty before the worker answers. */
  answer: string;
  reassembler: Reassembler;
  pc: RTCPeerConnection;
  senders: Record<TrackKind, RTCRtpSender>;
  doc: RTCDataChannel;
  live: RTCDataChannel;
  slots: MediaStreamTrack[];
  voice: RTCRtpReceiver;
}

/** Builds a peer connection. `mostSlots`: at most this many videos of other people can be received at the same time. */
export function build(mostSlots: number): Attempt {
  const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  // The protocol fixes the order of the media sections: audio, camera, screen, the slots for other people's pictures, data.
  const mic = pc.addTransceiver("audio", { direction: "sendrecv" });
  const camera = pc.addTransceiver("video", { direction: "sendonly", sendEncodings: LAYERS });
  const screen = pc.addTransceiver("video", { direction: "sendonly" });
  const slots = Array.from({ length: mostSlots }, () => pc.addTransceiver("video", { direction: "recvonly" }).receiver.track);
  const doc = pc.createDataChannel("doc", { ordered: true });
  const live = pc.createDataChannel("live", { ordered: false, maxRetransmits: 0 });
  doc.binaryType = "arraybuffer";
  return {
    madeAt: performance.now(),
    epoch: 0,
    answer: "",
    reassembler: new Reassembler(),
    pc,
    senders: { mic: mic.sender, camera: camera.sender, screen: screen.sender },
    doc,
    live,
    slots,
    voice: mic.receiver,
  };
}

/** Returns whether ICE has found a path: the connection is up or will be in a moment. The worker then ends the previous
 *  connection. */
export function hasPath({ pc }: Attempt): boolean {
  return pc.iceConnectionState === "connected" || pc.iceConnectionState === "completed";
}

export function quiet({ pc, doc, live }: Attempt): void {
  pc.onconnectionstatechange = null;
  doc.onopen = doc.onmessage = live.onopen = live.onmessage = null;
}
