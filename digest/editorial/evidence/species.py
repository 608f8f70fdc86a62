"""Which living things a study was done in: people, named animals, animals as such."""

from __future__ import annotations

import re

from digest.editorial.cues import plain
from digest.editorial.evidence.reading import GAP, STATED, Reading
from digest.editorial.evidence.vocabulary import cue
from digest.values import Fact

OTHERS = (
    r"monkeys?|marmosets?|primates?|macaques?|rabbits?|guinea pigs?|pigs?|dogs?|fruit ?fl(?:y"
    r"|ies)|tadpoles?|frogs?|ferrets?|hamsters?|gerbils?|piglets?"
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
    r"(?:service|support|companion|guide|therapy|assistance|pet|farm) (?:animals?|dogs?)",
    r"(?:own(?:s|ed|ing)?|keep(?:s|ing)?|kept|walk(?:s|ed|ing)?|petting|with) (?:an? |the |their "
    r"|his |her )?(?:\w+ )?dogs?|dog (?:owners?|walk\w*)|dogs? (?:at home|walkers?)",
    r"as many animals|animals? names?|names? (?:of )?animals|naming animals|stuffed animals",
    r"cat-and-mouse|cat and mouse|computer (?:mouse|mice)|mouse (?:clicks?|buttons?|cursor|pads?"
    r"|pointer|movements?)|(?:like|as|human|used as|be|being) (?:a )?guinea pigs?|rat race",
    # Background: what was known from animals before people were studied.
    r"(?:after|following|despite|thanks to) [^\n,;]{0,40}(?:in|from|with|on) (?:\w+ )?"
    r"(?:animals|mice|rats|rodents)",
    r"(?:animal|mouse|rat|rodent) (?:studies|work|experiments|research|data|tests) (?:had|have"
    r"|has)",
    r"(?:known|learned|familiar) from (?:\w+ ){0,2}(?:animals|mice|rats)|unlike (?:in "
    r"|with )?(?:mice|animals|rats)|what (?:holds|works|is true) (?:in|for) (?:mice|animals|rats)",
    r"(?:worked|works|helped|helps|mend\w*|repair\w*|promising|success\w*|protect\w*) (?:\w+ ){0,3}"
    r"in (?:animals|mice|rats)(?=[^\n]{0,40}(?:was|were|has been|now|is) (?:now )?(?:tried|tested"
    r"|given|being))",
    r"(?:mouse|rabbit|hamster|goat) antibod\w+|antibod\w+ (?:made|raised|grown) in \w+",
    r"whether [^\n]{0,40}(?:animals?|mice|mouse|rats?|rodents?)",
    r"(?:not|no|without|instead of|rather than|earlier|previous|past|future|nor|never)"
    r" (?:(?!only|but|people|humans?|patients|whether|that|and|just)\w+ ){0,5}"
    r"(?:animals?|mice|mouse|rats?|rodents?)",
    r"had (?:already |earlier |long |previously )?(?:worked|helped|been \w+|hinted|shown|done well"
    r"|proved|looked) (?:\w+ ){0,4}(?:in|on|by) (?:\w+ )?(?:animals|mice|rats|rodents)",
    r"(?:contact|living) with animals",
    r"animal (?:fats?|products?|protein|bites?|contact)",
)

PEOPLE = (
    r"(?:people|patients?|participants?|adults?|women|woman|men|man|children|child|volunteers?"
    r"|persons?|individuals?|humans?|donors?|respondents?|teenagers|adolescents|veterans|mothers"
    r"|twins|smokers|caregivers?|carers|relatives|everyone|somebody|nobody|someone|dwellers|folk"
    r"|employees|siblings|babies|donations|infants|girls?|boys?|villagers|citizens"
    r"|pregnanc(?:y|ies))"
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
    r"(?:\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six"
    r"|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-\w+)?|hundred|dozens? of"
    r"|dozen|hundreds of)"
    rf" (?:\w+ ){{0,3}}{PEOPLE}",
    r"(?:tissues?|samples?|blood|cells?|fluid|brains?|data|scans?|dna|biops\w+|stool|bacteria"
    r"|records|microbes|serum|skin|neurons|microglia) (?:\w+ ){0,4}(?:from|of|in)"
    rf" (?:\w+ ){{0,4}}{PEOPLE}",
    r"human (?:\w+ )?(?:tissues?|cells?|samples?|brains?|blood|microglia|neurons|stem|subjects"
    r"|participants|volunteers|astrocytes|oligodendrocytes|donors?)",
    r"(?:stud(?:ied|ying)|followed|tested|compared|examined|analy[sz]ed|enrolled|recruited|scanned"
    r"|measured|included|involved|looked at|observed)"
    rf" (?:(?!mice\b|mouse\b|rats?\b|animals?\b)[\w-]+ ){{0,7}}{PEOPLE}",
    rf"(?:mice|rats|animals) (?:and|as well as|but also|together with) (?:\w+ )?{PEOPLE}",
    rf"{PEOPLE} (?:with ms )?(?:and|as well as|but also|together with) (?:in )?(?:mice|rats"
    rf"|animals)",
    r"(?:people|patients|humans) (?:with \w+ )?(?:had|showed|were given|were followed|received)",
    rf"{PEOPLE} (?:gave|handed in|provided|donated)",
    r"post-?mortem|autops\w+|donated brains?",
)
HUMAN_MATTERS = cue(
    r"relapses|vaccin\w+|users|risk factors?|cancers?|diagnos\w+|pregnan\w+|depress\w+|side effects"
    r"|clinics?|hospitals?|wheelchairs?|fatigue|wages|questionnaires?|anxi\w+|psycholog\w+"
)
WERE_THERE = cue(
    rf"(?:all|only|few|most|every|the) (?:\w+ ){{0,3}}{PEOPLE} (?:\w+ ){{0,3}}"
    r"(?:took part|came|were|was|had|left|signed)"
)
UNTESTED = cue(
    r"not|no|never|nothing|none|nobody|unknown|unclear|whether|yet|future|needed|need|still"
    r"|(?<!-)like|similar|used to|how"
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
    studied = reading.blanked(NOT_STUDIED)
    named: dict[str, str] = {}
    for species, by_name in ANIMALS.items():
        pattern = OTHER_ANIMALS if species == "animal" and named else by_name
        if sentence := studied.first(pattern):
            named[species] = sentence
    return named


def read_people(reading: Reading) -> Fact[tuple[str, ...]]:
    """People, where the text says that they were studied."""
    people = _people(reading)
    return Fact(("human",), people) if people else Fact(())


def read_human_matters(reading: Reading) -> Fact[tuple[str, ...]]:
    """People, where papers were reviewed on what only people have: relapses, vaccines, risks."""
    sentence = reading.first(HUMAN_MATTERS, STATED)
    return Fact(("human",), sentence) if sentence else Fact(())


def only_background(reading: Reading, design: str) -> bool:
    """Whether animals are named once only, in a study of people: "the drug mends mice; now …".

    `design` is the sentence that tells how people were asked or assigned.
    """
    studied = reading.blanked(NOT_STUDIED)
    naming = {s for pattern in ANIMALS.values() for s, _ in studied.find(pattern)}
    return len(naming) == 1 and design not in naming and _people(reading) is not None


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
