"""The board over the data channel, and over the WebSocket for participants without a data channel."""

from __future__ import annotations

import asyncio

from pycrdt import Doc, Map

from media.api import wire
from media.board.room import Fragmenter, Reassembler
from tests.peers.client import Peer
from tests.peers.conftest import Service, eventually


class Writer:
    """A participant's copy of the board, kept in sync over the `doc` channel."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.doc: Doc[Map[object]] = Doc()
        self.elements = self.doc.get("elements", type=Map)
        self._reassembler = Reassembler()
        self._read = 0

    async def open(self) -> None:
        await eventually(lambda: self.peer.doc.readyState == "open")
        self.send(bytes([0, 0]) + var(self.doc.get_state()))

    def send(self, message: bytes) -> None:
        for fragment in Fragmenter().cut(message):
            self.peer.doc.send(fragment)

    def write(self, key: str, value: str) -> None:
        before = self.doc.get_state()
        self.elements[key] = value
        self.send(bytes([0, 2]) + var(self.doc.get_update(before)))

    def read(self) -> dict[str, object]:
        for fragment in self.peer.documents[self._read :]:
            message = self._reassembler.feed(fragment)
            if message is not None and message[1] != 0:
                self.doc.apply_update(unvar(message[2:]))
        self._read = len(self.peer.documents)
        return dict(self.elements.to_py() or {})


def var(data: bytes) -> bytes:
    length, head = len(data), b""
    while length > 127:
        head += bytes([length & 127 | 128])
        length >>= 7
    return head + bytes([length]) + data


def unvar(data: bytes) -> bytes:
    at = next(index for index, byte in enumerate(data) if byte < 128)
    return data[at + 1 :]


def journal(service: Service) -> bytes:
    doc: Doc[Map[object]] = Doc()
    for event in service.events:
        if isinstance(event, wire.BoardChanged) and event.room == service.room:
            doc.apply_update(event.update)
    return doc.get_update()


async def test_drawing_reaches_the_others_and_the_journal(service: Service) -> None:
    await service.matrix(writers=["user", "counselor"])
    user, counselor = Writer(await service.join("user")), Writer(await service.join("counselor"))
    await user.open()
    await counselor.open()
    user.write("stroke", "x" * 50_000)
    await eventually(lambda: counselor.read() == {"stroke": "x" * 50_000})
    counselor.write("second", "line")
    await eventually(lambda: user.read().get("second") == "line")

    late = Writer(await service.join("late"))
    await late.open()
    await eventually(lambda: late.read().keys() == {"stroke", "second"})

    def journalled() -> object:
        doc: Doc[Map[object]] = Doc()
        doc.apply_update(journal(service))
        return doc.get("elements", type=Map).to_py()

    await eventually(lambda: (journalled() or {}).keys() == {"stroke", "second"})


async def test_reader_cannot_draw(service: Service) -> None:
    await service.matrix(writers=["user"])
    user, reader = Writer(await service.join("user")), Writer(await service.join("professional"))
    await user.open()
    await reader.open()
    reader.write("mine", "forbidden")
    user.write("yours", "allowed")
    await eventually(lambda: "yours" in reader.read())
    assert user.read() == {"yours": "allowed"}


async def test_new_epoch_starts_from_the_journal(service: Service) -> None:
    before: Doc[Map[object]] = Doc()
    before.get("elements", type=Map)["kept"] = "line"
    await service.worker.open_room(service.room, wire.OpenRoom(epoch=2, board=[before.get_update()]))
    user = Writer(await service.join("user", epoch=2))
    await user.open()
    await eventually(lambda: user.read() == {"kept": "line"})
    await service.worker.close_room(service.room, 2)


async def test_board_uses_signaling_without_a_data_channel(service: Service) -> None:
    await service.matrix(writers=["user", "phone"], by_signaling=["phone"])
    user = Writer(await service.join("user"))
    await user.open()

    def sent() -> list[bytes]:
        return [event.data for event in service.events if isinstance(event, wire.BoardOut) and event.participant == "phone"]

    await eventually(sent)
    phone: Doc[Map[object]] = Doc()
    phone.get("elements", type=Map)["from"] = "phone"
    update = bytes([0, 2]) + var(phone.get_update())
    await service.worker.board_in(service.room, wire.BoardIn(epoch=1, participant="phone", data=update))
    await eventually(lambda: user.read() == {"from": "phone"})
    user.write("back", "to the phone")

    def received() -> object:
        for message in sent():
            if message[1] != 0:
                phone.apply_update(unvar(message[2:]))
        return phone.get("elements", type=Map).to_py()

    await eventually(lambda: received() == {"from": "phone", "back": "to the phone"})


async def test_what_is_drawn_before_the_board_goes_over_is_there(service: Service) -> None:
    await service.matrix(writers=["user", "early"], by_signaling=["early"])
    user, early = Writer(await service.join("user")), Writer(await service.join("early"))
    await user.open()
    await early.open()
    early.write("drawn", "early")
    user.write("from", "the user")
    await asyncio.sleep(0.5)
    assert early.peer.documents == [], "until then it goes by signaling"
    await service.matrix(writers=["user", "early"])
    await eventually(lambda: user.read() == {"drawn": "early", "from": "the user"})
    await eventually(lambda: early.read() == {"drawn": "early", "from": "the user"})
    assert early.peer.documents[0][1:3] == b"\0\0", "step 1 says that the board goes by the channel from now on"
    assert "board_early" not in await service.drops()
