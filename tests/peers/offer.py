"""The WebRTC offer that this project's pages and light clients make. The offer always has the same media sections."""

from __future__ import annotations

from media.packets.sdp import RID_URI, TRANSPORT_CC_URI

OPUS, VP8, RTX, RED = 111, 96, 97, 63
MID, LEVEL, RID, TRANSPORT_CC = 4, 1, 5, 3


def offer(
    ufrag: str, password: str, fingerprint: str, layers: tuple[str, ...] = (), *, repairs: bool = False, slots: int = 4
) -> str:
    """Build the WebRTC offer (SDP) that this project's pages and light clients make.

    `layers`: RIDs of the camera's simulcast layers, lowest first. `repairs`: offer RTX, RED and retransmissions of the voice.
    `slots`: number of receiving video sections.
    """
    media = ["audio sendrecv", "video sendonly", "video sendonly", *["video recvonly"] * slots]
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", f"a=group:BUNDLE {' '.join(map(str, range(slots + 4)))}"]
    transport = [f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{password}", f"a=fingerprint:sha-256 {fingerprint}", "a=setup:actpass"]
    for mid, (kind, direction) in enumerate(each.split() for each in media):
        number, codec = (OPUS, "opus/48000/2") if kind == "audio" else (VP8, "VP8/90000")
        repeats = {"audio": f" {RED}", "video": f" {RTX}"}[kind] if repairs else ""
        lines += [f"m={kind} 9 UDP/TLS/RTP/SAVPF {number}{repeats}", "c=IN IP4 0.0.0.0"]
        lines += [f"a=mid:{mid}", f"a={direction}", "a=rtcp-mux"]
        lines += [f"a=rtpmap:{number} {codec}", f"a=extmap:{MID} urn:ietf:params:rtp-hdrext:sdes:mid", *transport]
        if kind == "audio":
            lines.append(f"a=extmap:{LEVEL} urn:ietf:params:rtp-hdrext:ssrc-audio-level")
            red = [f"a=rtpmap:{RED} red/48000/2", f"a=fmtp:{RED} {OPUS}/{OPUS}", f"a=rtcp-fb:{OPUS} nack"]
            lines += red if repairs else []
        else:
            lines += [f"a=rtcp-fb:{number} {kind}" for kind in ("nack", "nack pli", "transport-cc")]
            lines += [f"a=extmap:{TRANSPORT_CC} {TRANSPORT_CC_URI}", f"a=extmap:{RID} {RID_URI}"]
            if repairs:
                lines += [f"a=rtpmap:{RTX} rtx/90000", f"a=fmtp:{RTX} apt={VP8}"]
        if mid == 1 and layers:
            lines += [f"a=rid:{name} send" for name in layers] + [f"a=simulcast:send {';'.join(layers)}"]
    lines += [
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{slots + 3}",
        "a=sctp-port:5000",
        *transport,
    ]
    return "\r\n".join(lines) + "\r\n"
