"""Which living things a study was done in: people, named animals, animals as such."""

from __future__ import annotations

import re

from digest.editorial.cues import cue, plain
from digest.editorial.evidence.reading import GAP, STATED, Reading
from digest.values import Fact

OTHERS = (
    r"monkeys?|marmosets?|primates?|macaques?|rabbits?|guinea pigs?|pigs?|dogs?|fruit flies"
    r"|roundworms"
)
ANIMALS: dict[str, re.Pattern[str]] = {
    "zebrafish": cue(r"zebra ?fish"),
    "mouse": cue(r"mouse|mice|murine"),
    "rat": cue(r"rats?"),
    "animal": cue(
        r"animals?|rodents?|(?:laboratory|lab) models?",
        r"eae|experimental autoimmune encephalomyelitis",
        OTHERS,
    ),
}
OTHER_ANIMALS = cue(OTHERS)  # "animals" beside "mice" are the mice; these are not
# Animals that were not studied: at home, on a plate, or in other people's work.
NOT_STUDIED = cue(
    r"(?:service|support|companion|guide|therapy|assistance|pet) (?:animals?|dogs?)",
    r"(?:not|no|without|instead of|rather than|earlier|previous|past|future) (?:\w+ ){0,3}"
    r"(?:animals?|mice|mouse|rats?|rodents?)",
    r"(?:contact|living) with animals",
    r"animal (?:fats?|products?|protein|bites?|contact)",
)

PEOPLE = (
    r"(?:people|patients?|participants?|adults?|women|woman|men|man|children|child|volunteers?"
    r"|persons?|individuals?|humans?|donors?|respondents?|teenagers|adolescents|veterans|mothers"
    r"|twins|smokers|caregivers?|carers|relatives|everyone|somebody|nobody)"
)
ANY_PEOPLE = cue(PEOPLE, r"survey|questionnaires?|registry", r"in our bod(?:y|ies)")
# "Could help people with MS": whom it is for one day, not who was studied.
FOR_PEOPLE = cue(
    r"(?:for|help(?:s|ing)?|benefit(?:s|ing)?|affects?|treat(?:s|ing)?|protect(?:s|ing)?"
    rf"|millions of|not|whether|other|most of us) (?:\w+ ){{0,3}}{PEOPLE}"
)
SUPPOSED = cue(r"could|might|may|would|will|hopes?|promis\w+|one day|someday|if")

# Beside animals, people count only where the text says that they, or their tissue, took part.
TOOK_PART = cue(
    r"(?:\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|dozens of|hundreds of)"
    rf" (?:\w+ ){{0,3}}{PEOPLE}",
    r"(?:tissues?|samples?|blood|cells?|fluid|brains?|data|scans?|dna|biops\w+|stool|bacteria"
    r"|records|microbes|serum|skin|neurons|microglia) (?:\w+ ){0,4}(?:from|of|in)"
    rf" (?:\w+ ){{0,4}}{PEOPLE}",
    r"human (?:\w+ )?(?:tissues?|cells?|samples?|brains?|blood|microglia|neurons|stem|subjects"
    r"|participants|volunteers|astrocytes|oligodendrocytes|donors?)",
    r"(?:studied|followed|tested|compared|examined|analy[sz]ed|enrolled|recruited|scanned"
    r"|measured|included|involved|looked at|observed)"
    rf" (?:(?!mice\b|mouse\b|rats?\b|animals?\b)[\w-]+ ){{0,7}}{PEOPLE}",
    rf"(?:mice|rats|animals) and (?:\w+ )?{PEOPLE}",
    rf"{PEOPLE} and (?:in )?(?:mice|rats|animals)",
    r"(?:people|patients|humans) (?:with \w+ )?(?:had|showed|were given|were followed|received)",
    r"post-?mortem|autops\w+|donated brains?",
)
WERE_THERE = cue(
    rf"(?:all|only|few|most|every|the) (?:\w+ ){{0,3}}{PEOPLE} (?:\w+ ){{0,3}}"
    r"(?:took part|came|were|was|had|left|signed)"
)
UNTESTED = cue(
    r"not|no|never|unknown|unclear|whether|yet|future|needed|need|still|like|similar|used to"
)


def read_species(reading: Reading) -> Fact[tuple[str, ...]]:
    """The species studied, people first; () when none is stated."""
    named = _animals(reading)
    people = _took_part(reading) if named else _people(reading)
    found = ({"human": people} if people else {}) | named
    sentences = list(dict.fromkeys(found.values()))
    if len(sentences) > 1:  # one sentence that names them all tells it best
        together = (s for s in reading.sentences() if _names_all(plain(s), found))
        sentences = [*together][:1] or sentences
    return Fact(tuple(found), GAP.join(sentences))


def _animals(reading: Reading) -> dict[str, str]:
    """Each animal named and the sentence."""
    named: dict[str, str] = {}
    for species, by_name in ANIMALS.items():
        pattern = OTHER_ANIMALS if species == "animal" and named else by_name
        for part in reading.parts:
            if match := pattern.search(NOT_STUDIED.sub(_blank, part.plain)):
                named.setdefault(species, part.sentence_at(match.start()))
    return named


def _people(reading: Reading) -> str | None:
    """The sentence that says people were studied, where no animal is named."""
    for part in reading.parts:
        if part.field in STATED and (match := ANY_PEOPLE.search(_without_hopes(part.plain))):
            return part.sentence_at(match.start())
    return _took_part(reading) or reading.first(WERE_THERE, ("limits",))


def _took_part(reading: Reading) -> str | None:
    for sentence, words in reading.find(TOOK_PART, ("found", "headline", "limits")):
        before, _, _ = plain(sentence).partition(words)
        if not (SUPPOSED.search(words) or UNTESTED.search(before + words)):
            return sentence
    return None


def _without_hopes(text: str) -> str:
    """`text` with whom it could help one day blanked out, places kept."""
    lines = text.split("\n")
    return "\n".join(
        FOR_PEOPLE.sub(_blank, line) if SUPPOSED.search(line) else line for line in lines
    )


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _names_all(line: str, found: dict[str, str]) -> bool:
    people = "human" not in found or ANY_PEOPLE.search(line) is not None
    return people and all(ANIMALS[name].search(line) for name in found if name != "human")
