"""The telling words of a text, without their endings.

Words that stand in any summary alike ("study", "patients", "doctors") tell nothing of its theme.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from digest.editorial.cues import words

WORD = re.compile(r"[^\W\d_]{2,}(?:\d+)?")
SHORTEST_STEM = 4
# In the order in which they are tried; the first that leaves a stem is cut.
ENDINGS = ("ations", "ation", "ities", "ity", "ness", "ings", "ing", "ies", "ers", "ed", "er",
           "es", "s", "ly", "al", "ic", "e", "y")  # fmt: skip
COMMON = words(
    """
    a about above after again against ago all almost alone along already also although always am
    among an and another any anyone are around as ask asked at away back be because become been
    before behind being below best better between both but by called came can cannot case cases
    change changed changes clear close come compared could day days did differ difference
    different do does doing done down due during each early either else end enough even ever every
    everyone example far few fewer find finding findings first five followed following for found
    four from full further gave get give given gives go goes good great group groups had half hard
    has have having he help helped helping helps her here high higher him his how however idea if
    important in into is it its just keep kept kind know known large larger last late later least
    less let like likely little long longer look looked looking looks low lower made main make
    makes making many may mean means might month months more most much must near need needed needs
    never new next no non none nor not nothing now number of off often old on once one only onto
    open or other others our out over own part parts people per perhaps person piece place point
    possible put quite rather read really reported result results said same saw say says second
    see seem seemed seen set several she should show showed shown shows side similar simple since
    single six size small smaller so some someone something soon still study studied studies such
    suggest suggested suggests sure take taken takes team ten than that the their them then there
    these they thing things think third this those though three through time times to today
    together told too took toward towards tried true try turn two under until up upon us use used
    useful uses using usual usually very want was way ways we week weeks well went were what when
    where whether which while who whole whom whose why will with within without word words work
    worked working would year years yet you your
    ms multiple sclerosis disease condition patient patients caregiver caregivers provider providers
    healthcare health doctor doctors clinician clinicians research researcher researchers scientist
    scientists author authors participants volunteers community limit limits limitation
    limitations conclusion evidence information understand understanding learn future
    """
)


def stems(text: str) -> Iterable[str]:
    """The telling words of a text without their endings: "tired", "tiredness" → "tir"."""
    for word in WORD.findall(text.lower()):
        if word not in COMMON:
            yield _stem(word)


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word[: -len(ending)]
    return word
