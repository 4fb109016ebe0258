"""The header of an image says how much memory the decoding takes. A separate process decodes images, with limited memory."""

from __future__ import annotations

import io
import os
import random
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from signaling.images.header import LONGEST_SIDE, MOST_MEMORY, Header, look
from signaling.images.metadata import split
from signaling.images.refusal import MOST_BYTES, PictureRefused
from signaling.images.workshop import WORKING_BYTES, Workshop
from signaling.server.http.image_files import LIGHT_MEMORY, LIGHT_WORK

MIB = 1024 * 1024


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def grey_and_alpha_of_50_megapixels() -> bytes:
    """Return an image of 50 megapixels in grey and alpha, padded to 8 MiB, as an attacker would send it."""
    data = encoded(Image.new("LA", (8000, 6250), (90, 128)), "PNG")
    return data[:33] + chunk(b"prIv", random.Random(1).randbytes(MOST_BYTES - len(data) - 12)) + data[33:]


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    made = Workshop(MOST_MEMORY)
    yield made
    await made.close()


def most_memory(pid: int | None) -> int:
    """Return the peak memory of the process, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "mode", "size", "options"),
    [
        ("PNG", "LA", (8000, 6250), {}),
        ("PNG", "P", (8000, 6250), {"transparency": 3}),
        ("PNG", "RGBA", (30_000, 1600), {}),
        ("JPEG", "CMYK", (7000, 7000), {}),
        ("JPEG", "RGB", (5000, 4000), {"progressive": True, "subsampling": 0}),
        ("WEBP", "RGBA", (4000, 3000), {}),
    ],
)
async def test_decoding_uses_the_memory_its_header_predicts(
    workshop: Workshop, form: str, mode: str, size: tuple[int, int], options: dict[str, object]
) -> None:
    data = encoded(Image.new(mode, size), form, **options)
    made, _ = await workshop.reencode(data)
    assert max(made.width, made.height) == LONGEST_SIDE
    assert most_memory(workshop.pid) < look(data).memory_bytes + 100 * MIB


@pytest.mark.slow
async def test_eight_megabyte_image_uses_at_most_a_quarter_gigabyte(workshop: Workshop) -> None:
    made, _ = await workshop.reencode(grey_and_alpha_of_50_megapixels())
    assert (made.width, made.height) == (2048, 1600)
    assert most_memory(workshop.pid) < 280 * MIB


@pytest.mark.slow
async def test_image_over_the_memory_limit_is_refused_and_the_next_shown() -> None:
    # here, decoding needs more memory than the process is allowed to use, although the header is accepted
    workshop = Workshop(MIB - WORKING_BYTES + 30 * MIB)
    try:
        with pytest.raises(PictureRefused, match="picture_too_costly"):
            await workshop.reencode(encoded(Image.new("RGB", (4000, 4000)), "PNG"))
        made, _ = await workshop.reencode(encoded(Image.new("RGB", (40, 40)), "PNG"))
        assert (made.width, made.height) == (40, 40)
    finally:
        await workshop.close()


@pytest.mark.slow
async def test_image_over_the_time_limit_is_refused_and_the_next_shown(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.images.workshop.LONGEST_S", 0.2)
    with pytest.raises(PictureRefused, match="picture_too_costly"):
        await workshop.reencode(grey_and_alpha_of_50_megapixels())
    assert workshop.pid is None, "its process is killed"
    monkeypatch.undo()
    assert (await workshop.reencode(encoded(Image.new("RGB", (40, 40)), "PNG")))[0].width == 40


@pytest.mark.slow
async def test_killed_decoder_process_gives_a_reason(workshop: Workshop) -> None:
    small = encoded(Image.new("RGB", (40, 40)), "PNG")
    await workshop.reencode(small)
    assert workshop.pid is not None
    os.kill(workshop.pid, 9)
    with pytest.raises(PictureRefused, match="picture_too_costly"):
        await workshop.reencode(small)
    assert (await workshop.reencode(small))[0].width == 40


async def test_decoder_process_holds_no_secret(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANGDAM_SECRET", "of the cluster")
    await workshop.reencode(encoded(Image.new("RGB", (4, 4)), "PNG"))
    assert b"SANGDAM_SECRET" not in Path(f"/proc/{workshop.pid}/environ").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: encoded(Image.new("L", (9000, 6000)), "PNG"), "picture_too_large"),
        (lambda: encoded(Image.new("RGB", (5000, 4000)), "WEBP"), "picture_too_costly"),
        (lambda: encoded(Image.new("L", (40_000, 2)), "PNG"), "picture_too_costly"),
        (lambda: b"\xff\xd8" + b"\xff\xe0\0\2" * 1_000_000, "picture_damaged"),
        (lambda: b"\xff\xd8\xff" + b"\xff" * 1000, "picture_damaged"),
        (lambda: encoded(Image.new("RGB", (64, 64)), "JPEG") + b"\xff\xda" * 5000, "picture_too_costly"),
        (lambda: b"RIFF\0\0\0\0WEBPVP8X", "picture_damaged"),
        (lambda: b"\x89PNG\r\n\x1a\n", "picture_damaged"),
        (
            lambda: encoded(Image.new("L", (8, 8)), "PNG").replace(struct.pack(">I", 8), struct.pack(">I", 0), 1),
            "picture_damaged",
        ),
    ],
)
def test_too_costly_image_is_refused_by_its_header(made: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(PictureRefused, match=reason):
        look(made())


def test_phone_photo_is_cheap() -> None:
    header = look(encoded(Image.new("RGB", (4032, 3024)), "JPEG"))
    assert header.memory_bytes <= LIGHT_MEMORY
    assert header.work <= LIGHT_WORK


@pytest.mark.parametrize(
    ("form", "options"), [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("WEBP", {}), ("WEBP", {"lossless": True})]
)
def test_headers_are_parsed_as_decoders_parse_them(form: str, options: dict[str, object]) -> None:
    for mode in ("RGB", "RGBA") if form == "WEBP" else ("L", "RGB"):
        header = look(encoded(Image.new(mode, (37, 91)), form, **options))
        assert (header.form, header.width, header.height) == (form, 37, 91)


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8X", b"RIFF\0\0\0\0WEBPVP8 ", b""]),
    st.binary(max_size=300),
)
def test_any_bytes_give_a_header_or_a_refusal(begin: bytes, rest: bytes) -> None:
    try:
        header = look(begin + rest)
        split(begin + rest, header.form)
    except PictureRefused:
        return
    assert isinstance(header, Header)
