"""`GET /metrics` in Prometheus' format, on a separate address (`--metrics`): metrics of this server and its media workers.

The endpoint needs no password. So it is off by default, and its address must be on a private network. No label contains a
person's name, a person's id, or a text that a person wrote. A queue is named by its configured site and category. A worker is
named by its number (`w0`), or by address and port.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric

from media.api.client import WorkerClient, WorkerError
from media.api.wire import WorkerStats
from signaling.cluster.node import state_of
from signaling.live import Live
from signaling.server import app_keys, worker_metrics
from signaling.server.forwarding import RELAY
from signaling.server.guarded import marks_served

from .metric_families import Families, counter, gauge

WORKERS_S = 2.0  # seconds in which a media worker must answer a scrape; `sangdam_media_up` is 0 for a worker that takes longer
KINDS = ("user", "callback", "help", "transfer")
WORKER_STATES = ("live", "spare", "draining", "dead")
WEBHOOKS = "webhook."  # prefix of the reasons in `COUNTS` that are about webhooks
WEBHOOK_OUTCOMES = ("sent", "failed", "not_stored", "disabled")
MOST_QUEUES = 200  # at most this many queues have labels of their own; the queues with the fewest people are added up as "other"


def metrics_app(app: web.Application) -> web.Application:
    """Return the application that serves the metrics of `app`."""

    async def metrics(request: web.Request) -> web.Response:
        snapshot = CollectorRegistry(auto_describe=False)
        stats, disks = await asyncio.gather(_stats(app), asyncio.to_thread(_disks, _folders(app)))
        snapshot.register(Families([*_of_server(app), *disks, *worker_metrics.families(stats)]))
        text = generate_latest(app[app_keys.LIVE].meters.registry) + generate_latest(snapshot)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    beside = web.Application(middlewares=[marks_served])
    beside.router.add_get("/metrics", metrics)
    return beside


async def _stats(app: web.Application) -> Mapping[str, WorkerStats | None]:
    async def asked(client: WorkerClient) -> WorkerStats | None:
        try:
            async with asyncio.timeout(WORKERS_S):
                return await client.stats()
        except (WorkerError, TimeoutError):
            return None

    workers = app[app_keys.LIVE].workers.usable()
    answers = await asyncio.gather(*(asked(worker.client) for worker in workers))
    return dict(zip((worker.place for worker in workers), answers, strict=True))


def _folders(app: web.Application) -> dict[str, Path]:
    settings = app[app_keys.SETTINGS]
    return {"data": settings.data_dir, "recordings": settings.recordings_dir, "files": settings.files_dir}


def _disks(folders: Mapping[str, Path]) -> list[Metric]:
    """Return the free space and the size of the disks on which the folders are. A folder that does not exist is left out."""
    free, size = {}, {}
    for name, folder in folders.items():
        with suppress(OSError):
            usage = shutil.disk_usage(folder)
            free[name,], size[name,] = usage.free, usage.total
    return [
        gauge("sangdam_disk_free_bytes", "Free for this service on the folder's file system", ("folder",), free),
        gauge("sangdam_disk_size_bytes", "Size of the folder's file system", ("folder",), size),
    ]


def _of_server(app: web.Application) -> Iterator[Metric]:
    live, node = app[app_keys.LIVE], app.get(app_keys.NODE)
    yield gauge("sangdam_build_info", "Always 1", ("version",), {(version("sangdam"),): 1})
    yield gauge(
        "sangdam_leader",
        "1: this server leads the cluster, or is alone",
        (),
        {(): int(node is None or state_of(node) == "leading")},
    )
    sessions = Counter((entry.session.state,) for entry in live.index.entries.values())
    yield gauge("sangdam_sessions", "Sessions by state", ("state",), sessions)
    yield from _waiting(live)
    staff = Counter((item.role, item.state) for item in live.staffing.items())
    yield gauge("sangdam_staff", "Staff by role and state", ("role", "state"), staff)
    people = Counter({("staff",): 0, ("user",): 0})
    people.update(("staff" if client.staff else "user",) for client in live.hub.clients)
    if RELAY in app:
        people["passed_on",] = len(app[RELAY].sockets)
    yield gauge("sangdam_websockets", "WebSockets of browsers", ("kind",), people)
    workers = Counter({(state,): 0 for state in WORKER_STATES})
    workers.update((item.state,) for item in live.workers.items())
    yield gauge("sangdam_workers", "Media workers by state", ("state",), workers)
    regions = {(worker.place, worker.region): 1 for worker in live.workers.usable()}
    yield gauge("sangdam_media_region", "Always 1", ("worker", "region"), regions)
    yield gauge("sangdam_tasks", "Tasks of the event loop", (), {(): len(asyncio.all_tasks())})
    yield gauge("sangdam_pending_writes", "Writes that wait until the records are available again", (), {(): len(live.owed)})
    yield gauge(
        "sangdam_board_updates_waiting",
        "Board updates not yet in the records",
        (),
        {(): live.rooms.waiting_for_records},
    )
    refused = {(reason,): count for reason, count in live.refused.items() if not reason.startswith(WEBHOOKS)}
    yield counter("sangdam_refused", "Requests, messages and connections refused", ("reason",), refused)
    webhooks = {(outcome,): live.refused[f"{WEBHOOKS}{outcome}"] for outcome in WEBHOOK_OUTCOMES}
    yield counter("sangdam_webhooks", "Tries to deliver events by webhooks", ("outcome",), webhooks)


def _waiting(live: Live) -> Iterator[Metric]:
    """Yield metrics of people who wait for staff: users, due callbacks, and counselors who ask for help or a transfer."""
    in_line = [("user", entry) for entry in live.index.waiting.values()]
    in_line += [("callback", entry) for entry in live.index.callbacks.values() if entry.session.in_line()]
    found = [(kind, entry, entry.session.category, entry.session.enqueued_at) for kind, entry in in_line]
    for entry in live.index.running.values():
        asked = entry.session.open_help()
        if asked is not None and asked.state == "asking":
            category = asked.category or entry.session.category
            found.append(("transfer" if asked.transfer else "help", entry, category, asked.asked_at))
    queues = Counter((kind, entry.site.id, category, entry.session.language) for kind, entry, category, _ in found)
    yield gauge("sangdam_waiting", "People who wait, by queue", ("kind", "site", "category", "language"), _most(queues))
    now, longest = live.now(), {(kind,): 0.0 for kind in KINDS}
    for kind, _, _, since in found:
        longest[kind,] = max(longest[kind,], (now - since) / 1000)
    yield gauge("sangdam_longest_wait_seconds", "Longest wait of those who wait now", ("kind",), longest)


def _most(queues: Counter[tuple[str, str, str, str]]) -> Counter[tuple[str, str, str, str]]:
    kept = Counter(dict(queues.most_common(MOST_QUEUES)))
    for queue, count in queues.items():
        if queue not in kept:
            kept[queue[0], "other", "other", "other"] += count
    return kept
