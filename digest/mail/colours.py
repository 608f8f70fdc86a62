"""Colours as mails write them: read, measured, and turned as dark mail clients turn them.

In comes what a style or attribute says, out goes #rrggbb in small letters, or None for whatever is
no opaque colour in a form that mails use.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_NAMES = {
    "aqua": "#00ffff", "black": "#000000", "blue": "#0000ff", "fuchsia": "#ff00ff",
    "gray": "#808080", "green": "#008000", "grey": "#808080", "lime": "#00ff00",
    "maroon": "#800000", "navy": "#000080", "olive": "#808000", "purple": "#800080",
    "red": "#ff0000", "silver": "#c0c0c0", "teal": "#008080", "white": "#ffffff",
    "yellow": "#ffff00",
}  # fmt: skip
_SHORT = re.compile(r"#[0-9a-f]{3}")
_LONG = re.compile(r"#[0-9a-f]{6}")
_PART = r"\s*([0-9]{1,3})\s*"
_RGB = re.compile(rf"rgba?\({_PART}[, ]{_PART}[, ]{_PART}(?:[,/]\s*1\s*)?\)")
_IN_BACKGROUND = re.compile(r"[^\s(]+(?:\([^)]*\))?")

_MIDDLE = 0.184  # luminance of the grey halfway between black and white to the eye (L* 50)
_DARKEST = 21.247  # L* of #333333, on which Outlook's dark mode sets a white page

# Linear sRGB to CIE XYZ and back (IEC 61966-2-1); the row of Y is WCAG's relative luminance.
_TO_XYZ = (
    (0.4124, 0.3576, 0.1805),
    (0.2126, 0.7152, 0.0722),
    (0.0193, 0.1192, 0.9505),
)
_FROM_XYZ = (
    (3.2406, -1.5372, -0.4986),
    (-0.9689, 1.8758, 0.0415),
    (0.0557, -0.2040, 1.0570),
)
_WHITE = (0.9505, 1.0, 1.0890)


def colour(value: str) -> str | None:
    """A CSS colour in small letters: #rgb, #rrggbb, rgb(), or one of the basic names."""
    if _LONG.fullmatch(value):
        return value
    if _SHORT.fullmatch(value):
        return "#" + "".join(digit * 2 for digit in value[1:])
    if found := _RGB.fullmatch(value):
        return "#" + "".join(f"{min(int(part), 255):02x}" for part in found.groups())
    return _NAMES.get(value)


def ground_colour(value: str) -> str | None:
    """The colour in a CSS `background`, which may also name an image, its place and more."""
    if "gradient" in value:
        return None
    return next(filter(None, map(colour, _IN_BACKGROUND.findall(value))), None)


def attribute_colour(value: str | None) -> str | None:
    """The colour of a `bgcolor` attribute, where the # may be left out (HTML, "legacy color")."""
    value = (value or "").strip().lower()
    return colour(value) or colour(f"#{value}")


@lru_cache(maxsize=1024)
def ratio(one: str, other: str) -> float:
    """The contrast ratio of two #rrggbb colours, 1 to 21 (WCAG 2.2, "contrast ratio").

    Raises ValueError as `luminance` does.
    """
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(one: str) -> float:
    """How bright #rrggbb is, 0 to 1 (WCAG 2.2, "relative luminance").

    Raises ValueError when the colour is written in any other form.
    """
    return _xyz(one)[1]


@lru_cache(maxsize=1024)
def recoloured(ink: str, ground: str, *, whole: bool) -> tuple[str, str]:
    """Ink and ground as a client shows them that turns light to dark by itself.

    `whole`: every colour's lightness is turned around; otherwise light grounds and dark ink alone.
    No client tells how it does that, so this is the harsher of two ways: HSL leaves a saturated
    ink dark on black; the eye's lightness (CIE L*, as in Microsoft's roosterjs) knows no black.
    """
    turn_ink = whole or luminance(ink) < _MIDDLE
    turn_ground = whole or luminance(ground) > _MIDDLE
    shown = [
        (turned(ink) if turn_ink else ink, turned(ground) if turn_ground else ground)
        for turned in (_turned_in_hsl, _turned_for_the_eye)
    ]
    return min(shown, key=lambda pair: ratio(*pair))


def _turned_in_hsl(one: str) -> str:
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(one))
    return _written(colorsys.hls_to_rgb(hue, 1 - lightness, saturation))


def _turned_for_the_eye(one: str) -> str:
    """White becomes #333333 and black white, in CIE L*a*b* with a* and b* as they were."""
    roots = [_root(part / white) for part, white in zip(_xyz(one), _WHITE, strict=True)]
    lightness = 116 * roots[1] - 16
    turned = _DARKEST + (100 - lightness) * (1 - _DARKEST / 100)
    shift = (turned - lightness) / 116  # the same for all three: a* and b* are their differences
    xyz = [_power(root + shift) * white for root, white in zip(roots, _WHITE, strict=True)]
    return _written(_encoded(min(max(_dot(row, xyz), 0.0), 1.0)) for row in _FROM_XYZ)


def _xyz(one: str) -> list[float]:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _channels(one)
    ]
    return [_dot(row, linear) for row in _TO_XYZ]


def _dot(row: Sequence[float], column: Sequence[float]) -> float:
    return sum(one * other for one, other in zip(row, column, strict=True))


def _root(part: float) -> float:
    return float(part ** (1 / 3)) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116


def _power(root: float) -> float:
    return root**3 if root > 6 / 29 else (116 * root - 16) * 27 / 24389


def _encoded(linear: float) -> float:
    return linear * 12.92 if linear <= 0.0031308 else float(1.055 * linear ** (1 / 2.4) - 0.055)


def _channels(one: str) -> list[float]:
    if not _LONG.fullmatch(one.lower()):
        raise ValueError(f"{one!r} is not a colour as #rrggbb")
    return [int(one[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def _written(channels: Iterable[float]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in channels)
