"""Pages, feeds and dumps of the form that the sources read; every word is made up."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("America/New_York")

TITLE = "A Walk a Day Eases Tiredness"
HEADLINE = "Walking every day went along with less tiredness."
FOUND = "Doctors followed 120 people for a year. Those who walked were less tired (p < 0.05)."
WHY = "Patients may try a short walk. Caregivers can come along."
LIMITS = "Only one clinic took part. A Q&A with the authors is planned."
JOURNAL = "Sample Journal of Walking & Rest"
CUT = (
    "Learn how an entirely different study of swimming was done, and what that means for people wh"
)
OTHER_CUT = "Discover why a third study looked at sleep, and how a nap may change the way tha"

DISCLAIMER = (
    "Whether you’ve recently been diagnosed or not, reading can be hard. Studies in medical "
    f"journals like {JOURNAL} often range from small to large.\n"
    "However, not all of it is alike. Some studies are small.\n"
    "By showing many studies we hope to help."
)
CARDS = f"12/31/2026\n{CUT}\nRead More5/1/2026\n{OTHER_CUT}\nRead More"
DUMP = f"\n{HEADLINE}\n{FOUND}\n{WHY}\n{LIMITS}\n{CARDS}{DISCLAIMER}"
NO_CONTENT = (CUT, OTHER_CUT, "Read More", "Whether you", "However, not all", "By showing many")


def escaped(text: str) -> str:
    """Text as it stands in HTML or XML."""
    return text.replace("&", "&amp;").replace("<", "&lt;")


SECTIONS = f"""
  <section class="found"><h2>What was found</h2><p>{escaped(FOUND)}</p></section>
  <section class="why"><h2>Why it matters</h2><p>{WHY}</p></section>
  <section class="limits"><h2>Limits</h2><p>{escaped(LIMITS)}</p></section>"""
RELATED = f"""
  <aside class="related"><h2>Related</h2>
    <div class="card"><time datetime="2026-12-31">12/31/2026</time><p>{CUT}</p>
      <a>Read More</a></div>
    <div class="card"><time datetime="2026-05-01">5/1/2026</time><p>{OTHER_CUT}</p>
      <a href="/x">Read More</a></div>
  </aside>"""
FOOTER = "<footer class='disclaimer'>" + "".join(
    f"<p>{escaped(line)}</p>" for line in DISCLAIMER.split("\n")
) + "</footer>"  # fmt: skip


def a_page(
    *,
    title: str = f"<h1>{TITLE}</h1>",
    headline: str = f'<p class="headline">{HEADLINE}</p>',
    sections: str = SECTIONS,
    date: str = '<time datetime="2026-10-03">October 3, 2026</time>',
    facts: str = '<a href="https://doi.org/10.5555/walk.2026.1">The study</a>',
    journal: str = f'<p class="journal">{escaped(JOURNAL)}</p>',
    below: str = RELATED + FOOTER,
    head: str = '<link rel="canonical" href="https://news.example.org/walk">',
    kind: str = "summary",
) -> str:
    """An HTML page of the documented structure."""
    return (
        f"<!doctype html><html><head><title>Site | {TITLE}</title>{head}"
        "<script>var cards = '<p>script</p>';</script></head><body><nav><a>Home</a></nav>"
        f'<article class="{kind}">{title}{headline}{date}{sections}{facts}{journal}{below}'
        "</article></body></html>"
    )


def an_item(
    *, title: str = TITLE, text: str = "", date: str = "Sat, 03 Oct 2026 09:00:00 GMT", n: int = 1
) -> str:
    """One item of an RSS feed; `text` is HTML."""
    return (
        f"<item><title>{escaped(title)}</title><link>https://news.example.org/{n}</link>"
        f"<guid isPermaLink='false'>tag:{n}</guid><pubDate>{date}</pubDate>"
        f"<description><![CDATA[{text or a_text()}]]></description></item>"
    )


def a_text() -> str:
    """The full text of a feed's entry: four paragraphs in order."""
    return "".join(f"<p>{escaped(part)}</p>" for part in (HEADLINE, FOUND, WHY, LIMITS))


def a_feed(*items: str) -> bytes:
    """An RSS feed."""
    return (
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>"
        f"<title>Studies</title>{''.join(items)}</channel></rss>\n"
    ).encode()
