"""The design tokens: every colour, type size and space of the mail, in one place.

Out goes a `Look` per audience: the tokens all editions share and the few that differ, so that
a difference between editions is a row of data and never a second copy of a template.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from digest.values import Audience


@dataclass(frozen=True, slots=True)
class Scheme:
    """The colours of one colour scheme, as #rrggbb (Outlook and Notes misread the short form)."""

    ink: str  # text
    muted: str  # secondary text on the sheet
    muted_on_tint: str  # secondary text in the masthead: darker, to keep 7:1 there
    page: str
    sheet: str
    tint: str
    accent: str
    caveat: str
    hairline: str


@dataclass(frozen=True, slots=True)
class Type:
    """Font sizes and line heights in px; headings follow from the body size."""

    body: int
    line: int
    footer: int
    small: int = 16
    small_line: int = 24
    brand: int = 17
    family: str = "-apple-system,Segoe UI,Roboto,Arial,sans-serif"

    @property
    def h1(self) -> int:
        """The issue's heading."""
        return self.body + 12

    @property
    def h2(self) -> int:
        """A theme's name."""
        return self.body + 5

    @property
    def h3(self) -> int:
        """A card's title."""
        return self.body + 2


@dataclass(frozen=True, slots=True)
class Space:
    """Distances in px, in steps of 2 and 4."""

    width: int = 600
    side: int = 32
    side_phone: int = 20
    phone: int = 480  # up to this width the phone's sides apply
    above_theme: int = 34
    tap: int = 44  # the least height of a link that stands alone


@dataclass(frozen=True, slots=True)
class Look:
    """All tokens of one edition, light and dark."""

    light: Scheme
    dark: Scheme
    type: Type
    space: Space = field(default_factory=Space)


def _look(accent: str, tint: str, accent_dark: str, sizes: Type) -> Look:
    return Look(
        light=Scheme(
            ink="#1c2630",
            muted="#4a5661",
            muted_on_tint="#3a4652",
            page="#f3f1ec",
            sheet="#ffffff",
            tint=tint,
            accent=accent,
            caveat="#b26a00",
            hairline="#d9d5cc",
        ),
        dark=Scheme(
            ink="#eceae5",
            muted="#b9c1c6",
            muted_on_tint="#b9c1c6",
            page="#0f1417",
            sheet="#171d21",
            tint="#1f282d",
            accent=accent_dark,
            caveat="#e0a24a",
            hairline="#344047",
        ),
        type=sizes,
    )


_LARGE = Type(body=18, line=28, footer=16)
_REGULAR = Type(body=16, line=25, footer=14)

LOOKS: dict[Audience, Look] = {
    "patient": _look("#0b5a60", "#e8f2f1", "#7fd3d0", _LARGE),
    "caregiver": _look("#6a2a5b", "#f4ebf2", "#e3a9d5", _LARGE),
    "clinician": _look("#1f3f77", "#e9eef7", "#a9c4f5", _REGULAR),
}
