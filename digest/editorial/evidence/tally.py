"""How many people one sentence counts, and what it tells of them.

In: a sentence. Out: its tally: the largest number of people in it, its groups added, with what
`participants.py` has to know to put the sentences together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from digest.editorial.evidence import count_cues
from digest.editorial.evidence.groups import chains
from digest.editorial.evidence.head_counts import TOKEN, Mention, mentions_in
from digest.editorial.evidence.numbers import HOLDS_NUMBER, integer, read_number

AT_HEAD = 2  # words before the number of a group that opens its sentence ("Another 30 waited")
FEW = 4  # "four healthy twins had …" is a find, no group


@dataclass(frozen=True, slots=True)
class Tally:
    """The people counted in one sentence."""

    total: int
    sentence: str
    firm: bool = True  # False: parts of a whole ("of these, 83 had …") that may have a number too
    extra: bool = False  # people who come on top of those of another sentence
    opens: bool = False  # one group, and what it was given, at the head of the sentence
    alone: bool = False  # … without its noun: counts only beside other such sentences
    rough: bool = False  # "nearly 2,500"
    acts: bool = False  # what the people were given or did is told


@dataclass(frozen=True, slots=True)
class Counted:
    """A sentence, its words, and what it counts."""

    line: str
    lower: list[str]
    tally: Tally


def count_sentence(sentence: str, line: str, groups: int) -> Counted:
    if not HOLDS_NUMBER.search(line) or count_cues.NOT_STUDIED.search(line):
        return Counted(line, [], Tally(0, sentence))
    apart = sentence.replace("’", "'")
    if "each" in line or "every" in line:
        apart = _without_matched(apart)
    tokens = [match[0] for match in TOKEN.finditer(apart)]
    lower = [token.lower() for token in tokens]
    each = groups if count_cues.EACH_GROUP.search(line) else 1
    if each > 1 and (places := count_cues.PLACES_EACH.search(line)):
        each = number(places["places"])
    if sizes := [integer(size) for size in count_cues.N_EQUALS.findall(line)]:
        return Counted(line, lower, Tally(sum_of_groups(sizes, each), sentence))
    mentions = [m for m in mentions_in(tokens, lower) if not _of_other_study(lower, m)]
    tallies = [_tally(chain, sentence, line, each) for chain in chains(lower, mentions)]
    best = max(tallies, key=lambda t: (not t.alone, t.firm, t.total), default=Tally(0, sentence))
    return Counted(line, lower, replace(best, opens=best.opens and len(tallies) == 1))


def _without_matched(sentence: str) -> str:
    """`sentence` without those whom "each was matched with": `participants.py` adds them."""
    matched = count_cues.EACH_MATCHED.search(sentence)
    return sentence[: matched.start("own")] + sentence[matched.end() :] if matched else sentence


def _tally(chain: list[Mention], sentence: str, line: str, each: int) -> Tally:
    first = chain[0]
    acts = any(m.arm or m.control or m.whole for m in chain)
    opens = any(m.arm for m in chain) and (
        first.start <= AT_HEAD or count_cues.IN_THE_FIRST.match(line) is not None
    )
    if len(chain) == 1 and first.whole:
        return Tally(first.count, sentence, firm=False)
    if len(chain) == 1 and first.bare and each == 1:
        # A number without a noun, alone, is as likely a part of the whole.
        return Tally(first.count if opens else 0, sentence, opens=opens, alone=True, acts=acts)
    total = sum_of_groups([m.count for m in chain], each if len(chain) == 1 else 1)
    controls = all(m.control for m in chain) and (
        count_cues.COMPARED.search(line) is not None
        or (first.start <= AT_HEAD and first.count > FEW)
    )
    again = count_cues.REPEATED_IN.search(line) is not None
    second = again or (
        count_cues.SECOND_COHORT.search(line) is not None
        and count_cues.CONFIRMED.search(line) is not None
    )
    extra = (controls or second) and not count_cues.MENTIONED_BEFORE.search(line)
    firm = not all(m.bare for m in chain) or _names_groups(line, chain)
    firm = firm and not count_cues.OF_THESE.match(line)
    rough = len(chain) == 1 and first.rough
    return Tally(total, sentence, firm, extra, opens, rough=rough, acts=acts)


def _names_groups(line: str, chain: list[Mention]) -> bool:
    return all(m.arm for m in chain) or count_cues.GROUP_NOUN.search(line) is not None


def _of_other_study(lower: list[str], mention: Mention) -> bool:
    before = " ".join(lower[max(0, mention.start - 20) : mention.start])
    return count_cues.OTHER_STUDY.search(before) is not None


def sum_of_groups(sizes: list[int], each: int) -> int:
    """The sum; but "120 people, 80 women and 40 men" are 120."""
    if len(sizes) > 2 and 2 * sizes[0] == sum(sizes):
        return sizes[0]
    return sum(sizes) * each


def number(word: str) -> int:
    number = read_number([word], 0)
    return number[0] if number else 1
