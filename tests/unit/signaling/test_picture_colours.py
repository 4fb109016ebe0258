"""A re-encoded image has the right colours, for any colour mode and metadata."""

from __future__ import annotations

import io
import itertools
import struct
import zlib

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from signaling.images.metadata import orientation_of
from signaling.images.reencode import reencode

from .test_picture_costs import chunk, encoded

RED, BLUE = (230, 20, 20), (20, 20, 230)


def shown(data: bytes, at: tuple[int, int] = (10, 10)) -> tuple[int, ...]:
    """Return the red, green, blue and opacity values of the re-encoded image at this point."""
    pixel = Image.open(io.BytesIO(reencode(data).data)).convert("RGBA").getpixel(at)
    assert isinstance(pixel, tuple)
    return pixel


def png(colour: int, depth: int, row: bytes, *between: bytes, side: int = 32) -> bytes:
    """Write a PNG byte by byte, for cases that Pillow cannot write.

    The image has `side` rows, which all have the bytes `row`. `between`: chunks before the pixels.
    """
    header = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0)
    pixels = zlib.compress((b"\0" + row) * side)
    return b"".join([b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *between, chunk(b"IDAT", pixels), chunk(b"IEND", b"")])


def close(seen: tuple[int, ...], wanted: tuple[int, ...], most: int = 4) -> bool:
    return all(abs(one - other) <= most for one, other in zip(seen, wanted, strict=True))


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (encoded(Image.new("I;16", (32, 32), 0x2000), "PNG"), (32, 32, 32, 255)),
        (encoded(Image.new("I;16", (32, 32), 0xFFFF), "PNG"), (255, 255, 255, 255)),
        (png(0, 16, b"\x20\x00" * 32), (32, 32, 32, 255)),
        (png(2, 16, b"\x20\x00\x80\x00\xc0\x00" * 32), (32, 128, 192, 255)),
        (png(4, 16, b"\x80\x00\xff\xff" * 32), (128, 128, 128, 255)),
        (png(6, 16, b"\x20\x00\x80\x00\xc0\x00\xff\xff" * 32), (32, 128, 192, 255)),
        (png(0, 1, b"\xff" * 4), (255, 255, 255, 255)),
        (png(0, 2, b"\x55" * 8), (85, 85, 85, 255)),
        (png(0, 4, b"\x33" * 16), (51, 51, 51, 255)),
        (png(3, 8, b"\x01" * 32, chunk(b"PLTE", bytes(3) + bytes(RED))), (*RED, 255)),
        (encoded(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG", quality=95), (255, 0, 0, 255)),
        (encoded(Image.new("L", (32, 32), 77), "JPEG", quality=95), (77, 77, 77, 255)),
        (encoded(Image.new("LA", (32, 32), (77, 255)), "PNG"), (77, 77, 77, 255)),
    ],
)
def test_every_colour_mode_looks_as_intended(data: bytes, wanted: tuple[int, ...]) -> None:
    assert close(shown(data), wanted)


@pytest.mark.parametrize(
    "data",
    [
        png(0, 1, b"\0" * 4, chunk(b"tRNS", b"\0\0")),
        png(0, 2, b"\x55" * 8, chunk(b"tRNS", b"\0\1")),
        png(0, 4, b"\x33" * 16, chunk(b"tRNS", b"\0\3")),
        png(0, 8, b"\x33" * 32, chunk(b"tRNS", b"\0\x33")),
        png(0, 16, b"\x20\x33" * 32, chunk(b"tRNS", b"\x20\x33")),
        png(2, 8, bytes(RED) * 32, chunk(b"tRNS", struct.pack(">HHH", *RED))),
        png(2, 16, b"\x20\x00" * 96, chunk(b"tRNS", b"\x20\x00" * 3)),
        png(3, 8, b"\x01" * 32, chunk(b"PLTE", bytes(RED) * 2), chunk(b"tRNS", b"\xff\0")),
        encoded(Image.new("LA", (32, 32), (77, 0)), "PNG"),
        encoded(Image.new("RGBA", (32, 32), (*RED, 0)), "WEBP"),
    ],
)
def test_transparency_is_kept(data: bytes) -> None:
    assert shown(data)[3] == 0


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\x99"])
def test_odd_transparency_hides_nothing(body: bytes) -> None:
    assert shown(png(0, 8, b"\x33" * 32, chunk(b"tRNS", body))) == (51, 51, 51, 255)


def swapped_profile() -> bytes:
    """Return an RGB profile with red and blue swapped. If the profile is applied to an image, the image changes visibly."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"s\0R\0G\0B", b"o\0d\0d\0!"))
    tags = profile.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")
    return bytes(tags)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_colour_profile_is_applied_and_removed(form: str) -> None:
    options = {"lossless": True} if form == "WEBP" else {"quality": 95} if form == "JPEG" else {}
    data = encoded(Image.new("RGB", (32, 32), RED), form, icc_profile=swapped_profile(), **options)
    assert close(shown(data)[:3], BLUE, 12)
    assert "icc_profile" not in Image.open(io.BytesIO(reencode(data).data)).info


@pytest.mark.parametrize("profile", [b"x" * 200, b"\0" * 4000, swapped_profile()[:300]])
def test_unusable_colour_profile_is_ignored(profile: bytes) -> None:
    assert close(shown(encoded(Image.new("RGB", (32, 32), RED), "JPEG", quality=95, icc_profile=profile))[:3], RED)


# --- metadata ------------------------------------------------------------------------------------------------------


def exif(orientation: int, order: str = "<") -> bytes:
    """Return an Exif block. The block's first tag points to an invalid offset, and its last tag is the orientation."""
    odd = struct.pack(f"{order}HHII", 0x8769, 13, 0xFFFFFFFF, 0xFFFFFFF0) + struct.pack(f"{order}HHII", 0x010F, 2, 10**9, 10**9)
    turned = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\0\0" + {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HIH", 42, 8, 3) + odd + turned


def halves() -> Image.Image:
    """Return a 64 by 32 image whose upper half is red and whose lower half is blue."""
    image = Image.new("RGB", (64, 32), BLUE)
    image.paste(RED, (0, 0, 64, 16))
    return image


def with_segment(data: bytes, marker: int, body: bytes) -> bytes:
    return data[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data[2:]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [(1, (64, 32), (32, 4)), (3, (64, 32), (32, 28)), (4, (64, 32), (32, 28)), (6, (32, 64), (28, 32)), (8, (32, 64), (4, 32))],
)
def test_photo_with_a_malformed_exif_block_is_upright(
    order: str, orientation: int, size: tuple[int, int], red_at: tuple[int, int]
) -> None:
    data = with_segment(encoded(halves(), "JPEG", quality=95), 0xE1, exif(orientation, order))
    made = reencode(data)
    assert (made.width, made.height) == size
    assert close(shown(data, red_at)[:3], RED, 12)


def test_png_and_webp_photos_are_upright() -> None:
    tagged = png(2, 8, bytes(RED) * 32, chunk(b"eXIf", exif(6)[6:]))
    assert reencode(tagged).width == 32
    webp = encoded(halves(), "WEBP", exif=exif(6))
    assert (reencode(webp).width, reencode(webp).height) == (32, 64)


@pytest.mark.parametrize("body", [b"", b"II", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", exif(9), exif(0)])
def test_unreadable_orientation_counts_as_upright(body: bytes) -> None:
    assert orientation_of(body) == 1


def test_png_with_megabytes_of_text_is_shown() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "x" * 3_000_000, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", "y" * 3_000_000, zip=True)
    texts.add_text("Plain", "z" * 1_200_000)
    assert close(shown(encoded(Image.new("RGB", (32, 32), RED), "PNG", pnginfo=texts))[:3], RED)


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"iCCP", b"name\0\0" + zlib.compress(b"\0" * 50_000_000)),
        chunk(b"iCCP", b"name\0\0not zlib"),
        chunk(b"eXIf", b"odd"),
        chunk(b"pHYs", b"x"),
        chunk(b"gAMA", b""),
        chunk(b"acTL", b"\xff" * 8),
        chunk(b"tIME", b""),
    ],
)
def test_png_with_unknown_chunks_is_accepted(extra: bytes) -> None:
    assert shown(png(2, 8, bytes(RED) * 32, extra))[:3] == pytest.approx(RED, abs=4)


@pytest.mark.parametrize(
    ("marker", "body"),
    [
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"<" * 60_000),
        (0xE2, b"MPF\0II*\0\xff"),
        (0xED, b"Photoshop 3.0\0" + b"8BIM\xff"),
        (0xE0, b"JFIF\0"),
        (0xEE, b"Adobe"),
        (0xFE, b"\xff" * 500),
    ],
)
def test_jpeg_with_unknown_segments_is_accepted(marker: int, body: bytes) -> None:
    assert close(shown(with_segment(encoded(Image.new("RGB", (32, 32), RED), "JPEG", quality=95), marker, body))[:3], RED)


def test_no_metadata_is_kept() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", "somebody's secret")
    for data in (
        encoded(Image.new("P", (32, 32), 3), "PNG", pnginfo=texts),
        with_segment(encoded(halves(), "JPEG"), 0xFE, b"somebody's secret"),
        encoded(halves(), "WEBP", xmp=b"somebody's secret"),
    ):
        assert b"somebody" in data
        assert b"somebody" not in reencode(data).data


@pytest.mark.slow
def test_shrinking_in_strips_leaves_no_seam() -> None:
    ramp = Image.linear_gradient("L").resize((3000, 5000))
    small = Image.open(io.BytesIO(reencode(encoded(ramp, "PNG")).data)).convert("L")
    rows = [small.getpixel((600, row)) for row in range(small.height)]
    assert all(0 <= after - before <= 2 for before, after in itertools.pairwise(rows) if isinstance(after, int))
