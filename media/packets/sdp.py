"""Offers in, answers out: the fixed shape of m-lines that every client offers (docs/protocol.md), pure.

Payload types and header extension ids differ from browser to browser (and, in Firefox, from section to section), so they are
kept for each section of each peer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_BYTES = 64 * 1024
MAX_LINES = 2000
MAX_LINE_BYTES = 2048
MAX_SECTIONS = 7 + 1
SLOTS = 4

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TRANSPORT_CC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID_URI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
EXTENSIONS = {"audio": (MID_URI, LEVEL_URI), "video": (MID_URI, TRANSPORT_CC_URI, RID_URI, REPAIRED_RID_URI)}
FEEDBACK = ("nack", "nack pli", "transport-cc", "goog-remb")
MAX_LAYERS = 3
ROLES = ("audio", "camera", "screen", "slot0", "slot1", "slot2", "slot3", "data")
KINDS = {"audio": "audio", "data": "application"}
DIRECTIONS = {"camera": ("sendonly", "sendrecv"), "screen": ("sendonly", "sendrecv")}
SLOT_DIRECTIONS = ("recvonly", "sendrecv")
CODECS = {"audio": ("opus", 48000), "video": ("vp8", 90000)}
DIGESTS = {"sha-256": 32, "sha-384": 48, "sha-512": 64}

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,32}")
_RID = re.compile(r"[A-Za-z0-9]{1,16}")
_ICE_TEXT = re.compile(r"[A-Za-z0-9+/=_-]{4,256}")  # `=`, `_` and `-`: not in the grammar, but seen


class SdpError(Exception):
    """An offer that cannot be answered; the text says why in one sentence, without quoting the offer."""


@dataclass
class Section:
    """One m-line. `payload_type` is that of Opus or VP8, `rtx` that of VP8's retransmissions, `red` that of Opus with the packet
    before it, RFC 2198 (-1: none); `extensions` maps URI → id; `rids`: layers that are sent, from low to high; `repairs`: SSRC of
    retransmissions → SSRC of what they repeat."""

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

    @property
    def transport_cc(self) -> int:
        """Id of the transport-wide number if both the number and its feedback are offered; otherwise 0."""
        identifier = self.extensions.get(TRANSPORT_CC_URI, 0)
        return identifier if "transport-cc" in self.feedback and identifier < 15 else 0


@dataclass
class Offer:
    """What we need of an offer; `sections` in the order of `ROLES`."""

    ufrag: str
    password: str
    fingerprints: list[tuple[str, str]]
    max_message_bytes: int
    sections: list[Section]


@dataclass(frozen=True)
class Local:
    """Our side of an answer.

    `ssrcs`: role → SSRC of our stream; `repairs`: role → SSRC of its retransmissions; `candidates`: (address, port), best first.
    """

    ufrag: str
    password: str
    fingerprint: str
    candidates: Sequence[tuple[str, int]]
    ssrcs: dict[str, int]
    session: int
    repairs: dict[str, int] = field(default_factory=dict)


def parse(text: str) -> Offer:
    """Raises `SdpError`, and nothing else, on anything but an offer of our shape."""
    lines = _lines(text)
    starts = [index for index, (key, _) in enumerate(lines) if key == "m"]
    if len(starts) != len(ROLES):
        raise SdpError(f"expected {len(ROLES)} media sections, got {len(starts)}")
    shared = _attributes(lines[: starts[0]])
    bounds = [*starts, len(lines)]
    parts = [lines[bounds[index] : bounds[index + 1]] for index in range(len(starts))]
    attributes = [_attributes(part[1:]) for part in parts]
    sections = [_section(role, part[0][1], each) for role, part, each in zip(ROLES, parts, attributes, strict=True)]
    mids = [section.mid for section in sections]
    if len(set(mids)) != len(mids):
        raise SdpError("two media sections have one mid")
    _check_bundle(shared, mids)
    first = attributes[0]
    ufrag, password = _one("ice-ufrag", first, shared), _one("ice-pwd", first, shared)
    if not _ICE_TEXT.fullmatch(ufrag) or not _ICE_TEXT.fullmatch(password) or len(password) < 22:
        raise SdpError("bad ICE credentials")
    if _one("setup", first, shared) not in ("actpass", "active"):
        raise SdpError("the offerer must be able to be the DTLS client")
    return Offer(ufrag, password, _fingerprints(first, shared), _max_message(attributes[-1]), sections)


def answer(offer: Offer, local: Local) -> str:
    """The answer to `offer`: ICE-lite, passive, everything in one bundle, host candidates in the first section."""
    mids = " ".join(section.mid for section in offer.sections)
    lines = [
        "v=0",
        f"o=- {local.session} 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {mids}",
        "a=msid-semantic: WMS *",
    ]
    for section in offer.sections:
        lines += _data_section(section) if section.role == "data" else _media_section(section, local)
        lines += [
            f"a=mid:{section.mid}",
            f"a=ice-ufrag:{local.ufrag}",
            f"a=ice-pwd:{local.password}",
            f"a=fingerprint:sha-256 {local.fingerprint}",
            "a=setup:passive",
        ]
        if section.role == "audio":
            lines += _candidates(local.candidates)
    return "\r\n".join(lines) + "\r\n"


def _lines(text: str) -> list[tuple[str, str]]:
    if len(text) > MAX_BYTES:
        raise SdpError(f"longer than {MAX_BYTES} bytes")
    raw = text.replace("\r\n", "\n").split("\n")
    if len(raw) > MAX_LINES or any(len(line) > MAX_LINE_BYTES for line in raw):
        raise SdpError("too many lines, or one too long")
    lines = []
    for line in raw:
        if not line:
            continue
        if len(line) < 2 or line[1] != "=":
            raise SdpError("a line is not `key=value`")
        lines.append((line[0], line[2:].strip()))
    if not lines or lines[0] != ("v", "0"):
        raise SdpError("does not start with v=0")
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
        raise SdpError(f"a={name} is missing")
    return values[0]


def _number(text: str, low: int, high: int, what: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 12 or not low <= int(text) <= high:
        raise SdpError(f"bad {what}")
    return int(text)


def _section(role: str, media: str, attributes: dict[str, list[str]]) -> Section:
    parts = media.split()
    kind = KINDS.get(role, "video")
    if len(parts) < 4 or parts[0] != kind:
        raise SdpError(f"expected {kind} for {role}")
    mid = attributes.get("mid", [""])[0]
    if not _TOKEN.fullmatch(mid):
        raise SdpError(f"bad or missing mid for {role}")
    section = Section(role, kind, mid)
    if role == "data":
        return section
    section.direction = next(
        (name for name in ("sendrecv", "sendonly", "recvonly", "inactive") if name in attributes), "sendrecv"
    )
    allowed = DIRECTIONS.get(role, SLOT_DIRECTIONS if role.startswith("slot") else (section.direction,))
    if section.direction not in allowed:
        raise SdpError(f"{role} must be {allowed[0]}")
    if "rtcp-mux" not in attributes:
        raise SdpError("rtcp-mux is needed")
    section.payload_type = _payload_type(kind, parts[3:], attributes)
    section.feedback = _feedback(section.payload_type, attributes)
    section.extensions = _extensions(kind, attributes)
    section.repairs = _repairs(attributes)
    section.ssrcs = _ssrcs(attributes, section.repairs)
    if kind == "video":
        section.rtx = _rtx(section.payload_type, parts[3:], attributes)
    else:
        section.red = _red(section.payload_type, parts[3:], attributes)
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
    raise SdpError(f"{name} is not offered")


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
    """Return the payload type of `red` (RFC 2198 section 5: `a=fmtp:63 111/111`, one number per piece in a packet), or -1."""
    found = _about("red/48000/2", str(payload_type), "/", formats, attributes)
    return found or -1  # 0 means none in the fast path


def _about(encoding: str, parameter: str, separator: str, formats: list[str], attributes: dict[str, list[str]]) -> int:
    """Return the payload type of `encoding` whose fmtp refers to another format by `parameter`; -1: none."""
    kinds = {number: rest.strip().lower() for number, _, rest in (value.partition(" ") for value in attributes.get("rtpmap", []))}
    for value in attributes.get("fmtp", []):
        number, _, parameters = value.partition(" ")
        wanted = parameter in parameters.replace(" ", "").split(separator)
        if wanted and number in formats and kinds.get(number) == encoding:
            return _number(number, 0, 127, "payload type")
    return -1


def _rids(attributes: dict[str, list[str]]) -> list[str]:
    """Return the layers of `a=simulcast:send l;m;h` (RFC 8853) that have an `a=rid:… send`.

    Return none if there is only one: that is no simulcast.
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
    """Return SSRC of retransmissions → SSRC of the stream: a FID group names the stream first (RFC 5888, RFC 4588)."""
    pairs = [value.split()[1:3] for value in attributes.get("ssrc-group", [])[:8] if value.startswith("FID ")]
    return {_ssrc(pair[1]): _ssrc(pair[0]) for pair in pairs if len(pair) == 2}


def _ssrcs(attributes: dict[str, list[str]], repairs: dict[int, int]) -> list[int]:
    names = dict.fromkeys(_ssrc(value.partition(" ")[0]) for value in attributes.get("ssrc", []))
    return [name for name in names if name not in repairs][:8]


def _ssrc(text: str) -> int:
    return _number(text, 0, 0xFFFFFFFF, "SSRC")


def _check_bundle(shared: dict[str, list[str]], mids: list[str]) -> None:
    groups = [value.split()[1:] for value in shared.get("group", []) if value.startswith("BUNDLE")]
    if not any(set(mids) <= set(group) for group in groups):
        raise SdpError("all media sections must be in one bundle")


def _fingerprints(first: dict[str, list[str]], shared: dict[str, list[str]]) -> list[tuple[str, str]]:
    found = []
    for value in (first.get("fingerprint") or shared.get("fingerprint") or [])[:4]:
        algorithm, _, digest = value.partition(" ")
        size = DIGESTS.get(algorithm.lower())
        if size and re.fullmatch(rf"(?:[0-9A-Fa-f]{{2}}:){{{size - 1}}}[0-9A-Fa-f]{{2}}", digest):
            found.append((algorithm.lower(), digest.upper()))
    if not found:
        raise SdpError("no usable fingerprint")
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
    lines = [f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {formats}", "c=IN IP4 0.0.0.0", f"a={ours}", "a=rtcp-mux", "a=rtcp-rsize"]
    if section.kind == "audio":
        lines += [f"a=rtpmap:{number} opus/48000/2", f"a=fmtp:{number} minptime=10;useinbandfec=1"]
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
        # Voice and first video share one stream: browsers keep lips and voice in step within a stream.
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
    """Return our direction: we receive cameras and screens and send slots; audio mirrors the offer."""
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
