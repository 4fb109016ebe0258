"""The settings of `sangdam media`: flags without a prefix, variables with `SANGDAM_MEDIA_`, keys in the table `[media]`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from . import kinds
from .ports import Port, media_ports
from .setting import setting

SECTION = "media"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSettings:
    """The settings of `sangdam media`, which starts media workers.

    `port` and `udp_port` are the ports of the first media worker. The other workers have the next higher ports. `token` and
    `captions_token` are derived from the cluster's secret.
    """

    token: str = ""
    captions_token: str = ""
    redis: str = setting("", kinds.URL, "URL of the cluster's Redis.", shared=True)
    redis_password_file: Path | None = setting(
        None, kinds.FILE, "File with Redis' password, if it is not in the URL.", shared=True
    )
    secret_file: Path | None = setting(
        None, kinds.FILE, "File with the cluster's secret.", default_words="SANGDAM_SECRET in the environment", shared=True
    )
    listen: str = setting("127.0.0.1", kinds.text("ADDRESS"), "Address for the servers' commands. Keep it private.")
    advertise: str = setting(
        "", kinds.text("NAME"), "Name or address at which servers reach this machine.", default_words="--listen"
    )
    port: int = setting(7000, kinds.PORT, "First port for commands, one per worker.")
    udp_port: int = setting(40000, kinds.MEDIA_PORT, "First UDP port for media, one per worker.")
    announce: tuple[str, ...] = setting(
        (), kinds.text("ADDRESS"), "Public address of this machine, behind NAT. Repeatable.", repeatable=True
    )
    address: tuple[str, ...] = setting(
        (), kinds.text("ADDRESS"), "Bind media to this local address only. Repeatable.", repeatable=True
    )
    loopback: bool = setting(False, kinds.SWITCH, "Also accept media on loopback, to try a cluster on one machine.")
    region: str = setting("", kinds.REGION, "Region of this machine. A room opens near a user of the same region.")
    workers: int = setting(0, kinds.number(0, 256), "Number of media workers.", default_words="one per core")
    recordings: Path | None = setting(
        None,
        kinds.FOLDER,
        "The servers' folder of recordings, as mounted on this machine.",
        default_words="no recordings",
    )

    captions_url: str = setting(
        "", kinds.ORIGIN, "URL of the captions process, `sangdam captions`.", default_words="no captions", shared=True
    )

    @property
    def workers_wanted(self) -> int:
        """Return how many media workers to start: the setting, or one for each core."""
        return self.workers or os.cpu_count() or 1

    def ports(self, number: int) -> list[Port]:
        """Return the ports that the media worker with this number (from 0) will bind: one for commands, one for media."""
        commands = Port(self.port + number, (self.listen,), f"--port {self.port + 100}")
        return [commands, *media_ports(self.udp_port + number, 1, self.address)]
