"""Convert a picture's colours, whatever their representation, to sRGB with eight bits a channel."""

from __future__ import annotations

import io

from PIL import Image, ImageChops, ImageCms

from .metadata import Metadata

_HIGH_BYTE = [value >> 8 for value in range(1 << 16)]
_SPACES = {"L": "GRAY", "RGB": "RGB", "RGBA": "RGB", "CMYK": "CMYK"}


def plain(image: Image.Image, known: Metadata) -> Image.Image:
    """Return the image in one of Pillow's modes L, RGB and RGBA, with eight bits a channel.

    A CMYK image with a colour profile stays CMYK, because `in_srgb` needs the profile to convert it.
    """
    alpha = _alpha(image, known)
    if image.mode.startswith("I"):
        image = image.convert("I").point(_HIGH_BYTE, "L")
    if alpha is not None:
        image = image.convert("RGB")
        image.putalpha(alpha)
        return image
    if image.mode in ("L", "RGB", "RGBA") or (image.mode == "CMYK" and known.profile):
        return image
    if image.mode == "1":
        return image.convert("L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return an image converted from its colour profile to sRGB. `image`: a result of `plain`. An unusable profile is ignored."""
    if profile and not _is_srgb(profile):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() == _SPACES[image.mode]:
                to_mode = "RGBA" if image.mode == "RGBA" else "RGB"
                shown = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=to_mode)
                image = shown if shown is not None else image
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return image.convert("RGB") if image.mode == "CMYK" else image


def _is_srgb(profile: bytes) -> bool:
    """Return whether a colour profile is sRGB, as in most pictures.

    The name of such a profile contains “sRGB” (ASCII or UTF-16).
    """
    return b"sRGB" in profile or b"\0s\0R\0G\0B" in profile


def _alpha(image: Image.Image, known: Metadata) -> Image.Image | None:
    """Return an alpha channel for a PNG in which one colour is transparent. Return None for other pictures.

    Pillow scales samples of fewer than eight bits to the range 0 to 255. So the transparent colour is scaled in the same way.
    """
    samples = known.transparent
    if not samples:
        return None
    if image.mode.startswith("I"):
        return image.convert("I").point([0 if value == samples[0] else 255 for value in range(1 << 16)], "L")
    if image.mode == "1":
        image = image.convert("L")
    if len(image.getbands()) != len(samples):
        return None
    same: Image.Image | None = None
    for band, sample in zip(image.split(), samples, strict=True):
        shown = sample >> 8 if known.depth == 16 else sample * 255 // (2**known.depth - 1)
        equal = band.point([255 if value == shown else 0 for value in range(256)])
        same = equal if same is None else ImageChops.darker(same, equal)
    return None if same is None else ImageChops.invert(same)
