"""Metrics for Prometheus of what media workers measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client.metrics_core import Metric

from media.api.wire import WorkerStats

from .metric_families import counter, gauge, histogram

Figure = Callable[[WorkerStats], float]
Divided = Callable[[WorkerStats], Mapping[str, int]]


def families(stats: Mapping[str, WorkerStats | None]) -> Iterator[Metric]:
    """Yield all metrics of the workers. `stats`: worker → what it measured, or None for a worker that did not answer in time."""
    yield gauge(
        "sangdam_media_up", "1: the worker answers", ("worker",), {(name,): int(told is not None) for name, told in stats.items()}
    )
    known = {worker: told for worker, told in stats.items() if told is not None}
    for build, name, what, figure in _PLAIN:
        yield build(name, what, ("worker",), {(worker,): figure(told) for worker, told in known.items()})
    for name, what, label, counts in _DIVIDED:
        found = {(worker, key): count for worker, told in known.items() for key, count in counts(told).items()}
        yield counter(name, what, ("worker", label), found)
    yield from _streams(known)
    for name, what, spread, factor in _SPREADS:
        yield histogram(name, what, {worker: told.spreads[spread] for worker, told in known.items()}, factor)


def _audio(name: str) -> Figure:
    return lambda told: told.audio.get(name, 0)


def _starting(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in counts.items() if name.startswith(prefix)}


_PLAIN: tuple[tuple[Callable[..., Metric], str, str, Figure], ...] = (
    (gauge, "sangdam_media_rooms", "Rooms", lambda told: told.rooms),
    (gauge, "sangdam_media_peers", "Connections", lambda told: told.peers),
    (gauge, "sangdam_media_resident_memory_bytes", "Resident memory", lambda told: told.memory_bytes),
    (gauge, "sangdam_media_tasks", "Tasks of the event loop", lambda told: told.tasks),
    (gauge, "sangdam_media_open_fds", "Open files and sockets", lambda told: told.descriptors),
    (counter, "sangdam_media_cpu_seconds", "User and system CPU time", lambda told: told.processor_s),
    (
        counter,
        "sangdam_media_fast_path_datagrams",
        "Datagrams that the fast path forwarded; the direction `in` counts them, too",
        lambda told: told.packets_fast,
    ),
    (
        counter,
        "sangdam_media_failed_ticks",
        "Ticks of the mixer that raised an exception",
        lambda told: told.drops.get("tick_failed", 0),
    ),
    (counter, "sangdam_media_encodes", "Frames that the mixer encoded", _audio("encodes")),
    (counter, "sangdam_media_encodes_saved", "Encodes avoided because listeners share one", _audio("encodes_saved")),
    (counter, "sangdam_media_shortened_frames", "Frames shortened to empty a jitter buffer", _audio("shortened")),
)
_FRAMES = {"decodes": "decoded", "fec_used": "fec", "concealed": "concealed", "skipped_quiet": "quiet", "passed_on": "forwarded"}
_BOARD_MESSAGES = {"step1": "state_vector", "updates": "update", "signs": "presence"}
_DIVIDED: tuple[tuple[str, str, str, Divided], ...] = (
    (
        "sangdam_media_datagrams",
        "Datagrams on the sockets",
        "direction",
        lambda told: {"in": told.packets_in, "out": told.packets_out},
    ),
    (
        "sangdam_media_drops",
        "Packets and messages dropped before a room saw them",
        "reason",
        lambda told: {reason: count for reason, count in told.drops.items() if reason != "tick_failed"},
    ),
    (
        "sangdam_media_voice_frames",
        "Frames of voices taken from the jitter buffers, by how the mixer got their sound",
        "origin",
        lambda told: {origin: told.audio.get(name, 0) for name, origin in _FRAMES.items()},
    ),
    (
        "sangdam_media_voice_drops",
        "Packets of voices that the mixer dropped",
        "reason",
        lambda told: _starting(told.audio, "dropped_"),
    ),
    (
        "sangdam_media_board_messages",
        "Messages of boards that were taken",
        "kind",
        lambda told: {kind: told.board.get(name, 0) for name, kind in _BOARD_MESSAGES.items()},
    ),
    (
        "sangdam_media_board_refusals",
        "Messages of boards that were refused",
        "reason",
        lambda told: _starting(told.board, "refused_"),
    ),
)
_SPREADS = (
    ("sangdam_media_tick_late_seconds", "How late the mixer's tick came", "tick_late_ms", 0.001),
    ("sangdam_media_round_trip_seconds", "Round trip, by reports of receivers", "rtt_ms", 0.001),
    ("sangdam_media_up_loss_ratio", "Loss of each stream that came, each second", "up_loss_percent", 0.01),
    ("sangdam_media_up_jitter_seconds", "Jitter of each stream that came, each second", "up_jitter_ms", 0.001),
    ("sangdam_media_down_loss_ratio", "Loss, by reports of receivers", "down_loss_percent", 0.01),
    ("sangdam_media_down_jitter_seconds", "Jitter, by reports of receivers", "down_jitter_ms", 0.001),
)
_TRAFFIC = (
    ("packets", "packets", "Packets of voices and pictures"),
    ("octets", "bytes", "Bytes of voices and pictures"),
    ("lost", "lost_packets", "Packets of voices and pictures that were lost"),
    ("restored", "restored_packets", "Packets of voices restored from a later packet (RED) or on request"),
)


def _streams(known: Mapping[str, WorkerStats]) -> Iterator[Metric]:
    """Yield metrics of the traffic, which is counted after decryption.

    The keys of `WorkerStats.traffic` are up_audio_packets, down_video_octets, up_audio_lost, ….
    """
    for ending, name, what in _TRAFFIC:
        found: dict[tuple[Any, ...], int] = {
            (worker, *key.split("_")[:2]): count
            for worker, told in known.items()
            for key, count in told.traffic.items()
            if key.endswith("_" + ending)
        }
        yield counter(f"sangdam_media_stream_{name}", what, ("worker", "direction", "kind"), found)
