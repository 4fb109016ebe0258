"""Fits the videos of one viewer to the viewer's bandwidth."""

from __future__ import annotations

from media.bandwidth import Layer, Limit
from media.peer.peer import Peer


def fit(viewer: Peer, shown: dict[int, tuple[Peer, str]], now: float) -> dict[int, Limit] | None:
    """Choose a simulcast layer for each video slot of the viewer. A slot is a video stream that the viewer receives.

    Return what the viewer's page must be told now: slot → "low" (the video is in a lower layer) or "paused". None: there is
    nothing to tell.

    `shown`: slot → (peer whose video the slot shows, "camera" | "screen"). Screens get bandwidth before cameras, because people
    read what is on a screen. Among equal videos, the slot with the lower number gets bandwidth first.
    """
    link = viewer.downlink
    path = link.estimate
    path.tick(now)
    pictures: dict[int, list[Layer]] = {}
    for slot in sorted(shown, key=lambda each: (shown[each][1] != "screen", each)):
        whose, role = shown[slot]
        layers = [Layer(stream.rid, bps) for stream in whose.layers(role) if (bps := stream.meter.bps(now)) > 0]
        if layers:
            pictures[slot] = layers
    choice = link.chooser.choose(pictures, path.bps if path.heard else None, now, congested=path.is_congested(now))
    for slot, layer in choice.layers.items():
        names = [each.name for each in pictures[slot]]
        former = viewer.slots[slot].layer
        lower = layer is None or (former in names and names.index(layer) < names.index(former))
        if layer != former:
            whose, role = shown[slot]
            # The fast path cannot wait for the keyframe that the new layer needs, so Python takes the video back.
            whose.recall_pictures(role)
        viewer.slots[slot].show(layer, at_once=lower)
    link.repeats.pictures_bps = sum(
        each.bps for slot, layer in choice.layers.items() for each in pictures[slot] if each.name == layer
    )
    return choice.limits
