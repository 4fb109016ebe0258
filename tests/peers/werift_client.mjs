// A werift client. It writes its WebRTC offer to standard output and reads the worker's answer from standard input.
// Then it sends a voice until it is told to end. On demand it writes how much it has heard.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

// werift is a dependency in web/package.json; Node would not look there for this file
const { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpHeader, RtpPacket } = createRequire(
  new URL("../../web/package.json", import.meta.url),
)("werift");

const peer = new RTCPeerConnection({
  codecs: {
    audio: [new RTCRtpCodecParameters({ mimeType: "audio/opus", clockRate: 48000, channels: 2 })],
    video: [new RTCRtpCodecParameters({ mimeType: "video/VP8", clockRate: 90000 })],
  },
});
const track = new MediaStreamTrack({ kind: "audio" });
const audio = peer.addTransceiver(track, { direction: "sendrecv" });
const live = peer.createDataChannel("live", { ordered: false, maxRetransmits: 0 });
peer.createDataChannel("doc");
let heard = 0, echoes = 0, state = "new";
audio.onTrack.subscribe((theirs) => theirs.onReceiveRtp.subscribe(() => heard++));
live.onMessage.subscribe(() => echoes++);
peer.connectionStateChange.subscribe((now) => { state = now; });
await peer.setLocalDescription(await peer.createOffer());
console.log(JSON.stringify({ sdp: peer.localDescription.sdp }));
let number = 0;
const say = () => track.writeRtp(new RtpPacket(new RtpHeader({ payloadType: 96, sequenceNumber: number & 0xffff, timestamp: (number++ * 960) >>> 0, ssrc: 1234, marker: false }), Buffer.from([0x78, ...new Uint8Array(60)])));
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.answer) {
    await peer.setRemoteDescription({ type: "answer", sdp: asked.answer });
    setInterval(say, 20);
  }
  if (asked.beat) live.send('{"t":"hb","n":1}');
  if (asked.tell) console.log(JSON.stringify({ heard, echoes, state }));
  if (asked.end) process.exit(0);
}
