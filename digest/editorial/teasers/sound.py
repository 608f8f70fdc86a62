"""How a sentence sounds: whole and sober, or hype, or a picture.

Cues are data; they read `plain` text (lower case, ASCII quotes).
"""

from __future__ import annotations

import re

from digest.editorial.cues import cue

WHOLE = re.compile(r"""[.…]["'”’)\]]*$""")  # headings have no stop, "!" sells, "?" asks
HYPE = cue(
    r"hop(?:e|es|ed|ing|eful\w*)|empower\w*|breakthrough\w*|cur(?:e|es|ed|ing)|miracle\w*",
    r"game[- ]?chang\w*|excit(?:ed|ing|ement)|revolution\w*|thrill\w*|promise of",
    r"encouraging (?:news|results?|findings?|signs?|steps?|picture)",
    r"(?:is|are|was|were|be|very|more|most|feel) encourag(?:ed|ing)",
    r"promising(?! (?:an?|the|to|that|any|more|less|too|no)\b)|inspir\w+|uplifting|amazing",
    r"remarkabl\w+|incredibl\w+|wonderful|groundbreaking|exceptional|new era|look forward",
    r"(?:good|great|welcome) news|take heart|breathe (?:\w+ )*easier|rest easy|peace of mind",
    r"(?:most|much|lot|everything|stand) to (?:gain|benefit)|(?:is|are) (?:\w+ly )?safe",
)
PICTURE = cue(
    r"^(?:think of|imagine|picture|just as|just like)",
    r"(?:it is|it's|is rather|is a (?:little|bit)|just|rather|a bit|a little) (?:like|as)",
    r"(?<!as )much (?:like|as)|as if|as though|resembles?|similar to how|the same way|like an?",
    r"(?:is|are|was|were|works?|acts?|behaves?|serves?) (?:like|as the)|as one \w+s",
    r"the way (?:an? )?\w+ (?:does|would)|if \w+ (?:\w+ )?were an?",
)
# The authors' own voice: in our mail it would be the charity that speaks.
OUR_VOICE = cue(
    r"^(?:in |for )?our|we(?! (?:all|eat|get|age|live|know|meet|look|learn)\b)|our (?:study|work"
    r"|results?|data|findings?|analys[ie]s|trial|patients|sample|team|cohort|group|review)",
)
_AGENT = r"(?:an?|one) (?:\w+ )?(?:\w+(?:er|or|ist)|coach|team|child|parent|person|car|captain)"
# ", like the people who tidy up" is a picture; "things like stress" gives examples.
TAIL = re.compile(
    r"[,;:-] (?:\w+ )?like (?:\w+ing|an?|the|someone|somebody|people|\w+s (?:who|that)) "
    rf"|[,;:-] (?:\w+ )?as {_AGENT} \w+s\b"
)


def is_hype(line: str) -> bool:
    """Whether the plain `line` promises more than a study can."""
    return HYPE.search(line) is not None


def is_clean(text: str, line: str) -> bool:
    """Whether `text`, plain `line`, is a whole sentence without hype, picture, or "we"."""
    return (
        WHOLE.search(text) is not None
        and not is_hype(line)
        and not OUR_VOICE.search(line)
        and not PICTURE.search(line)
        and not TAIL.search(line)
    )
