"""The promised limit of each row (a measured figure), as stated in docs/benchmarks.md."""

from __future__ import annotations

from typing import NamedTuple

from tests.bench.rows import Row

Rows = dict[str, Row]


class Aim(NamedTuple):
    """A promised limit. `worst`: the limit applies to every run, not only to the row's value, which is usually a median."""

    row: str
    title: str
    limit: float
    at_least: bool = False
    worst: bool = False

    def of(self, rows: Rows) -> float:
        return rows[self.row].max if self.worst else rows[self.row].value

    def used(self, rows: Rows) -> float:
        """Return how much of the limit the row's value uses: 1.0 is the whole limit, and less is better."""
        found = self.of(rows)
        return self.limit / found if self.at_least else found / self.limit


BESIDE_JANUS = [
    Aim("relay2_cpu_percent_per_room", "voice relayed, 20 rooms of 2", 0.4),
    Aim("relay2_60_cpu_percent_per_room", "voice relayed, 60 rooms of 2", 0.4),
    Aim("mix3_one_speaking_dtx_cpu_percent_per_room", "rooms of 3, one speaks, the others in DTX", 0.3),
    Aim("mix3_one_speaking_hush_cpu_percent_per_room", "… the others muted by hand", 0.3),
    Aim("mix3_one_speaking_noise_cpu_percent_per_room", "… the others beside a fan", 0.3),
    Aim("mix3_all_speaking_cpu_percent_per_room", "rooms of 3, all speak", 0.8),
    Aim("video_cpu_percent_per_mbps", "a camera, 720p, two see it", 0.6),
    Aim("video_by_one_cpu_percent_per_mbps", "… one sees it", 0.6),
    Aim("video_by_five_cpu_percent_per_mbps", "… five see it", 0.6),
    Aim("video_screen_cpu_percent_per_mbps", "a screen, two see it", 0.6),
]
"""Limits of a ratio: the processor time of Sangdam divided by the processor time of Janus for the same work."""

DERIVED = "mos_lost_by_the_line"
"""Name of a row that is not measured, but computed from two MOS rows.

The MOS rows come from the slowest part of the bench, which can be left out. The plot of all limits is drawn even without
the row `DERIVED`.
"""
AIMS = [
    Aim("accept_to_hearing_s", "Accept → both hear each other, s", 1),
    Aim("relay_latency_p50_ms", "added by the relay, median, ms", 1),
    Aim("relay_latency_p99_ms", "added by the relay, p99, ms", 5),
    Aim("relay2_60_rtpengine_ratio", "60 rooms of 2 relayed, processor time over rtpengine's", 1.0),
    Aim("mix_added_latency_ms", "added by the mix, ms", 25),
    Aim("matrix_change_ms", "who hears whom changes, longest, ms", 40, worst=True),
    Aim("voice_behind_keyframe_p95_ms", "a voice behind a keyframe for five viewers, p95, ms", 3),
    Aim("lipsync_ms", "voice apart from lips, most, ms", 100, worst=True),
    Aim(DERIVED, "lost by 10 % loss and 50 ms jitter, MOS", 1.0),
    Aim("worker_kill_audio_gap_s", "silence when a worker is killed, p95, s", 2),
    Aim("stroke_pen_to_paint_p95_ms", "pen → the other screen, p95, ms", 50),
    Aim("stroke_bytes_per_point", "a point of a stroke, bytes", 15),
    Aim("board_elements_at_60fps", "shapes on the board at 60 frames a second", 10_000, at_least=True),
    Aim("console_switch_p95_ms", "another conversation in the console, p95, ms", 50),
    Aim("console_open_5000_ms", "a conversation of 5,000 lines, longest, ms", 300, worst=True),
    Aim("cobrowse_change_to_seen_p95_ms", "a change on the user's page → the counselor's, p95, ms", 250),
    Aim("cobrowse_idle_cpu_percent", "the user's page at rest while it is seen, % of a core", 5),
    Aim("organisation_people_search_p95_ms", "search among 2,000 staff, p95, ms", 500),
    Aim("organisation_hours_seen_p95_s", "new hours → an open page, of 200 sites, p95, s", 2),
    Aim("organisation_command_seen_p95_s", "… by the command line, p95, s", 2),
    Aim("organisation_staff_seen_p95_s", "a change of a counselor → their console, p95, s", 2),
    Aim("organisation_preview_s", "a preview on 2,500 arrivals, longest, s", 3, worst=True),
    Aim("match_memory_per_s", "matches a second, in memory", 50_000, at_least=True),
    Aim("match_redis_per_s", "matches a second, by Redis", 5_000, at_least=True),
    Aim("match_redis_p99_ms", "a match by Redis, p99, ms", 10),
    Aim("match_cost_100k_over_1k", "100,000 waiting over 1,000, times", 1.5),
    Aim("wait_promise_kept_percent", "waits within what was told, %", 80, at_least=True),
    Aim("load_reconnect_all_s", "10,508 people back, s", 30),
    Aim("abuse_honest_wait_p99_s", "an honest user's wait while strangers do their worst, p99, s", 1),
    Aim("abuse_peak_rss_mib", "what the server holds then, MiB", 512),
    Aim("abuse_log_bytes_per_request", "what a stranger's request writes into the log, bytes", 300),
    Aim("caption_delay_p50_s", "the last word → its caption, median, s", 2),
    Aim("widget_gzip_bytes", "the launcher, bytes", 2048),
    Aim("call_page_gzip_bytes", "the call page, bytes", 60 * 1024),
    Aim("cobrowse_recorder_gzip_bytes", "the script that shows a page, bytes", 60 * 1024),
]


def with_derived(rows: Rows) -> Rows:
    """Return the rows and the row `DERIVED`, which is computed from two of them.

    If one of these two rows is missing, return `rows` unchanged.
    """
    clean, bad = rows.get("mos_clean"), rows.get("mos_loss10_jitter50")
    if clean is None or bad is None:
        return rows
    lost = round(clean.value - bad.value, 3)
    return rows | {DERIVED: Row(DERIVED, lost, "MOS", 1, lost, lost)}
