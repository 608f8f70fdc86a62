"""How many people were studied: all groups added; None when the summary does not say.

Every number is read with what stands around it. Papers, years, percentages, ratios, animals,
gene variants, groups of a whole already counted, and people of the world at large are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from digest.editorial.cues import cue, plain, words
from digest.editorial.evidence.numbers import integer, read_number
from digest.editorial.evidence.reading import GAP, Reading
from digest.values import Fact

TOKEN = re.compile(r"[^\W_]+(?:[.,'/-][^\W_]+)*%?|[^\w\s]")

PEOPLE = words(
    "people patients participants adults women men children volunteers persons individuals "
    "respondents subjects relatives caregivers carers veterans teenagers adolescents controls "
    "students nurses neurologists clinicians doctors mothers smokers survivors members replies "
    "responses residents parents couples"
)
DEMONYM = re.compile(r"[A-Z][a-z]+(?:ians|eans|icans|ans|ese|landers|ards)")  # "16,000 Italians"
# Between the number and its people stand only words that describe the people.
BREAKS = words(
    "of in on for with and or to than from by at as is are was were had have has that which who "
    "year years month months week weeks day days hour hours minutes percent times points studies "
    "trials papers articles cancers centers centres countries clinics hospitals sites questions "
    "items groups group lesions genes variants cells cases mice mouse rats animals samples scans "
    "the a an other more further additional out per every each these those"
)
NO_HEAD_COUNT_AFTER = words("every per each no any")  # "no two patients are alike"
SUPPOSED = words("may might can could will would")
SIZES_OF = [[noun, "of"] for noun in ("group", "sample", "cohort", "total")]
IN_ALL = (["in", "all"], ["in", "total"])
GROUP_STARTS = words("in received got took on were given with without had who did")
GROUP_NOUN = cue(r"group|arm|placebo|without|received|got|took|given")
JOINING = words("and versus vs plus compared while whereas")
LINKS = JOINING | words(", ) against")
STOPS_LINK = words(
    "found showed saw improved reported that whom including which ( : ; because so but then among "
    "where"
)
OUTCOMES = words(
    "improved worsened relapsed died finished completed dropped developed stopped experienced "
    "felt reported showed did left went got had"
)
MOST_PEOPLE = 100_000_000  # above, it is a slip or the people of a continent
WHOLES = words("of among")  # "Of 250 people, 120 …": the rest of the sentence are parts
# The people of the world, and people still to be asked.
NOT_STUDIED = cue(
    r"worldwide|globally|around the world|in the world|(?:is|are) estimated|each year|per year",
    r"will",
    r"affects? (?:about|more|nearly|around|over|up|an|\d)",
    r"(?:are living|live|living) with (?:ms|multiple sclerosis) in",
    r"people (?:\w+ ){0,5}have (?:ms|multiple sclerosis)",
)
OTHER_STUDY = cue(r"(?:larger|future|bigger|upcoming|earlier|previous)(?: \w+)? (?:study|trial)")
EACH_GROUP = cue(r"(?:each|either|both|per) (?:\w+ )?(?:groups?|arms?)")
HOW_MANY_GROUPS = cue(r"(?:two|three|four|five|[2-5]) (?:\w+ )?(?:groups|arms)")
N_EQUALS = re.compile(r"\bn ?= ?(\d[\d,]{0,9})", re.ASCII)
OF_THESE = re.compile(r"(?:of|among) (?:these|them)\b")
CONTROL = cue(r"healthy|controls?|without (?:it|ms|the disease|multiple)|did not have")
COMPARED = cue(r"compar\w+|controls?|alongside|as well as|also")
ONE_PATIENT = cue(
    r"(?:one|a single|1) (?:patient|person|woman|man|child|girl|boy|case)",
    r"a \d+-year-old",
    r"a (?:[\w-]+ ){0,2}(?:woman|man|girl|boy|patient)",
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A number of people in a sentence; `start` and `end` count tokens."""

    count: int
    start: int
    end: int
    bare: bool  # "109 in the cannabis group": the noun is left out
    control: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """The people counted in one sentence."""

    total: int
    sentence: str
    firm: bool = True  # False: parts of a whole ("of these, 83 had …") that may have a number too
    controls: bool = False  # people compared with those of another sentence


def read_participants(reading: Reading, species: tuple[str, ...]) -> Fact[int | None]:
    """Everyone studied, arms and controls added. "More than N" counts as N."""
    if species and "human" not in species:
        return Fact(None)
    groups = _number_of_groups(reading)
    tallies = [_tally(sentence, groups) for sentence in reading.sentences()]
    studied = _largest(t for t in tallies if t.firm and not t.controls)
    controls = _largest(t for t in tallies if t.firm and t.controls)
    kept = [*studied, *controls] or _largest(t for t in tallies if not t.firm)
    if not kept:
        return Fact(None)
    return Fact(sum(t.total for t in kept), GAP.join(t.sentence for t in kept))


def single_patient(reading: Reading) -> Fact[int | None]:
    """The one patient of a case report that gives no number."""
    sentence = reading.first(ONE_PATIENT)
    return Fact(1, sentence) if sentence else Fact(None)


def _largest(tallies: Iterable[Tally]) -> list[Tally]:
    """The largest tally that is not nothing, in a list; the first of equals."""
    return sorted((t for t in tallies if t.total), key=lambda t: -t.total)[:1]


def _tally(sentence: str, groups: int) -> Tally:
    line = plain(sentence)
    if NOT_STUDIED.search(line):
        return Tally(0, sentence)
    each = groups if EACH_GROUP.search(line) else 1
    if sizes := [integer(size) for size in N_EQUALS.findall(line)]:
        return Tally(_sum_of_groups(sizes, each), sentence)
    tokens = [match[0] for match in TOKEN.finditer(sentence.replace("’", "'"))]
    tallies = []
    for chain in _chains(tokens, _mentions(tokens)):
        if len(chain) == 1 and chain[0].bare:
            continue  # a number without a noun, alone, is as likely a part of the whole
        total = _sum_of_groups([m.count for m in chain], each if len(chain) == 1 else 1)
        controls = all(m.control for m in chain) and COMPARED.search(line) is not None
        firm = not all(m.bare for m in chain) or _names_groups(tokens, chain)
        tallies.append(Tally(total, sentence, firm and not OF_THESE.match(line), controls))
    return max(tallies, key=lambda t: (t.firm, t.total), default=Tally(0, sentence))


def _sum_of_groups(sizes: list[int], each: int) -> int:
    """The sum; but "120 people, 80 women and 40 men" are 120."""
    if len(sizes) > 2 and sizes[0] == sum(sizes[1:]):
        return sizes[0]
    return sum(sizes) * each


def _number_of_groups(reading: Reading) -> int:
    for _, hit in reading.find(HOW_MANY_GROUPS):
        number = read_number(hit.split(), 0)
        return number[0] if number else 2
    return 2


# ── numbers and what they count ───────────────────────────────────────────────────────────


def _mentions(tokens: list[str]) -> list[Mention]:
    lower = [token.lower() for token in tokens]
    mentions: list[Mention] = []
    place = 0
    while place < len(tokens):
        number = read_number(lower, place)
        if number is None:
            place += 1
            continue
        count, after = number
        mention = _mention(tokens, lower, count, place, after)
        if mention and mentions and _tells_an_outcome(lower, mention):
            mention = None  # "… and 40 people improved": a part of those before
        if (
            mention
            and 1 < count <= MOST_PEOPLE
            and not OTHER_STUDY.search(" ".join(lower[max(0, place - 20) : place]))
        ):
            mentions.append(mention)
        place = after
    return mentions


def _mention(
    tokens: list[str], lower: list[str], count: int, start: int, after: int
) -> Mention | None:
    """What the number counts, when that is people; None when it is a ratio or something else."""
    previous = lower[start - 1] if start else ""
    if previous in NO_HEAD_COUNT_AFTER or _is_ratio(lower, count, start):
        return None
    noun = _people_after(tokens, lower, after)
    if noun is None and lower[max(0, start - 2) : start] in SIZES_OF:
        noun = after - 1  # "a group of 64"
    if noun is None:
        if lower[after : after + 2] in IN_ALL and PEOPLE.intersection(lower):
            return Mention(count, start, after + 2, bare=False, control=False)
        follows = lower[after] if after < len(lower) else ""
        if follows in GROUP_STARTS:
            tail = " ".join(lower[after : after + 6])
            return Mention(count, start, after, bare=True, control=bool(CONTROL.search(tail)))
        return None
    if count <= 10 and lower[noun + 1 : noun + 2] and lower[noun + 1] in SUPPOSED:
        return None  # "two people may react differently"
    context = " ".join(lower[start : noun + 4])
    return Mention(count, start, noun + 1, bare=False, control=bool(CONTROL.search(context)))


def _tells_an_outcome(lower: list[str], mention: Mention) -> bool:
    before, after = lower[mention.start - 1], lower[mention.end : mention.end + 1]
    return not mention.bare and before in ("and", ",") and bool(OUTCOMES.intersection(after))


def _people_after(tokens: list[str], lower: list[str], after: int) -> int | None:
    """Where the word for people stands after the number, at most four words on."""
    for place in range(after, min(after + 5, len(tokens))):
        if lower[place] in PEOPLE or DEMONYM.fullmatch(tokens[place]):
            return place
        if lower[place] in BREAKS or not lower[place][0].isalpha():
            return None
    return None


def _is_ratio(lower: list[str], count: int, start: int) -> bool:
    """Whether it is no head count: "two of three people", "1 in 300", "nine out of ten"."""
    before = start - 1
    if before >= 1 and lower[before] == "of" and lower[before - 1] in ("out", "third", "half"):
        return count <= 10
    if before < 1 or lower[before] not in ("in", "of"):
        return False
    first = read_number(lower, before - 1)
    return first is not None and (lower[before] == "in" or count <= 10)


# ── groups that belong together ───────────────────────────────────────────────────────────


def _chains(tokens: list[str], mentions: list[Mention]) -> list[list[Mention]]:
    """Mentions joined by "and", "versus" and the like: the arms of one study."""
    chains: list[list[Mention]] = []
    for mention in mentions:
        if chains and _joined(tokens, chains[-1][-1], mention):
            chains[-1].append(mention)
        else:
            chains.append([mention])
    return chains


def _joined(tokens: list[str], left: Mention, right: Mention) -> bool:
    between = [token.lower() for token in tokens[left.end : right.start]]
    compared = between[-1:] in (["with"], ["to"]) and any(
        token.lower().startswith("compar") for token in tokens[: right.start]
    )
    if len(between) > 14 or not (compared or LINKS.intersection(between)):
        return False
    if right.bare and not left.bare and not JOINING.intersection(between):
        return False  # "Of 250 people, 120 had …"
    if tokens[0].lower() in WHOLES and left.start <= 3 and not left.bare:
        return False  # "Among 1,500 people, 300 people …"
    return not STOPS_LINK.intersection(between)


def _names_groups(tokens: list[str], chain: list[Mention]) -> bool:
    start, end = chain[0].start, chain[-1].end + 6
    return GROUP_NOUN.search(" ".join(tokens[start:end]).lower()) is not None
