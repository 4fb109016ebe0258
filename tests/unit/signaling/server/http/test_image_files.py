from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from signaling.images.reencode import reencode
from signaling.server.http.image_files import LONGEST_SIDE, MOST_BYTES, PictureRefused


def picture(form: str = "JPEG", size: tuple[int, int] = (80, 40), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    image = Image.new(mode, size)
    if mode in ("RGB", "RGBA"):
        image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))  # the left half is red
    image.save(out, form, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_accepted_image_is_reencoded(form: str) -> None:
    made = reencode(picture(form))
    assert (made.mime, made.width, made.height) == ("image/webp", 80, 40)
    assert opened(made.data).size == (80, 40)


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_drawings_stay_lossless(mode: str) -> None:
    assert reencode(picture("PNG", mode=mode)).mime == "image/png"


@pytest.mark.parametrize("mode", ["RGBA", "LA", "CMYK", "I;16"])
def test_other_colour_modes_are_shown(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(reencode(picture(form, mode=mode)).data).mode == ("RGBA" if mode in ("RGBA", "LA") else "RGB")


def test_large_image_is_scaled_down() -> None:
    made = reencode(picture(size=(5000, 1000)))
    assert (made.width, made.height) == (LONGEST_SIDE, round(LONGEST_SIDE / 5))


def test_rotated_photo_is_upright_without_location() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Exif: programs must turn the image to the right by 90°
    exif[0x010F] = "Camera of somebody"
    made = reencode(picture(exif=exif))
    assert (made.width, made.height) == (40, 80)
    red, _, blue = opened(made.data).convert("RGB").getpixel((20, 10))
    assert red > 200
    assert blue < 60
    assert not opened(made.data).getexif()
    assert b"somebody" not in made.data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not_a_picture"),
        (b"<svg onload=alert(1)>", "not_a_picture"),
        (b"GIF89a" + b"\0" * 50, "not_a_picture"),
        (picture()[:200], "picture_damaged"),
        (b"x" * (MOST_BYTES + 1), "picture_too_large"),
    ],
)
def test_non_image_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(PictureRefused, match=reason):
        reencode(data)


@pytest.mark.parametrize("side", [8_000, 30_000])
def test_decompression_bomb_is_refused(side: int) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    with pytest.raises(PictureRefused, match="picture_too_large"):
        reencode(bomb)


@given(st.data())
def test_damaged_image_is_refused_or_shown(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([picture("JPEG"), picture("PNG"), picture("WEBP")])))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = reencode(bytes(whole))
    except PictureRefused:
        return
    assert max(made.width, made.height) <= LONGEST_SIDE
