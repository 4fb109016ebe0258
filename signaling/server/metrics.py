"""`GET /metrics` in Prometheus' form, on an address of its own (`--metrics`): what this server does, and its media workers.

Whoever reaches that address reads it without a password, hence it is off unless asked for and belongs on a private network. No
label holds a name, an id or a word of anybody: queues are named by what the operator has set up, workers by their place.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeVar

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from media.api import wire as media
from media.api.client import WorkerClient, WorkerError
from signaling.cluster.node import state_of
from signaling.live.house import House
from signaling.server import app_keys
from signaling.server.forwarding import RELAY

log = structlog.get_logger(__name__)

WORKERS_S = 2.0  # what has not answered by then is left out, and said to be
KINDS = ("user", "callback", "help", "transfer")
MOST_QUEUES = 200  # those with the most people; the rest are added up

Stats = Mapping[str, media.WorkerStats | None]
Of = Callable[[media.WorkerStats], Any]
K = TypeVar("K", bound=tuple[str, ...])


def metrics_app(app: web.Application) -> web.Application:
    """Beside `app`, which it tells about."""

    async def metrics(request: web.Request) -> web.Response:
        snapshot = CollectorRegistry(auto_describe=False)
        snapshot.register(_Families([*_of_server(app), *_of_workers(await _stats(app))]))
        text = generate_latest(app[app_keys.LIVE].house.meters.registry) + generate_latest(snapshot)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    beside = web.Application()
    beside.router.add_get("/metrics", metrics)
    return beside


@dataclass(eq=False)
class _Families(Collector):
    families: list[Metric]

    def collect(self) -> Iterator[Metric]:
        return iter(self.families)


async def _stats(app: web.Application) -> Stats:
    async def asked(client: WorkerClient) -> media.WorkerStats | None:
        try:
            async with asyncio.timeout(WORKERS_S):
                return await client.stats()
        except (WorkerError, TimeoutError):
            return None

    workers = app[app_keys.LIVE].house.workers.usable()
    answers = await asyncio.gather(*(asked(worker.client) for worker in workers))
    return dict(zip((worker.place for worker in workers), answers, strict=True))


# --- the server ----------------------------------------------------------------------------------------------------------


def _of_server(app: web.Application) -> Iterator[Metric]:
    house, node = app[app_keys.LIVE].house, app.get(app_keys.NODE)
    yield _gauge("sangdam_info", "Always 1", ("version",), {(version("sangdam"),): 1})
    yield _gauge("sangdam_deciding", "1: this server decides", (), {(): int(node is None or state_of(node) == "deciding")})
    sessions = Counter((entry.session.state,) for entry in house.entries.values())
    yield _gauge("sangdam_sessions", "Sessions by state", ("state",), sessions)
    yield from _waiting(house)
    staff = Counter((item.role, item.state) for item in app[app_keys.LIVE].staffing.items())
    yield _gauge("sangdam_staff", "Staff by role and state", ("role", "state"), staff)
    people = Counter({("staff",): 0, ("user",): 0})
    people.update(("staff" if client.staff else "user",) for client in house.hub.clients)
    if RELAY in app:
        people["passed_on",] = len(app[RELAY].sockets)
    yield _gauge("sangdam_websockets", "Connections of browsers", ("kind",), people)
    yield _gauge(
        "sangdam_workers", "Media workers by state", ("state",), Counter((item.state,) for item in house.workers.items())
    )
    yield _gauge("sangdam_tasks", "Tasks of the event loop", (), {(): len(asyncio.all_tasks())})
    yield _gauge("sangdam_writes_owed", "To the records, which are away", (), {(): len(house.owed)})
    yield _gauge("sangdam_board_updates_waiting", "For the records", (), {(): app[app_keys.LIVE].rooms.waiting_for_records})
    refused = {(reason,): count for reason, count in house.refused.items()}
    yield _counter("sangdam_refused", "What was refused, by reason", ("reason",), refused)


def _waiting(house: House) -> Iterator[Metric]:
    """Requests that nobody has accepted yet; callbacks once they are due."""
    in_line = [("user", entry) for entry in house.index.waiting.values()]
    in_line += [("callback", entry) for entry in house.index.callbacks.values() if entry.session.in_line()]
    found = [(kind, entry, entry.session.category, entry.session.enqueued_at) for kind, entry in in_line]
    for entry in house.index.running.values():
        asked = entry.session.open_help()
        if asked is not None and asked.state == "asking":
            category = asked.category or entry.session.category
            found.append(("transfer" if asked.transfer else "help", entry, category, asked.asked_at))
    queues = Counter((kind, entry.site.id, category, entry.session.language) for kind, entry, category, _ in found)
    yield _gauge("sangdam_waiting", "Who waits, by queue", ("kind", "site", "category", "language"), _most(queues))
    now, longest = house.now(), {(kind,): 0.0 for kind in KINDS}
    for kind, _, _, since in found:
        longest[kind,] = max(longest[kind,], (now - since) / 1000)
    yield _gauge("sangdam_longest_wait_seconds", "Of those who wait now", ("kind",), longest)


def _most(queues: Counter[tuple[str, str, str, str]]) -> Counter[tuple[str, str, str, str]]:
    kept = Counter(dict(queues.most_common(MOST_QUEUES)))
    for queue, count in queues.items():
        if queue not in kept:
            kept[queue[0], "other", "other", "other"] += count
    return kept


# --- its workers ---------------------------------------------------------------------------------------------------------


def _of_workers(stats: Stats) -> Iterator[Metric]:
    known = {worker: told for worker, told in stats.items() if told is not None}
    yield _gauge(
        "sangdam_media_up", "1: the worker answers", ("worker",), {(name,): int(told is not None) for name, told in stats.items()}
    )
    for name, what, figure in _WORKER_GAUGES:
        yield _gauge(name, what, ("worker",), {(worker,): figure(told) for worker, told in known.items()})
    for name, what, label, counts in _WORKER_COUNTS:
        found = {(worker, key): count for worker, told in known.items() for key, count in counts(told).items()}
        yield _counter(name, what, ("worker", label), found)
    busy = {(worker,): told.processor_s for worker, told in known.items()}
    yield _counter("sangdam_media_processor_seconds", "Time on a processor", ("worker",), busy)
    yield from _streams(known)
    for name, what, spread, factor in _WORKER_SPREADS:
        yield _histogram(name, what, {worker: told.spreads[spread] for worker, told in known.items()}, factor)


_WORKER_GAUGES: tuple[tuple[str, str, Of], ...] = (
    ("sangdam_media_rooms", "Rooms", lambda told: told.rooms),
    ("sangdam_media_peers", "Connections", lambda told: told.peers),
    ("sangdam_media_memory_bytes", "Resident memory", lambda told: told.memory_bytes),
    ("sangdam_media_tasks", "Tasks of the event loop", lambda told: told.tasks),
    ("sangdam_media_descriptors", "Open files and sockets", lambda told: told.descriptors),
)
_WORKER_COUNTS: tuple[tuple[str, str, str, Of], ...] = (
    (
        "sangdam_media_datagrams",
        "On the sockets",
        "direction",
        lambda told: {"in": told.packets_in, "out": told.packets_out, "fast": told.packets_fast},
    ),
    ("sangdam_media_drops", "Packets dropped, by reason", "reason", lambda told: told.drops | _dropped(told.audio)),
    ("sangdam_media_audio", "Steps of the mixer", "step", lambda told: _kept(told.audio)),
    ("sangdam_media_board", "Messages of boards", "step", lambda told: told.board),
)
_WORKER_SPREADS = (
    ("sangdam_media_tick_late_seconds", "How late the mixer's tick came", "tick_late_ms", 0.001),
    ("sangdam_media_round_trip_seconds", "By reports of receivers", "rtt_ms", 0.001),
    ("sangdam_media_up_loss_ratio", "Of each stream that came, by the second", "up_loss_percent", 0.01),
    ("sangdam_media_up_jitter_seconds", "Of each stream that came, by the second", "up_jitter_ms", 0.001),
    ("sangdam_media_down_loss_ratio", "By reports of receivers", "down_loss_percent", 0.01),
    ("sangdam_media_down_jitter_seconds", "By reports of receivers", "down_jitter_ms", 0.001),
)
_DROPPED = "dropped_"


def _dropped(audio: Mapping[str, int]) -> dict[str, int]:
    return {name.replace(_DROPPED, "audio_", 1): count for name, count in audio.items() if name.startswith(_DROPPED)}


def _kept(audio: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in audio.items() if not name.startswith(_DROPPED)}


def _streams(known: Mapping[str, media.WorkerStats]) -> Iterator[Metric]:
    """`traffic` holds up_audio_packets, down_video_octets, up_audio_lost, …"""
    for what, name in (
        ("packets", "packets"),
        ("octets", "bytes"),
        ("lost", "lost_packets"),
        ("restored", "restored_packets"),
    ):
        found = {
            (worker, *key.split("_")[:2]): count
            for worker, told in known.items()
            for key, count in told.traffic.items()
            if key.endswith("_" + what)
        }
        yield _counter(f"sangdam_media_stream_{name}", "Of voices and pictures", ("worker", "direction", "kind"), found)


# --- families ------------------------------------------------------------------------------------------------------------


def _gauge(name: str, what: str, labels: tuple[str, ...], values: Mapping[K, float]) -> Metric:
    family = GaugeMetricFamily(name, what, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _counter(name: str, what: str, labels: tuple[str, ...], values: Mapping[K, float]) -> Metric:
    family = CounterMetricFamily(name, what, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _histogram(name: str, what: str, spreads: Mapping[str, media.Spread], factor: float) -> Metric:
    """`factor`: from the spread's unit to that of the name."""
    family = HistogramMetricFamily(name, what, labels=("worker",))
    for worker, spread in sorted(spreads.items()):
        bounds = [f"{bound * factor:g}" for bound in spread.bounds] + ["+Inf"]
        total, buckets = 0, []
        for bound, count in zip(bounds, spread.counts, strict=True):
            total += count
            buckets.append((bound, total))
        family.add_metric((worker,), buckets, spread.sum * factor)
    return family
