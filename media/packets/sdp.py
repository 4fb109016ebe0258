"""Reads SDP offers and writes answers. A client offers all or some of the m-lines that docs/protocol.md lists.

Payload types and header extension ids differ between browsers, and in Firefox also between sections. So the types and ids are
stored for each section of each peer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_BYTES = 64 * 1024
MAX_LINES = 2000
MAX_LINE_BYTES = 2048
SLOTS = 4  # Number of receiving video sections in the SDP offer of a client whose room has no guests.
MOST_SLOTS = 8
"""At most this many video sections of a client receive. In a room with guests, a client can need all of them: for five faces, two
screens, and a phone as a second camera."""

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TRANSPORT_CC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID_URI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
EXTENSIONS = {"audio": (MID_URI, LEVEL_URI), "video": (MID_URI, TRANSPORT_CC_URI, RID_URI, REPAIRED_RID_URI)}
FEEDBACK = ("nack", "nack pli", "transport-cc", "goog-remb")
MAX_LAYERS = 3
ROLES = ("audio", "camera", "screen", *(f"slot{number}" for number in range(MOST_SLOTS)), "data")
KINDS = {"audio": "audio", "data": "application"}
ORDER = ("audio", "video", "application")
WAYS = ("sendrecv", "sendonly", "recvonly", "inactive")
PICTURES = 2
"""At most this many video sections send: first a camera, then a screen."""
DIRECTIONS = {"camera": ("sendonly", "sendrecv"), "screen": ("sendonly", "sendrecv")}
SLOT_DIRECTIONS = ("recvonly", "sendrecv")
CODECS = {"audio": ("opus", 48000), "video": ("vp8", 90000)}
DIGESTS = {"sha-256": 32, "sha-384": 48, "sha-512": 64}

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,32}")
_RID = re.compile(r"[A-Za-z0-9]{1,16}")
_PROTOCOL = re.compile(r"[A-Za-z0-9/.-]{1,40}")
# RFC 8829 section 5.1.2: the answer repeats the protocol of the offer
_RTP_PROTOCOL = re.compile(r"RTP/S?AVPF?|(UDP|TCP)/TLS/RTP/SAVPF?")
_RTPMAP = re.compile(r"[0-9]{1,3} [A-Za-z0-9._-]{1,40}/[0-9]{1,6}(/[0-9])?")
_ICE_TEXT = re.compile(r"[A-Za-z0-9+/=_-]{4,256}")  # `=`, `_` and `-` are not in the grammar, but browsers send them


class SdpError(Exception):
    """An SDP offer cannot be answered. The exception's text says why, without quoting the offer.

    `kind`: kind of the fault. The worker counts such offers by kind.
    """

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


@dataclass
class Section:
    """One m-line of an offer.

    - role: one of `ROLES`. "": the offer rejects the section (port 0).
    - refused_as: SDP lines with which the answer refuses this section, if `role` is "".
    - payload_type, rtx, red: payload types of Opus or VP8, of VP8's retransmissions, and of Opus with redundant copies (RFC
      2198). -1: not offered.
    - feedback: the offered kinds of RTCP feedback (a=rtcp-fb) for `payload_type`.
    - extensions: URI → id.
    - ssrcs: SSRCs of the section's streams, without those of retransmissions.
    - rids: simulcast layers that the client sends, from low to high resolution. Empty: no simulcast.
    - repairs: SSRC of retransmissions → SSRC of the stream.
    - reduced: whether reduced-size RTCP (RFC 5506) is offered.
    - protocol: as offered, such as `UDP/TLS/RTP/SAVPF`.
    """

    role: str
    kind: str
    mid: str = ""
    direction: str = "sendrecv"
    payload_type: int = -1
    feedback: set[str] = field(default_factory=set)
    extensions: dict[str, int] = field(default_factory=dict)
    ssrcs: list[int] = field(default_factory=list)
    rtx: int = -1
    red: int = -1
    rids: list[str] = field(default_factory=list)
    repairs: dict[int, int] = field(default_factory=dict)
    reduced: bool = False
    refused_as: list[str] = field(default_factory=list)
    protocol: str = ""

    @property
    def says_which(self) -> bool:
        """Return whether packets can be assigned to this section, by their MID or by an SSRC in the offer."""
        return MID_URI in self.extensions or bool(self.ssrcs)

    @property
    def retransmits_voice(self) -> bool:
        """Return whether the sender of this section's voice retransmits packets that the worker requests.

        Clients that do so offer `nack` for Opus (RFC 4585). Browsers with libwebrtc (Chromium, Safari) also do so, although they
        do not offer `nack`. The worker recognizes these browsers by their offer of `transport-cc` for Opus. The answer to them
        must not name `nack`. Otherwise these browsers would also request packets from the worker, and the sound that they play
        would get worse (docs/quality.md).
        """
        return self.kind == "audio" and not self.feedback.isdisjoint(("nack", "transport-cc"))

    @property
    def transport_cc(self) -> int:
        """Id of the header extension with the transport-wide sequence number.

        0: the offer lacks this extension or the RTCP feedback `transport-cc`, or the id is above 14.
        """
        identifier = self.extensions.get(TRANSPORT_CC_URI, 0)
        return identifier if "transport-cc" in self.feedback and identifier < 15 else 0


@dataclass
class Offer:
    """The parts of an offer that we use. `sections` are in the order of the offer, which is the order of `ROLES`.

    `fingerprints`: (algorithm, digest in hex). `tag`: mid of the section whose transport is used (RFC 8843 section 7.2).
    """

    ufrag: str
    password: str
    fingerprints: list[tuple[str, str]]
    max_message_bytes: int
    sections: list[Section]
    tag: str

    @property
    def by_role(self) -> dict[str, Section]:
        """The accepted sections by role. Rejected sections have no role."""
        return {section.role: section for section in self.sections if section.role}


@dataclass(frozen=True)
class Local:
    """Our side of an answer.

    `session`: the session id of the SDP. `ssrcs`: role → SSRC of our stream. `repairs`: role → SSRC of the retransmissions of our
    stream. `candidates`: (address, port), best first.
    """

    ufrag: str
    password: str
    fingerprint: str
    candidates: Sequence[tuple[str, int]]
    ssrcs: dict[str, int]
    session: int
    repairs: dict[str, int] = field(default_factory=dict)


@dataclass
class _Part:
    """One section (m-line) as written in the offer."""

    media: list[str]
    attributes: dict[str, list[str]]

    @property
    def kind(self) -> str:
        return self.media[0]

    @property
    def rejected(self) -> bool:
        """Return whether port 0 rejects the section (RFC 3264 section 5.1).

        In a bundle-only section, port 0 is no rejection (RFC 8843 section 6).
        """
        return self.media[1] == "0" and "bundle-only" not in self.attributes

    @property
    def direction(self) -> str:
        return next((name for name in WAYS if name in self.attributes), "sendrecv")

    @property
    def mid(self) -> str:
        return self.attributes.get("mid", [""])[0]


def parse(text: str) -> Offer:
    """Parse an offer. Raise only `SdpError`, for every text that is not an offer as docs/protocol.md describes it."""
    lines = _lines(text)
    starts = [index for index, (key, _) in enumerate(lines) if key == "m"]
    shared = _attributes(lines[: starts[0]] if starts else lines)
    bounds = [*starts, len(lines)]
    parts = [_part(lines[bounds[index] : bounds[index + 1]]) for index in range(len(starts))]
    sections = [_section(role, part) for role, part in zip(_roles(parts), parts, strict=True)]
    taken = [section for section in sections if section.role]
    mids = [section.mid for section in sections if section.mid]
    if len(set(mids)) != len(mids):
        raise SdpError("mid", "two media sections have one mid")
    tag = _tag(shared, [section.mid for section in taken])
    first = parts[next(index for index, section in enumerate(sections) if section.role and section.mid == tag)].attributes
    ufrag, password = _one("ice-ufrag", first, shared), _one("ice-pwd", first, shared)
    if not _ICE_TEXT.fullmatch(ufrag) or not _ICE_TEXT.fullmatch(password) or len(password) < 22:
        raise SdpError("ice", "bad ICE credentials")
    if _one("setup", first, shared) not in ("actpass", "active"):
        raise SdpError("setup", "the offerer must be able to be the DTLS client: offer a=setup:actpass or active")
    _check_apart(taken)
    data = next((part.attributes for part, section in zip(parts, sections, strict=True) if section.role == "data"), {})
    return Offer(ufrag, password, _fingerprints(first, shared), _max_message(data), sections, tag)


def _part(lines: list[tuple[str, str]]) -> _Part:
    media = lines[0][1].split()
    if len(media) < 4:
        raise SdpError("syntax", "an m-line is too short")
    return _Part(media, _attributes(lines[1:]))


def _roles(parts: list[_Part]) -> list[str]:
    """Return the role of each section; "" for a rejected section.

    A slot is a video section that receives another person's video. If there are six or ten video sections, the first is the
    camera, the second the screen, and all others are slots. With any other number of video sections, the first section that sends
    is the camera, the second section that sends is the screen, and sections that only receive are slots. A rejected section that
    sends also counts, so that a screen can be offered without a camera.
    """
    kinds = [part.kind for part in parts]
    ranks = [ORDER.index(kind) if kind in ORDER else len(ORDER) for kind in kinds]
    if len(ORDER) in ranks or ranks != sorted(ranks) or kinds.count("audio") > 1 or kinds.count("application") > 1:
        raise SdpError("sections", "expected at most one audio section, then video, then at most one application section")
    videos = kinds.count("video")
    if videos > PICTURES + MOST_SLOTS:
        raise SdpError("sections", f"expected at most {len(ROLES)} media sections, got {len(parts)}")
    by_place, pictures, slots, roles = videos in (PICTURES + SLOTS, PICTURES + MOST_SLOTS), 0, 0, []
    for part in parts:
        role = {"audio": "audio", "application": "data"}.get(part.kind, "")
        if part.kind == "video":
            sends = pictures < PICTURES if by_place else part.direction.startswith("send")
            if sends and (pictures == PICTURES or (slots and not by_place)):
                raise SdpError("sections", "at most two video sections may send, and they come before those that only receive")
            role = ("camera", "screen")[pictures] if sends else f"slot{slots}"
            pictures, slots = pictures + sends, slots + (not sends and not part.rejected)
        roles.append("" if part.rejected else role)
    if slots > MOST_SLOTS:
        raise SdpError("sections", f"at most {MOST_SLOTS} video sections may receive")
    if not any(roles):
        raise SdpError("sections", "no media section is offered with a port")
    return roles


def _check_apart(sections: list[Section]) -> None:
    """Refuse an offer if packets of camera and screen, or of two simulcast layers, could not be told apart."""
    unnamed = [each.payload_type for each in sections if each.role in DIRECTIONS and not each.says_which]
    if len(set(unnamed)) != len(unnamed):
        sentence = "camera and screen cannot be told apart: offer the MID header extension, a=ssrc, or other payload types"
        raise SdpError("apart", sentence)
    if any(each.rids and RID_URI not in each.extensions for each in sections):
        raise SdpError("apart", "layers cannot be told apart: offer the RID header extension")


def answer(offer: Offer, local: Local) -> str:
    """Return the answer to `offer`. In it, we are ICE-lite and DTLS server.

    All accepted sections are in one bundle, with our candidates.
    """
    mids = [offer.tag, *(section.mid for section in offer.sections if section.role and section.mid != offer.tag)]
    lines = [
        "v=0",
        f"o=- {local.session} 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=msid-semantic: WMS *",
    ]
    for section in offer.sections:
        if not section.role:
            lines += section.refused_as
            lines += [f"a=mid:{section.mid}"] if section.mid else []
            continue
        lines += _data_section(section) if section.role == "data" else _media_section(section, local)
        lines += [
            f"a=mid:{section.mid}",
            f"a=ice-ufrag:{local.ufrag}",
            f"a=ice-pwd:{local.password}",
            f"a=fingerprint:sha-256 {local.fingerprint}",
            "a=setup:passive",
            *_candidates(local.candidates),
        ]
    return "\r\n".join(lines) + "\r\n"


def _lines(text: str) -> list[tuple[str, str]]:
    if len(text) > MAX_BYTES:
        raise SdpError("size", f"longer than {MAX_BYTES} bytes")
    raw = text.replace("\r\n", "\n").split("\n")
    if len(raw) > MAX_LINES or any(len(line) > MAX_LINE_BYTES for line in raw):
        raise SdpError("size", "too many lines, or one too long")
    lines = []
    for line in raw:
        if not line:
            continue
        if len(line) < 2 or line[1] != "=":
            raise SdpError("syntax", "a line is not `key=value`")
        lines.append((line[0], line[2:].strip()))
    if not lines or lines[0] != ("v", "0"):
        raise SdpError("syntax", "does not start with v=0")
    return lines


def _attributes(lines: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in lines:
        if key == "a":
            name, _, rest = value.partition(":")
            found.setdefault(name, []).append(rest.strip())
    return found


def _one(name: str, section: dict[str, list[str]], shared: dict[str, list[str]]) -> str:
    values = section.get(name) or shared.get(name)
    if not values:
        raise SdpError("missing", f"a={name} is missing")
    return values[0]


def _number(text: str, low: int, high: int, what: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 12 or not low <= int(text) <= high:
        raise SdpError("number", f"bad {what}")
    return int(text)


def _section(role: str, part: _Part) -> Section:
    attributes, formats = part.attributes, part.media[3:]
    section = Section(role, part.kind, part.mid)
    if section.mid and not _TOKEN.fullmatch(section.mid):
        raise SdpError("mid", "bad mid")
    if not role:
        protocol, first = (text if _PROTOCOL.fullmatch(text) else "-" for text in part.media[2:4])
        section.refused_as = [f"m={part.kind} 0 {protocol} {first}", "c=IN IP4 0.0.0.0", "a=inactive"]
        # Pion (a WebRTC library) looks up the format even of a refused section, and rejects an answer that does not name it.
        names = [each for each in attributes.get("rtpmap", []) if each.partition(" ")[0] == first and _RTPMAP.fullmatch(each)]
        section.refused_as += [f"a=rtpmap:{each}" for each in names[:1]]
        return section
    if not section.mid:
        raise SdpError("mid", f"bad or missing mid for {role}")
    if role == "data":
        return section
    section.protocol = part.media[2]
    if not _RTP_PROTOCOL.fullmatch(section.protocol):
        raise SdpError("protocol", "sound and pictures need UDP/TLS/RTP/SAVPF")
    section.direction = part.direction
    allowed = DIRECTIONS.get(role, SLOT_DIRECTIONS if role.startswith("slot") else (section.direction,))
    if section.direction not in allowed:
        raise SdpError("direction", f"{role} must be {allowed[0]}")
    if "rtcp-mux" not in attributes:
        raise SdpError("rtcp_mux", "rtcp-mux is needed")
    section.reduced = "rtcp-rsize" in attributes
    section.payload_type = _payload_type(part.kind, formats, attributes)
    section.feedback = _feedback(section.payload_type, attributes)
    section.extensions = _extensions(part.kind, attributes)
    section.repairs = _repairs(attributes)
    section.ssrcs = _ssrcs(attributes, section.repairs)
    if part.kind == "video":
        section.rtx = _rtx(section.payload_type, formats, attributes)
    else:
        section.red = _red(section.payload_type, formats, attributes)
    if role == "camera":
        section.rids = _rids(attributes)
    return section


def _payload_type(kind: str, formats: list[str], attributes: dict[str, list[str]]) -> int:
    name, clock = CODECS[kind]
    for value in attributes.get("rtpmap", []):
        number, _, encoding = value.partition(" ")
        parts = encoding.lower().split("/")
        if parts[0] == name and len(parts) >= 2 and parts[1] == str(clock) and number in formats:
            return _number(number, 0, 127, "payload type")
    raise SdpError("codec", f"{name} is not offered")


def _feedback(payload_type: int, attributes: dict[str, list[str]]) -> set[str]:
    found = set()
    for value in attributes.get("rtcp-fb", []):
        number, _, name = value.partition(" ")
        if number in (str(payload_type), "*"):
            found.add(name.strip())
    return found


def _rtx(payload_type: int, formats: list[str], attributes: dict[str, list[str]]) -> int:
    """Return the payload type of `rtx` (RFC 4588 section 8.6: `a=fmtp:97 apt=96`), or -1."""
    return _about("rtx/90000", f"apt={payload_type}", ";", formats, attributes)


def _red(payload_type: int, formats: list[str], attributes: dict[str, list[str]]) -> int:
    """Return the payload type of `red` (RFC 2198 section 5: `a=fmtp:63 111/111`, one number per payload in a packet), or -1."""
    found = _about("red/48000/2", str(payload_type), "/", formats, attributes)
    return found or -1  # a payload type 0 counts as no RED, because in the fast path 0 means "no RED"


def _about(encoding: str, parameter: str, separator: str, formats: list[str], attributes: dict[str, list[str]]) -> int:
    """Return the payload type of `encoding` whose fmtp refers to another format by `parameter`. -1: there is none."""
    kinds = {number: rest.strip().lower() for number, _, rest in (value.partition(" ") for value in attributes.get("rtpmap", []))}
    for value in attributes.get("fmtp", []):
        number, _, parameters = value.partition(" ")
        wanted = parameter in parameters.replace(" ", "").split(separator)
        if wanted and number in formats and kinds.get(number) == encoding:
            return _number(number, 0, 127, "payload type")
    return -1


def _rids(attributes: dict[str, list[str]]) -> list[str]:
    """Return the first `MAX_LAYERS` layers of `a=simulcast:send l;m;h` (RFC 8853) that have an `a=rid:… send`.

    Return an empty list if there is only one such layer, because one layer is no simulcast.
    """
    declared = {value.split()[0] for value in attributes.get("rid", []) if value.split()[1:2] == ["send"]}
    for value in attributes.get("simulcast", [])[:1]:
        words = value.split()
        for direction, streams in zip(words[::2], words[1::2], strict=False):
            names = [each.split(",")[0].lstrip("~") for each in streams.split(";")] if direction == "send" else []
            found = [name for name in dict.fromkeys(names) if name in declared and _RID.fullmatch(name)]
            if len(found) > 1:
                return found[:MAX_LAYERS]
    return []


def _extensions(kind: str, attributes: dict[str, list[str]]) -> dict[str, int]:
    found = {}
    for value in attributes.get("extmap", []):
        number, _, rest = value.partition(" ")
        uri = rest.split(" ")[0]
        if uri in EXTENSIONS[kind]:
            found[uri] = _number(number.partition("/")[0], 1, 255, "extension id")
    return found


def _repairs(attributes: dict[str, list[str]]) -> dict[int, int]:
    """Return SSRC of retransmissions → SSRC of the stream. A FID group names the stream first (RFC 5888, RFC 4588)."""
    pairs = [value.split()[1:3] for value in attributes.get("ssrc-group", [])[:8] if value.startswith("FID ")]
    return {_ssrc(pair[1]): _ssrc(pair[0]) for pair in pairs if len(pair) == 2}


def _ssrcs(attributes: dict[str, list[str]], repairs: dict[int, int]) -> list[int]:
    names = dict.fromkeys(_ssrc(value.partition(" ")[0]) for value in attributes.get("ssrc", []))
    return [name for name in names if name not in repairs][:8]


def _ssrc(text: str) -> int:
    return _number(text, 0, 0xFFFFFFFF, "SSRC")


def _tag(shared: dict[str, list[str]], mids: list[str]) -> str:
    """Return the first accepted mid of the bundle that contains all accepted sections."""
    groups = [value.split()[1:] for value in shared.get("group", []) if value.startswith("BUNDLE")]
    for group in groups:
        if set(mids) <= set(group):
            return next(mid for mid in group if mid in mids)
    raise SdpError("bundle", "all media sections must be in one bundle")


def _fingerprints(first: dict[str, list[str]], shared: dict[str, list[str]]) -> list[tuple[str, str]]:
    found = []
    for value in (first.get("fingerprint") or shared.get("fingerprint") or [])[:4]:
        algorithm, _, digest = value.partition(" ")
        size = DIGESTS.get(algorithm.lower())
        if size and re.fullmatch(rf"(?:[0-9A-Fa-f]{{2}}:){{{size - 1}}}[0-9A-Fa-f]{{2}}", digest):
            found.append((algorithm.lower(), digest.upper()))
    if not found:
        raise SdpError("fingerprint", "no usable fingerprint")
    return found


def _max_message(attributes: dict[str, list[str]]) -> int:
    return _number(attributes.get("max-message-size", ["65536"])[0], 0, 0xFFFFFFFFFF, "max-message-size")


def _data_section(section: Section) -> list[str]:
    return [
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=sctp-port:5000",
        "a=max-message-size:262144",
    ]


def _media_section(section: Section, local: Local) -> list[str]:
    number = section.payload_type
    ours = our_direction(section)
    formats = " ".join(str(each) for each in (number, section.rtx, section.red) if each >= 0)
    lines = [f"m={section.kind} 9 {section.protocol} {formats}", "c=IN IP4 0.0.0.0", f"a={ours}", "a=rtcp-mux"]
    lines += ["a=rtcp-rsize"] if section.reduced else []
    if section.kind == "audio":
        lines += [f"a=rtpmap:{number} opus/48000/2", f"a=fmtp:{number} minptime=10;useinbandfec=1"]
        lines += [f"a=rtcp-fb:{number} nack"] if "nack" in section.feedback else []
        if section.red >= 0:
            lines += [f"a=rtpmap:{section.red} red/48000/2", f"a=fmtp:{section.red} {number}/{number}"]
    else:
        lines.append(f"a=rtpmap:{number} VP8/90000")
        usable = FEEDBACK[:3] if section.transport_cc else (*FEEDBACK[:2], "goog-remb")
        lines += [f"a=rtcp-fb:{number} {name}" for name in usable if name in section.feedback]
        if section.rtx >= 0:
            lines += [f"a=rtpmap:{section.rtx} rtx/90000", f"a=fmtp:{section.rtx} apt={number}"]
    lines += [f"a=extmap:{identifier} {uri}" for uri, identifier in section.extensions.items()]
    if section.rids:
        lines += [f"a=rid:{name} recv" for name in section.rids] + [f"a=simulcast:recv {';'.join(section.rids)}"]
    if ours.startswith("send"):
        # Voice and first video share one MediaStream, because browsers keep lips and voice in step only within one MediaStream.
        stream = "sangdam" if section.role in ("audio", "slot0") else f"sangdam-{section.role}"
        ssrc = local.ssrcs[section.role]
        lines += [
            f"a=msid:{stream} {section.role}",
            f"a=ssrc:{ssrc} cname:sangdam",
            f"a=ssrc:{ssrc} msid:{stream} {section.role}",
        ]
        repair = local.repairs.get(section.role)
        if repair is not None:
            lines += [f"a=ssrc-group:FID {ssrc} {repair}", f"a=ssrc:{repair} cname:sangdam"]
    return lines


def our_direction(section: Section) -> str:
    """Return the direction of this section in our answer.

    We receive cameras and screens, and send videos for slots. For audio, our direction mirrors the offered one.
    """
    if section.role in ("camera", "screen"):
        return "recvonly"
    if section.role.startswith("slot"):
        return "sendonly"
    return {"sendonly": "recvonly", "recvonly": "sendonly"}.get(section.direction, section.direction)


def _candidates(candidates: Sequence[tuple[str, int]]) -> list[str]:
    """Return host candidates, the first with the highest priority (RFC 8445 section 5.1.2.1)."""
    lines = []
    for index, (address, port) in enumerate(candidates):
        priority = (126 << 24) | ((65535 - index) << 8) | 255
        lines.append(f"a=candidate:{index + 1} 1 udp {priority} {address} {port} typ host")
    return [*lines, "a=end-of-candidates"]
