"""Re-encode a picture from its pixels, without metadata. Runs in a separate process (`__main__`)."""

from __future__ import annotations

import io
import warnings
from math import ceil, floor

from PIL import Image, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError, WebPImagePlugin

from .colours import in_srgb, plain
from .header import Form, Header, fitted, look
from .metadata import Metadata, decoded, split
from .picture import Picture
from .refusal import PictureRefused

# because these plugins are imported here, Pillow does not load all its plugins at the first picture
PLUGINS = (JpegImagePlugin, PngImagePlugin, WebPImagePlugin)

MOST_LOSSLESS = 1_500_000  # largest number of bytes of a lossless result; a larger drawing is encoded like a photo
_OF_PHONES = ("HEIF", "AVIF")
_STRIP_BYTES = 4_000_000  # size of a strip in decoded bytes; an image is scaled strip by strip
_TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # EXIF's orientation → the transposition that makes the picture upright


def reencode(data: bytes) -> Picture:
    """Return the picture upright, without metadata, at most 2048 px on its longest side.

    A PNG with few colours or with greys only, such as a screenshot or drawing, stays lossless unless the result is larger than
    `MOST_LOSSLESS`. Any other picture becomes WebP. Raises PictureRefused if `data` is no picture that the server accepts, is
    damaged, or would cost too much memory.
    """
    header = look(data)
    try:
        pixels, known = split(data, header.form)
        image = _decode(pixels, header)
        if header.form in _OF_PHONES:
            known = decoded(image.info.get("exif") or b"", image.info.get("icc_profile") or b"")
        lossless = image.format == "PNG" and image.mode in ("1", "P", "L")
        small = in_srgb(_shrink(image, known), known.profile)
        del image, pixels
        turn = _TO_UPRIGHT.get(known.orientation)
        return _write(small.transpose(turn) if turn is not None else small, lossless=lossless)
    except PictureRefused:
        raise
    except (MemoryError, Image.DecompressionBombError) as error:
        raise PictureRefused("picture_too_costly") from error
    except UnidentifiedImageError as error:
        raise PictureRefused("not_a_picture") from error
    except Exception as error:  # Pillow's parsers raise a dozen kinds of errors for hostile input
        raise PictureRefused("picture_damaged") from error


def _decode(pixels: bytes, header: Header) -> Image.Image:
    """Decode the first frame of a picture. A JPEG is decoded at 1/2, 1/4 or 1/8 of its size, if that is enough for the result."""
    _load_plugin(header.form)
    with warnings.catch_warnings():
        # this warning is not needed: `look` has already refused pictures above a limit that is lower than Pillow's
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        image = Image.open(io.BytesIO(pixels), formats=(header.form,))
    if not _agrees(image, header):  # the picture has two headers, and `look` has read the header that Pillow does not use
        raise PictureRefused("picture_damaged")
    image.draft("RGB", fitted(*image.size))
    image.load()
    return image


def _agrees(image: Image.Image, header: Header) -> bool:
    if header.form in _OF_PHONES:  # the decoders of HEIC and AVIF have turned and cropped the picture already
        return image.width * image.height <= header.width * header.height
    return image.size == (header.width, header.height)


def _load_plugin(form: Form) -> None:
    """Load the decoder for HEIC or AVIF, and let it use only one thread.

    The stacks of more threads would count as memory of this process, and the process has a memory limit.
    """
    if form == "HEIF":
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.options.THUMBNAILS = pillow_heif.options.AUX_IMAGES = pillow_heif.options.DEPTH_IMAGES = False
        pillow_heif.register_heif_opener()
    elif form == "AVIF":
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def _shrink(image: Image.Image, known: Metadata) -> Image.Image:
    """Scale the image down in strips, so that no second copy of the image is in memory at full size."""
    width, height = fitted(*image.size)
    up = image.height / height
    # number of extra rows above and below a strip that are scaled together with the strip, because the filter reads neighbouring
    # rows and `reduce` rounds
    margin = ceil(3 * up) + 8
    rows = max(1, int(_STRIP_BYTES / (4 * image.width) / up))
    small: Image.Image | None = None
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        first, last = max(0, floor(top * up) - margin), min(image.height, ceil(bottom * up) + margin)
        strip = plain(image.crop((0, first, image.width, last)), known)
        box = (0, top * up - first, image.width, bottom * up - first)
        if small is None:
            small = Image.new(strip.mode, (width, height))
        small.paste(strip.resize((width, bottom - top), Image.Resampling.LANCZOS, box, reducing_gap=3.0), (0, top))
    assert small is not None  # noqa: S101  # a picture has at least one row
    return small


def _write(image: Image.Image, *, lossless: bool) -> Picture:
    image.info.clear()  # remove the metadata; otherwise Pillow writes it into the new picture
    if lossless:
        out = io.BytesIO()
        image.save(out, "PNG")
        if out.tell() <= MOST_LOSSLESS:
            return Picture(out.getvalue(), "image/png", *image.size)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=82, method=4)
    return Picture(out.getvalue(), "image/webp", *image.size)
