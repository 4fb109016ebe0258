"""Compute the quality of one peer's connection from the peer's streams, when the worker's statistics are requested."""

from __future__ import annotations

from collections.abc import Mapping

from media.api import wire
from media.peer.peer import Peer
from media.peer.quality import Figures
from media.peer.streams import ANY, Outgoing

PAUSED = "paused"


def of_peer(peer: Peer, shown: Mapping[int, tuple[str, str]], concealed: tuple[int, int], now: float) -> wire.PeerQuality:
    """Return the quality of the peer's sound and video.

    `shown`: slot → (participant whose video it shows, "camera" | "screen"). `concealed`: how many pieces of this peer's own
    sound the mixer has concealed, and how many it has played in all, concealed ones included.
    """
    quality, path = peer.quality, peer.ice.selected
    rtt_ms = quality.rtt_ms(now)
    return wire.PeerQuality(
        participant=peer.participant,
        state=peer.state,
        address=path.address[0] if path is not None else "",
        rtt_ms=None if rtt_ms is None else round(rtt_ms, 1),
        carries_bps=int(peer.downlink.estimate.bps) if peer.downlink.estimate.heard else None,
        concealed_percent=round(100 * concealed[0] / concealed[1], 2) if concealed[1] else None,
        up=[
            _told(stream.role, figures, layer=stream.rid)
            for stream in peer.incoming.values()
            if (figures := quality.up.get(stream.ssrc)) is not None and figures.bps
        ],
        down=_delivered(peer, shown),
    )


def _delivered(peer: Peer, shown: Mapping[int, tuple[str, str]]) -> list[wire.StreamQuality]:
    figures = peer.quality.down
    found = []
    voice = figures.get(peer.voice.ssrc)
    if voice is not None and voice.bps:
        found.append(_told("audio", voice))
    for index, (whose, kind) in sorted(shown.items()):
        slot = peer.slots[index]
        of_slot = figures.get(slot.ssrc, Figures())
        if of_slot.bps or slot.layer is None:
            found.append(_told(kind, of_slot, layer=_layer(slot), source=whose))
    return found


def _layer(slot: Outgoing) -> str:
    if slot.layer is None:
        return PAUSED
    return slot.source.rid if slot.source is not None else slot.layer if slot.layer != ANY else ""


def _told(kind: str, figures: Figures, *, layer: str = "", source: str = "") -> wire.StreamQuality:
    return wire.StreamQuality(
        kind=kind,
        bps=int(figures.bps),
        layer=layer,
        source=source,
        lost_percent=_rounded(figures.lost_percent),
        jitter_ms=_rounded(figures.jitter_ms),
    )


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 1)
