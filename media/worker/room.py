"""One room: its peers, its matrix (who hears and sees whom), its videos and its board. `media.voice` handles its voices."""

from __future__ import annotations

import functools
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

import structlog

from media.api import wire
from media.board.channel import DocChannel
from media.board.room import BoardRoom, Fragmenter, FragmentError
from media.captions import wire as caption_wire
from media.captions.feed import Feed, Saying
from media.captions.link import CaptionLink
from media.mixer import TICK_STEP_S
from media.packets import rtp, sdp
from media.peer import picture_fit
from media.peer.peer import Peer, State, Wire
from media.peer.quality_report import of_peer
from media.peer.streams import ANY, Incoming, Outgoing
from media.recording.link import Link
from media.recording.tap import Tap
from media.voice.solo_flow import TICK_STEPS
from media.voice.voices import Voices

log = structlog.get_logger(__name__)

MAX_PEERS = 12  # At most this many participants in a room: six people, the user's phone as a camera, and operators who listen in.
# Seconds between two checks of what need not be checked at every tick: peer states, changes of the board, video layers.
CHECK_EVERY_S = 0.2
RESTING_STEPS = 40
"""Steps (5 ms) between two ticks of a resting room, in which nothing is mixed and nobody sends video.

Active rooms tick every four steps (20 ms). They are spread over the four steps, and can move their ticks earlier. All resting
rooms tick in the same step, because the moment of their ticks changes no sound.
"""
CALM_STEPS = 20
"""Steps (5 ms) between two ticks of a room that only has to report which video packets arrived. If the fast path reports the
packets, the room ticks as rarely as a resting room."""
UTTERANCES = 1 << 20  # `Captioned.utterance` is the stream's number times this, plus the utterance's number in the stream.
PRESENT = ("live", "lost")  # States in which a peer's media is routed.
ASKED_FOR = ("newer_peer", "closed_by_signaling", "closed_by_client", "room_closed")
"""Reasons with which a peer ends on request. If a peer ends for any other reason, this is a fault: it is logged and counted."""


class Refused(Exception):
    """A worker or room refuses a command from signaling."""

    def __init__(self, reason: wire.RefusalReason, message: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.message = message


class Outside(Wire, Protocol):
    """The methods of the worker that a room calls."""

    candidates: list[tuple[str, int]]
    recorder: Link | None
    captions: CaptionLink | None

    def emit(self, event: wire.Event) -> None: ...
    def flush(self) -> None: ...
    def adopt(self, peer: Peer) -> None: ...
    def release(self, peer: Peer, ending: Coroutine[Any, Any, None]) -> None: ...
    def hurry(self, due: int) -> None: ...


class Room:
    """One room of a worker, and the owner of its peers (`peer.Owner`). Call all methods in the worker's event loop."""

    def __init__(self, name: str, epoch: int, board: list[bytes], outside: Outside, due: int = 0) -> None:
        """Open the room. `board`: the updates of the board's journal, in order. `due`: the first tick, in steps of `TICK_STEP_S`.

        Steps count from the zero of the monotonic clock.
        """
        self.name = name
        self.epoch = epoch
        self.peers: dict[str, Peer] = {}
        self._by_participant: dict[str, Peer] = {}
        self._newer: dict[str, Peer] = {}
        """New peers of participants who reconnect. A new peer replaces the participant's old peer in `_by_participant` when the
        new peer is live. Until then, it is possible that the old peer recovers."""
        self.voices = Voices(outside, self.tick, due)
        self._outside = outside
        self._matrix = wire.SetMatrix(epoch=epoch)
        self._pictures: dict[tuple[str, str], list[Outgoing]] = {}
        """(Participant, "camera" | "screen") → the outgoing streams to viewers (slots) that show this video."""
        self._slot_plan: dict[tuple[str, int], tuple[str, str]] = {}
        self._tops: dict[tuple[str, str], Incoming] = {}
        self.board = BoardRoom(board, lambda update: None, self._send_board)
        self._fragmenter = Fragmenter()
        self._doc_channels: dict[str, DocChannel] = {}
        self._by_signaling: set[str] = set()
        self.check_due = 0.0
        self._tap: Tap | None = None
        self._feed: Feed | None = None

    # commands

    def state(self) -> wire.RoomState:
        """Return the room's name and epoch, the states of its peers, and whether captions are made."""
        peers = [wire.PeerState(peer=each.name, participant=each.participant, state=each.state) for each in self.peers.values()]
        return wire.RoomState(room=self.name, epoch=self.epoch, peers=peers, captions=self._feed is not None)

    def admit(self, command: wire.AdmitPeer, now: float) -> str:
        """Add a peer and return the SDP answer.

        Raise `Refused` if the peer cannot be added; then the participant's peers are unchanged.

        `now`: monotonic time in seconds. The participant's other peers end at once, except a peer in one of the states `PRESENT`
        that the command names as `former`. The peer `former` stays until the new peer is live.
        """
        if command.peer in self.peers:
            raise Refused("bad_request", "a peer with this name exists already")
        if command.participant not in self._by_participant and len(self._by_participant) >= MAX_PEERS:
            raise Refused("full", "too many peers in this room")
        try:
            offer = sdp.parse(command.sdp)
        except sdp.SdpError as error:
            self._outside.drops["sdp_" + error.kind] += 1
            raise Refused("bad_sdp", str(error)) from None
        peer = Peer(command.peer, command.participant, offer, self, self._outside, now)
        for each in [each for each in self.peers.values() if each.participant == peer.participant]:
            if each.name != command.former or each.state not in PRESENT:
                self._end(each, "replaced", "newer_peer")
        self.peers[peer.name] = peer
        place = self._newer if peer.participant in self._by_participant else self._by_participant
        place[peer.participant] = peer
        self._outside.adopt(peer)
        peer.start()
        self._tell(peer, "")
        return peer.answer(self._outside.candidates)

    def close_peer(self, name: str) -> None:
        """End a peer of this room. Raise `Refused` if the room has no such peer."""
        peer = self.peers.get(name)
        if peer is None:
            raise Refused("no_peer")
        self._end(peer, "gone", "closed_by_signaling")

    def set_matrix(self, matrix: wire.SetMatrix) -> None:
        """Replace the matrix: who hears and sees whom, who can write on the board, who is recorded, and who is captioned."""
        self._matrix = matrix
        if matrix.captions is None:
            self._end_captions()
        self.board.set_writers(set(matrix.writers))
        self._route()
        self._connect_boards(set(matrix.by_signaling))
        self._record(matrix)
        self._caption(matrix)

    def board_in(self, participant: str, data: bytes) -> None:
        """Take a board message that came through signaling. Raise `Refused` if the participant's board uses the data channel."""
        if participant not in self._by_signaling:
            raise Refused("bad_request", "this participant's board uses the data channel, not signaling")
        self.board.receive(participant, data)

    def close(self) -> None:
        """End the recording and all peers, and publish the board's last changes, so that the server stores them."""
        self._record(wire.SetMatrix(epoch=self.epoch))
        self._end_captions()
        for peer in list(self.peers.values()):
            self._end(peer, "gone", "room_closed")
        self._journal_board()
        self.board.close()
        self.voices.close()

    # time

    @property
    def rests(self) -> bool:
        """Return whether rare ticks are enough for the room, because nothing is mixed and nobody sends video."""
        return self.voices.mixer.idle and all(peer.rests for peer in self.peers.values())

    def _is_calm(self) -> bool:
        return all(peer.is_calm for peer in self.peers.values())

    def _hurry(self, peer: Peer, now: float) -> None:
        """Let the worker ask the peer's browser for missing packets and keyframes within milliseconds."""
        peer.hurry()
        self.voices.hurry(now)

    def tick(self, now: float) -> None:
        """Run the mixer's ticks and the checks of peers that are due at `now` (monotonic time in seconds).

        The worker calls this method every 20 ms, and more rarely while there is no lost packet or keyframe to request from a
        peer:

        - every 100 ms while the fast path sends the only voice to the listeners of the mix
        - every 200 ms while nothing is mixed
        - every 100 ms while nothing is mixed, somebody sends video, and there is no fast path

        A late tick also makes the sound of the ticks that were missed.
        """
        self.voices.tick(now, self._is_calm)
        self._outside.flush()
        if self.rests:
            self.voices.due = (self.voices.due + RESTING_STEPS - TICK_STEPS) // TICK_STEPS * TICK_STEPS
        check = now >= self.check_due
        for peer in list(self.peers.values()):
            peer.tick(now)
            if check:
                peer.check(now)
        if self.voices.mixer.idle and not self.rests and self._is_calm():
            self.voices.due += (CALM_STEPS if self._outside.fastpath is None else RESTING_STEPS) - TICK_STEPS
        if not check:
            return
        self.check_due = now + CHECK_EVERY_S - TICK_STEP_S
        self._journal_board()
        self._fit_pictures(now)
        self.voices.check(now)
        speaking = self.voices.speaking.change(now)
        if speaking is not None:
            self._outside.emit(wire.SpeakingChanged(n=0, room=self.name, epoch=self.epoch, participants=speaking))

    def quality(self, now: float) -> list[wire.PeerQuality]:
        """Return the quality of every participant's connection. `now`: monotonic time in seconds."""
        people = self._by_participant.values()
        return [of_peer(peer, self._shown(peer), self.voices.mixer.concealed(peer.participant), now) for peer in people]

    def _shown(self, viewer: Peer) -> dict[int, tuple[str, str]]:
        return {slot: wanted for (name, slot), wanted in self._slot_plan.items() if name == viewer.participant}

    # methods of `peer.Owner`, which peers call

    def video(self, peer: Peer, source: Incoming, data: bytes, header: rtp.Header, now: float) -> None:
        """Relay one video packet to the viewers' slots that show this video. Write the packet to the recording if there is one.

        After that, let the fast path forward the next packets of the video, if possible (`Peer.lend_picture`).
        """
        viewers = self._pictures.get((peer.participant, source.role), ())
        if viewers or self._tap is not None:
            self._pass_on(peer.participant, viewers, source, data, header, now)
        if self._tap is None and self._by_participant.get(peer.participant) is peer:
            peer.lend_picture(source, viewers)
        if not source.is_calm:
            self._hurry(peer, now)

    def _pass_on(
        self, name: str, viewers: Sequence[Outgoing], source: Incoming, data: bytes, header: rtp.Header, now: float
    ) -> None:
        picture = None
        if header.end > header.payload:
            try:
                picture = rtp.vp8(data[header.payload : header.end])
            except rtp.RtpError:
                self._outside.drops["vp8"] += 1
                return
        if self._tap is not None:
            top = self._tops.get((name, source.role))
            keyframe = picture is not None and picture.keyframe and source.is_newest(header)
            self._tap.picture(name, source, top, data, keyframe, self._outside.wall(now))
        for slot in viewers:
            slot.relay(source, data, header, now, picture)

    def keyframe_wanted(self, peer: Peer, slot: int) -> None:
        """Ask the sender of the video in `slot` for a keyframe, because the viewer `peer` needs one."""
        self._want_keyframe(self._slot_plan.get((peer.participant, slot)), peer.slots[slot].source)

    def document_opened(self, peer: Peer) -> None:
        """Connect the participant's board to the data channel that has opened."""
        self._doc_channels[peer.participant] = DocChannel()
        if peer.participant not in self._by_signaling:
            self.board.connect(peer.participant)

    def document(self, peer: Peer, fragment: bytes) -> None:
        """Take a fragment of a board message from the data channel. Count and drop a malformed fragment."""
        name = peer.participant
        channel = self._doc_channels.get(name)
        if channel is None:
            self._outside.drops["board_no_channel"] += 1
            return
        receive = None if name in self._by_signaling else functools.partial(self.board.receive, name)
        try:
            channel.feed(fragment, receive)
        except FragmentError as error:
            self._outside.drops["board_" + error.reason] += 1

    def changed(self, peer: Peer, state: State, reason: str) -> None:
        """Act on a peer's new state: "live", "lost" or "gone"."""
        if state == "gone":
            self._end(peer, "gone", reason)
            return
        if state == "live" and self._newer.get(peer.participant) is peer:
            self._end(self._by_participant[peer.participant], "replaced", "newer_peer")
        self._tell(peer, reason)
        self._route()

    # The following methods end peers, or decide again who gets which packets.

    def _peer_of(self, participant: str) -> Peer | None:
        return self._by_participant.get(participant)

    def _tell(self, peer: Peer, reason: str) -> None:
        event = wire.PeerChanged(
            n=0, room=self.name, epoch=self.epoch, peer=peer.name, participant=peer.participant, state=peer.state, reason=reason
        )
        self._outside.emit(event)

    def _end(self, peer: Peer, state: State, reason: str) -> None:
        if peer.name not in self.peers:
            return
        peer.recall_pictures()
        del self.peers[peer.name]
        peer.state = state
        if reason not in ASKED_FOR:
            self._outside.drops["ended_" + reason] += 1
            log.info("peer_ended", room=self.name, peer=peer.name, reason=reason)
        self._outside.release(peer, peer.close(state, reason))
        self._tell(peer, reason)
        if self._newer.get(peer.participant) is peer:
            del self._newer[peer.participant]
        else:
            self._leave(peer)

    def _leave(self, peer: Peer) -> None:
        """Remove the participant's peer. If the participant has a newer peer, use the newer peer from now on."""
        self.voices.leave(peer.participant)
        if self._feed is not None:
            self._feed.leave(peer.participant)
        del self._by_participant[peer.participant]
        self._doc_channels.pop(peer.participant, None)
        if peer.participant not in self._by_signaling:
            self.board.disconnect(peer.participant)
        self._route()
        newer = self._newer.pop(peer.participant, None)
        if newer is not None:
            self._by_participant[peer.participant] = newer

    def _route(self) -> None:
        """Decide again who gets which packets. Prepare streams for new sources, and request keyframes of newly shown videos."""
        present = {name: peer for name, peer in self._by_participant.items() if peer.state in PRESENT}
        for peer in self.peers.values():
            peer.recall_pictures()
        self._route_pictures(present)
        self.voices.route(present, self._matrix.hears, self._matrix.hold)

    def _route_pictures(self, present: dict[str, Peer]) -> None:
        plan: dict[tuple[str, int], tuple[str, str]] = {}
        routes: dict[tuple[str, str], list[Outgoing]] = {}
        for viewer, peer in present.items():
            for index, wanted in self._matrix.sees.get(viewer, {}).items():
                if 0 <= index < len(peer.slots) and wanted[0] != viewer and wanted[0] in present:
                    plan[viewer, index] = wanted
                    routes.setdefault(wanted, []).append(peer.slots[index])
        former, self._slot_plan, self._pictures = self._slot_plan, plan, routes
        for (viewer, index), wanted in plan.items():
            if former.get((viewer, index)) != wanted:
                present[viewer].slots[index].cut()
                present[viewer].slots[index].layer = ANY
                self._want_keyframe(wanted)

    def _want_keyframe(self, picture: tuple[str, str] | None, shown: Incoming | None = None) -> None:
        """Request a keyframe of the layer `shown`. If the video has no such layer, request keyframes of all its layers."""
        peer = self._peer_of(picture[0]) if picture is not None else None
        if peer is None or picture is None:
            return
        layers = peer.layers(picture[1])
        for stream in [shown] if shown in layers else layers:
            stream.wants_keyframe = True
        self._hurry(peer, self._outside.now())

    def _fit_pictures(self, now: float) -> None:
        if all(peer.rests for peer in self.peers.values()):  # nobody sends video
            for peer in self.peers.values():
                peer.downlink.estimate.tick(now)
            return
        people = self._by_participant
        tops = {(name, role): peer.uplink.top(role, now) for name, peer in people.items() for role in ("camera", "screen")}
        self._tops = {picture: top for picture, top in tops.items() if top is not None}
        for viewer in people.values():
            plan = {index: self._slot_plan.get((viewer.participant, index)) for index in range(len(viewer.slots))}
            shown = {index: (people[wanted[0]], wanted[1]) for index, wanted in plan.items() if wanted and wanted[0] in people}
            limits = picture_fit.fit(viewer, shown, now)
            if limits is not None:
                self._outside.emit(
                    wire.PicturesLimited(n=0, room=self.name, epoch=self.epoch, participant=viewer.participant, slots=limits)
                )

    # the room's recording

    def _record(self, matrix: wire.SetMatrix) -> None:
        """Begin, change or end the recording as `matrix.record` says.

        If `matrix.record` is None, or names another period of consent than the present recording, writing stops at once.
        """
        record, now = matrix.record, self._outside.wall(self._outside.now())
        if self._tap is not None and (record is None or record.period != self._tap.period):
            self._tap.close(now)
            self._tap = self.voices.tap = None
        if record is None:
            return
        if self._tap is None:
            if self._outside.recorder is None:
                self._recording_over(record.period, "not_configured")
                return
            period = record.period
            begin = functools.partial(self._recording_over, period)
            self._tap = self.voices.tap = Tap(self._outside.recorder, self.name, self.epoch, period, now, begin)
        self._tap.follow(matrix, record.participants, now)

    def _recording_over(self, period: int, reason: str) -> None:
        self._outside.emit(wire.RecordingOver(n=0, room=self.name, epoch=self.epoch, period=period, reason=reason))

    # captions

    def _caption(self, matrix: wire.SetMatrix) -> None:
        """Let the captions process hear the voices that `matrix.captions` names, and no others."""
        if matrix.captions is None:
            return
        link = self._outside.captions
        if link is None or not link.ready:
            self._captions_over()
            return
        if self._feed is None:
            self._feed = Feed(link, self._say_caption, self._captions_over)
        self._feed.follow(matrix.captions, matrix.hears)
        self.voices.feed = self._feed

    def _end_captions(self) -> None:
        if self._feed is not None:
            self._feed.close()
            self._feed = self.voices.feed = None

    def _captions_over(self) -> None:
        self._feed = self.voices.feed = None
        self._outside.emit(wire.CaptionsOver(n=0, room=self.name, epoch=self.epoch))

    def _say_caption(self, said: Saying, words: caption_wire.Words | caption_wire.Lost) -> None:
        caption = wire.Captioned(
            n=0,
            room=self.name,
            epoch=self.epoch,
            participant=said.participant,
            heard_by=sorted(said.heard_by),
            utterance=0,
            text="",
            lost=True,
            kept=said.kept,
        )
        if isinstance(words, caption_wire.Words):
            caption.lost, caption.text, caption.final = False, words.text, words.final
            caption.utterance = words.stream * UTTERANCES + words.utterance
            caption.language, caption.confidence = words.language, words.confidence
        self._outside.emit(caption)

    # methods for the room's board

    def _connect_boards(self, by_signaling: set[str]) -> None:
        """Set which participants exchange board messages through signaling (`by_signaling`), and not over a data channel."""
        former, self._by_signaling = self._by_signaling, by_signaling
        for participant in former ^ by_signaling:
            self.board.disconnect(participant)
            peer = self._peer_of(participant)
            if participant in by_signaling or (peer is not None and peer.has_document):
                self.board.connect(participant)
            channel = self._doc_channels.get(participant)
            if channel is not None and participant not in by_signaling:
                for message in channel.take():
                    self.board.receive(participant, message)

    def _send_board(self, participant: str, message: bytes) -> None:
        if participant in self._by_signaling:
            self._outside.emit(wire.BoardOut(n=0, room=self.name, epoch=self.epoch, participant=participant, data=message))
            return
        peer = self._peer_of(participant)
        if peer is not None:
            for fragment in self._fragmenter.cut(message):
                if not peer.send_document(fragment):
                    return

    def _journal_board(self) -> None:
        """Publish the board's changes.

        The room calls this method every `CHECK_EVERY_S`, so each change is published for the journal within 250 ms.
        """
        self.board.catch_up()
        update = self.board.flush()
        if update is not None:
            self._outside.emit(wire.BoardChanged(n=0, room=self.name, epoch=self.epoch, update=update))
