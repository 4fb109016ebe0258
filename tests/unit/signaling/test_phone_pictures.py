"""Photos in HEIC and AVIF, as phones save them, become pictures that every browser can show."""

from __future__ import annotations

import contextlib
import io
import struct

import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from signaling.images import heif
from signaling.images.header import look
from signaling.images.reencode import reencode
from signaling.images.refusal import PictureRefused
from signaling.images.workshop import Workshop
from signaling.server.http.image_files import LIGHT_MEMORY

pillow_heif.register_heif_opener()
ORIENTATION = 0x0112
RED, BLUE = (255, 0, 0), (0, 0, 255)


def photo(form: str, size: tuple[int, int] = (64, 32), **options: object) -> bytes:
    """Return a photo whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def near(pixel: tuple[int, ...], colour: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 40 for one, other in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_photo_of_a_phone_becomes_webp_without_metadata(form: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a secret maker"
    made = reencode(photo(form, exif=exif.tobytes()))
    assert (made.mime, made.width, made.height) == ("image/webp", 64, 32)
    assert b"secret" not in made.data
    shown = Image.open(io.BytesIO(made.data)).convert("RGB")
    assert near(shown.getpixel((5, 16)), RED)
    assert near(shown.getpixel((60, 16)), BLUE)


@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_photo_taken_upright_is_shown_upright(form: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # Exif: the camera was turned, so programs must turn the photo to the right by 90°
    made = reencode(photo(form, exif=exif.tobytes()))
    assert (made.width, made.height) == (32, 64)
    shown = Image.open(io.BytesIO(made.data)).convert("RGB")
    assert near(shown.getpixel((16, 5)), RED)
    assert near(shown.getpixel((16, 60)), BLUE)


@pytest.mark.slow
async def test_photo_of_twelve_megapixels_is_taken_within_bounds() -> None:
    data = photo("AVIF", (4032, 3024), speed=10)
    header = look(data)
    assert header.memory_bytes == 4032 * 3024 * 10
    assert header.memory_bytes > LIGHT_MEMORY, "so it waits in the other queue than JPEG"
    workshop = Workshop(header.memory_bytes)
    try:
        made, _ = await workshop.reencode(data)
        assert (made.width, made.height) == (2048, 1536)
    finally:
        await workshop.close()


def lying(form: str) -> bytes:
    """Return a photo whose header states a hundredth of its real area."""
    data = photo(form, (640, 480))
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", 64, 48) + data[at + 8 :]


def test_photo_that_claims_to_be_small_is_refused_or_shown_small() -> None:
    with pytest.raises(PictureRefused, match="picture_damaged"):
        reencode(lying("HEIF"))
    # the AVIF decoder decodes the whole photo and then scales it down; only the process's memory limit bounds this
    made = reencode(lying("AVIF"))
    assert (made.width, made.height) == (64, 48)


SIZES = [(9000, 6000, "too_large"), (6000, 5000, "too_costly"), (0, 5, "damaged")]


@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
@pytest.mark.parametrize(("width", "height", "reason"), SIZES)
def test_photo_too_large_is_refused_by_its_header(form: str, width: int, height: int, reason: str) -> None:
    data = photo(form)
    at = data.index(b"ispe") + 8
    with pytest.raises(PictureRefused, match=reason):
        look(data[:at] + struct.pack(">II", width, height) + data[at + 8 :])


@pytest.mark.parametrize("brand", [b"isom", b"mp42", b"qt  ", b"M4A "])
def test_videos_of_the_same_container_are_no_pictures(brand: bytes) -> None:
    assert heif.form_of(struct.pack(">I4s4sI4s", 20, b"ftyp", brand, 0, b"mif1")) is None


@given(st.binary(max_size=300))
def test_any_boxes_give_a_size_or_a_refusal(rest: bytes) -> None:
    with contextlib.suppress(PictureRefused):
        look(b"\0\0\0\x14ftypheic\0\0\0\0mif1" + rest)


@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_cut_photo_is_refused(form: str) -> None:
    data = photo(form, (640, 480))
    for length in (20, 100, len(data) // 2):
        with pytest.raises(PictureRefused):
            reencode(data[:length])
