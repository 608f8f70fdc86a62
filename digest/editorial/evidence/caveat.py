"""The main caveat of a study: the whole sentence that names its strongest limit."""

from __future__ import annotations

import re

from digest.editorial.cues import plain
from digest.editorial.evidence.reading import Reading
from digest.editorial.evidence.species import ANIMALS
from digest.editorial.evidence.vocabulary import cue
from digest.values import Fact

NUMBER = (
    r"(?:\d[\d,]*|one|two|three|four|five|six|seven|eight|nine|ten|twelve|\w+teen|\w+ty(?:-\w+)?)"
)

# "Talk to your doctor" says nothing of the study; it is no caveat.
ADVICE = cue(
    r"(?:talk|speak|discuss\w*|consult|check|agree\w*|planned|taken|conversation|ask) (?:\w+ ){0,6}"
    r"(?:with|to|between|their|your|a|the) (?:\w+ ){0,3}"
    r"(?:doctors?|dietitian|teams?|providers?|neurologists?|professionals?)",
    r"(?:patients?|people|anyone|everyone|readers) (?:\w+ ){0,3}(?:should|need to|must)",
    r"important (?:for|to)",
    r"should (?:always )?(?:be (?:taken|agreed|planned|discussed)|stay|not be tried)",
    r"belongs? in a conversation",
    r"remains a decision",
)
ANIMAL_OR_LAB = cue(
    r"animals?|mice|mouse|rats?|zebra ?fish|rodents?|monkeys?|laborator\w+|lab|in dishes",
    r"cell cultures?|who had died|autopsy|early drug development|preclinical|test tubes?",
    r"not (?:yet )?(?:been )?tested in (?:people|humans|patients)",
)
NO_RESULTS_YET = cue(r"protocol", r"no (?:results|findings)", r"not (?:yet )?(?:started|begun)")
SMALL_OR_LOOKING_BACK = cue(
    r"small(?:er)?|tiny|few|modest|not many|limited number",
    r"hindsight|retrospective\w*|past cases|look(?:ed|ing)? back",
    r"not randomi[sz]ed|no (?:control|comparison)\w*|without a control",
    rf"(?:only|just|covers) {NUMBER} (?:\w+ ){{0,2}}"
    r"(?:people|patients?|participants|persons?|families)",
    rf"{NUMBER} (?:conversations|interviews|people answered|patients (?:were|having))",
)
ONE_PLACE_OR_GROUP = cue(
    r"(?:one|single|a particular|one particular|one specific|certain) (?:\w+ ){0,2}"
    r"(?:cent(?:er|re)|clinic|countr(?:y|ies)|region|hospital|site|setting|group|set|patients"
    r"|city)",
    r"descent|limited to",
    r"(?:data|participants|patients|everyone|people|results) (?:all )?(?:came|come|comes) from",
    r"only (?:people|patients|women|men|those|adults)",
    r"(?:had|have) all|all (?:the )?(?:patients|participants|people)",
    r"other (?:countries|places|populations|groups)",
)
GENERIC = cue(
    r"not|cannot|no|unknown|unclear|uncertain|differ\w*|vary|varied|association|needed|limit\w*",
    r"\w+n't|more (?:research|studies)|however|could|may|might|still|experimental|obstacle",
    r"challenges?|only|basic",
)
FROM_STRONGEST: tuple[re.Pattern[str], ...] = (
    ANIMAL_OR_LAB,
    NO_RESULTS_YET,
    SMALL_OR_LOOKING_BACK,
    ONE_PLACE_OR_GROUP,
    GENERIC,
)


def read_caveat(reading: Reading, *, animals_only: bool) -> Fact[str | None]:
    """The strongest limit that the summary names, as its whole sentence; None when it names none.

    A study in animals alone never loses "in mice" (law 9): when no limit says so, the first
    sentence that does is the caveat.
    """
    limits = [s for s in reading.sentences(("limits",)) if not ADVICE.search(plain(s))]
    if animals_only:
        everywhere = [*limits, *reading.sentences()]
        naming = (s for s in everywhere if any(p.search(plain(s)) for p in ANIMALS.values()))
        return _fact(next(naming, None))
    for strength in FROM_STRONGEST:
        for sentence in limits:
            if strength.search(plain(sentence)):
                return _fact(sentence)
    return _fact(limits[0] if limits else None)


def _fact(sentence: str | None) -> Fact[str | None]:
    return Fact(sentence, sentence or "")
