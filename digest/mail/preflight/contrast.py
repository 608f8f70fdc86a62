"""Whether every word stands out from its ground: in the light, in the dark and in Outlook.com."""

from __future__ import annotations

from collections.abc import Iterator

from digest.mail.contrast import Scheme, pairs
from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, warns

LEAST = 4.5  # WCAG 2.2, 1.4.3
SCHEMES: tuple[tuple[Scheme, str], ...] = (
    ("light", "on a light screen"),
    ("dark", "in dark mode"),
    ("outlook", "in Outlook.com's dark mode"),
)


def contrast(mail: Mail) -> Iterator[Finding]:
    """One finding a scheme, on the faintest text."""
    for scheme, place in SCHEMES:
        faint = [pair for pair in pairs(mail.html, scheme) if pair.ratio < LEAST]
        if faint:
            worst = min(faint, key=lambda pair: pair.ratio)
            more = f"; {len(faint)} texts are" if len(faint) > 1 else ""
            what = f"“{worst.text[:40]}” is faint {place}: {worst.ink} on {worst.ground} is "
            what += f"{worst.ratio:.1f}:1, under {LEAST}:1{more}"
            mend = "Change one of these colours in your own copy of the template."
            yield warns("contrast", mail.at("HTML part"), what, mend)
