"""A live session in memory: the state of the session's state machine, the session's connections and its room."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from matcher.types import Place
from media.api.wire import PictureLimit, SetMatrix
from signaling.live.connections import Client
from signaling.mediaworkers.interface import MediaWorker
from signaling.protocol.session_views import Brief, EarlierSession, Line, Mark
from signaling.records.types import Site
from signaling.session import Session
from signaling.session.matrix import Matrix


@dataclass(slots=True)
class RoomState:
    """The room of a session on a media worker.

    `ready` is set while the room is open at the session's epoch and the worker has the matrix (who hears and sees whom). `kept`:
    the room was already open when this server started.
    """

    opened: int = 0
    kept: bool = False
    worker: MediaWorker | None = None
    sent: SetMatrix | None = None
    dirty: bool = False
    kicked: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class ShownPage:
    """The server's copy of the page that the user looks at.

    - `client`: the connection that sends the page to the server
    - `viewers`: the participants who see the page → their connections
    - `behind`: the viewers who have missed a part of the page and must get all `frames` again
    - `frames`: the newest snapshot and all later changes, encoded for viewers
    - `frames_bytes`, `snapshot_bytes`: the size of all frames, and the size of the snapshot in them
    - `skipping`: whether the server ignores the next parts, because they belong to a change of the page that it has given up
    - `refused`: the reason why the page is not shown: "large" if it is too large, "crowded" if the server shows too many pages
    - `stale`: whether `frames` are of no use, so that viewers must wait for the next snapshot
    - `asked`: whether the server has asked for a new snapshot
    - `kept`: (epoch, period) of the recording's segment in which the page is recorded. The epoch counts how often the room was
      opened, the period counts the periods of consent.
    - `kept_whole`: whether a snapshot was recorded in this segment
    - `kept_for`: the viewers whom the newest entry of the recording names
    - `told`: the hash of the newest message `page_state` that was sent to the user's browser
    - `spare_bytes`: the number of bytes that the page was allowed to send at the time `spared_at` (Unix ms)
    """

    client: Client | None = None
    viewers: dict[str, Client] = field(default_factory=dict)
    behind: set[str] = field(default_factory=set)
    frames: list[bytes] = field(default_factory=list)
    frames_bytes: int = 0
    snapshot_bytes: int = 0
    in_snapshot: bool = False
    skipping: bool = False
    stale: bool = True
    asked: bool = False
    refused: Literal["", "large", "crowded"] = ""
    kept: tuple[int, int] | None = None
    kept_whole: bool = False
    kept_for: list[str] = field(default_factory=list)
    told: int = 0
    spare_bytes: int = 0
    spared_at: int = 0


@dataclass(slots=True, eq=False)
class Entry:
    """A live session in memory.

    - `lock`: held while the session's state machine handles an event
    - `lines_lock`: keeps lines in order without waiting for `lock`
    - `booking_lock`: held while a time for the session's appointment is taken, so that two simultaneous moves do not free each
      other's time
    - `mail_lock`: held while the mails about a callback are replaced
    - `holders`: participant → the connection that acts for them (their newest tab)
    - `readers`: mentioned colleagues who read along → their connections
    - `sent`: participant → the hash of the view that was sent last
    - `refresh_due`: whether views, or a message about co-browsing to the user's browser, wait until `lock` is free
    - `last_seq`: the number of the newest line
    - `marks`: each participant's read mark; None until the marks were read from the database
    - `moved`: the sequence number of the newest calendar event in the mails about a callback
    - `mailed_at`: when the absent user was told by mail that staff have written (Unix ms); 0: not told since the user left
    - `unread`: the first line of staff that was sent to the connected user and that the user has not read; None: no such line
    - `devices`: the number of browsers in which the user wants pushes when staff write
    - `pushed_at`: like `mailed_at`, for pushes
    - `vouched`: whether the partner signed the user's identity
    - `earlier`: the user's earlier sessions, and the time when each ended
    - `told`: the place in the queue that the user was last told
    """

    session: Session
    site: Site
    brief: Brief
    token_hash: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    lines_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    booking_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    mail_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    holders: dict[str, Client] = field(default_factory=dict)
    readers: dict[str, Client] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)
    refresh_due: bool = False
    last_seq: int = 0
    marks: dict[str, Mark] | None = None
    moved: int = 0
    mailed_at: int = 0
    unread: Line | None = None
    devices: int = 0
    pushed_at: int = 0
    vouched: bool = False
    earlier: list[tuple[EarlierSession, int]] = field(default_factory=list)
    place: Place | None = None
    told: tuple[tuple[int, int, int, bool], tuple[bool, bool]] | None = None
    help_place: Place | None = None
    grid: Matrix = field(default_factory=Matrix)
    room: RoomState = field(default_factory=RoomState)
    speaking: list[str] = field(default_factory=list)
    limits: dict[str, dict[int, PictureLimit]] = field(default_factory=dict)
    page: ShownPage = field(default_factory=ShownPage)

    @property
    def id(self) -> str:
        return self.session.id

    def category_name(self, category: str = "", locale: str = "") -> str:
        """Return a category's name in `locale`.

        Without arguments, return the name of the session's category in the session's language.
        """
        return self.site.category_name(category or self.session.category, self._language(locale))

    def site_name(self, locale: str) -> str:
        return self.site.name(self._language(locale))

    def _language(self, locale: str) -> str:
        return (self.site.language_for(locale) if locale else None) or self.session.language

    @property
    def reachable(self) -> bool:
        """Return whether the site can reach the user: the partner signed the user's identity, or a contact is known."""
        return self.vouched or any(field.name == "user_contact" for field in self.brief.fields)

    def holds(self, client: Client, participant: str) -> bool:
        return self.holders.get(participant) is client

    def hold(self, participant: str, client: Client) -> Client | None:
        """Let `client` act for the participant from now on. Return the client that acted for them before, or None."""
        former = self.release(participant)
        self.holders[participant] = client
        client.held.add(self.id)
        return former

    def release(self, participant: str) -> Client | None:
        """Let no client act for the participant any more. Return the client that acted for them until now, or None."""
        former = self.holders.pop(participant, None)
        self.sent.pop(participant, None)
        if former is not None and former not in self.holders.values():
            former.held.discard(self.id)
        return former
