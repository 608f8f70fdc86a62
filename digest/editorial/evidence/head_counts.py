"""The numbers of people in one sentence, each with what stands around it.

In: the tokens of a sentence. Out: mentions. Papers, years, ages, percentages, ratios, animals and
gene variants are no head counts; nor is what stands in brackets behind one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from digest.editorial.evidence import head_words as known
from digest.editorial.evidence.no_heads import counts_no_heads
from digest.editorial.evidence.numbers import number_places, read_number

TOKEN = re.compile(r"[^\W_]+(?:[.,'/-][^\W_]+)*%?|[^\w\s]")
FEW = 4  # "all three" are seldom people
MOST_PEOPLE = 100_000_000  # above, it is a slip or the people of a continent
LONGEST_DESCRIPTION = 4  # words between a number and its people
SIZES_OF = [[noun, "of"] for noun in ("group", "sample", "cohort", "total", "set", "groups")]
IN_ALL = (["in", "all"], ["in", "total"], ["all", "told"])
THE_SAME: tuple[list[str], ...] = ([], ["them"], ["these"], ["those"], ["whom"], ["the"], ["us"])
LEFT_ON = (["left", "on"], ["left", "untreated"], ["left", "alone"], ["left", "without"])
OF_THEM = (["of", "them"], ["of", "those"])


@dataclass(frozen=True, slots=True)
class Mention:
    """A number of people in a sentence; `start` and `end` count tokens."""

    count: int
    start: int
    end: int
    bare: bool = False  # "109 in the cannabis group": the noun is left out
    control: bool = False
    arm: bool = False  # what this group was given or did follows
    whole: bool = False  # a number alone that is the whole, if no other is told
    rough: bool = False  # "nearly 2,500"


def mentions_in(tokens: list[str], lower: list[str]) -> list[Mention]:
    """Every number of people, in order; those in brackets only where no other stands."""
    found: list[Mention] = []
    bracketed: list[Mention] = []
    after = 0
    for place in number_places(lower):
        number = read_number(lower, place) or _in_compound(lower[place], place)
        if number is None or place < after:
            continue
        after = number[1]
        if not found and lower[0] in known.WHOLES and known.THINGS.intersection(lower[after:][:1]):
            return []  # "Of 100 lesions, 30 had a rim"
        mention = _mention(tokens, lower, place, number, found)
        if mention is None and bracketed and lower[place - 1] == "(" and lower[after:][:1] == [")"]:
            mention = Mention(number[0], place, after, bare=True)  # "(97 people) … (94)"
        if mention and _can_be_counted(lower, mention, found):
            depth = lower[:place].count("(") - lower[:place].count(")")
            named = (
                depth == 1 and lower[place - 2] in known.PEOPLE | known.ONE_GROUP
            )  # "patients (60)"
            (bracketed if depth > 0 and not named else found).append(mention)
    return found or bracketed


def _can_be_counted(lower: list[str], mention: Mention, found: list[Mention]) -> bool:
    return 1 < mention.count <= MOST_PEOPLE and not (found and _is_outcome(lower, mention))


def _in_compound(word: str, place: int) -> tuple[int, int] | None:
    """ "a 140-person trial", "the 64-strong group"."""
    number, dash, noun = word.partition("-")
    if dash and noun in known.COMPOUNDS and number.isdigit():
        return int(number), place + 1
    return None


def _mention(
    tokens: list[str], lower: list[str], start: int, number: tuple[int, int], found: list[Mention]
) -> Mention | None:
    """What the number counts, when that is people; None when it is a ratio or something else."""
    count, after = number
    if counts_no_heads(tokens, lower, count, start):
        return None
    noun = _people_after(tokens, lower, after)
    if noun is None:
        noun = _people_elsewhere(lower, start, after, found)
    if noun is None:
        return _bare_mention(lower, start, number, found)
    if _takes_no_part(lower, count, noun):
        return None
    if lower[noun] in known.SEXES and lower[noun + 1 : noun + 3] in known.ONE_MORE:
        count += bool(known.ONE_OF_A_SEX.intersection(lower[noun + 3 : noun + 4]))
    return Mention(
        count * (2 if lower[noun] in known.PAIRS else 1),
        start,
        noun + 1,
        control=_is_control(lower, count, start, noun),
        arm=noun + 1 < len(lower) and (_is_arm(lower, noun + 1) or _did_likewise(lower, noun + 1)),
        rough=bool(known.ROUGHLY.intersection(lower[max(0, start - 1) : start])),
    )


def _is_control(lower: list[str], count: int, start: int, noun: int) -> bool:
    """Healthy people, or the patients' kin: "Their 29 siblings did the same"."""
    kin = lower[noun] in known.KIN and lower[:start] in ([], ["their"]) and count > FEW
    return kin or known.CONTROL.search(" ".join(lower[start : noun + 7])) is not None


def _takes_no_part(lower: list[str], count: int, noun: int) -> bool:
    """ "two people may react differently", babies born to those studied, "30 people a day"."""
    following = lower[noun + 1 : noun + 3]
    supposed = count <= 10 and known.SUPPOSED.intersection(following[:1])
    born = lower[noun] in known.BORN and "born" in lower[noun : noun + 4]
    return bool(supposed) or born or following in known.RATES or _are_staff(lower, count, noun)


def _are_staff(lower: list[str], count: int, noun: int) -> bool:
    """ "two physiotherapists alongside", "14 neurologists drew up rules": not those studied."""
    following = lower[noun + 1 : noun + 7]
    staff = lower[noun] in known.STAFF
    if count > known.FEW_STAFF:
        return staff and bool(known.WROTE.intersection(following))
    if {"stock", "argue", "argues", "write"}.intersection(following):
        return True  # "two veterans of the field take stock"
    return staff or bool(known.WHO_READ.intersection(following[:2]))


def _people_after(tokens: list[str], lower: list[str], after: int) -> int | None:
    """Where the word for people stands after the number, at most four words on."""
    if lower[after : after + 2] == ["of", "their"]:
        after += 2  # "14 mothers and 11 of their partners"
    for place in range(after, min(after + LONGEST_DESCRIPTION + 1, len(tokens))):
        word = lower[place]
        if word in known.PAIRS:
            return place if known.PAIRED.search(" ".join(lower)) else None
        if word in known.PEOPLE or _are_agents(word) or known.DEMONYM.fullmatch(tokens[place]):
            return place
        if (word == "cases" and "controls" in lower) or _are_unnamed_people(lower, after, place):
            return place
        if word in known.BREAKS or not word[0].isalpha() or _is_plural(word):
            return None
    return None


def _are_unnamed_people(lower: list[str], after: int, place: int) -> bool:
    """Any noun that can only be people: "wage earners with MS", "violinists who", "healthy …"."""
    word, following = lower[place], lower[place + 1 : place + 3]
    if word in known.FORMS:
        return bool(known.HANDED_IN.intersection(lower))
    if not _is_plural(word) or word in known.THINGS or not word[0].isalpha():
        return False
    ill = following[:1] == ["with"] and bool(known.DISEASES.intersection(following))
    return ill or following[:1] == ["who"] or "healthy" in lower[after:place]


def _are_agents(word: str) -> bool:
    if word.endswith(known.NO_AGENTS):
        return False
    return word in known.COUNTED_TOO or word.endswith((*known.AGENTS, "year-olds"))


def _people_elsewhere(lower: list[str], start: int, after: int, found: list[Mention]) -> int | None:
    """Where the people end whose noun does not follow: "a group of 64", "caregivers, 85 in all"."""
    previous, before = lower[start - 1] if start else "", lower[max(0, start - 2) : start]
    following = lower[after : after + 2]
    if _in_compound(lower[start], start) is not None:
        return start
    if not following or following[0] in known.AFTER_A_SIZE:
        named = before[:1] and before[0] in known.PEOPLE | known.ONE_GROUP
        if previous == "(" and following[:1] == [")"] and named:
            return after - 1  # "patients (60) and controls (40)"
        said = " ".join(lower[max(0, start - 8) : start])
        if before in SIZES_OF or known.TOTAL_IS.search(said):
            return after - 1  # "the number of participants was 84"
    if following[:1] == ["who"] and previous in ("the", "all"):
        return after - 1  # "of the 55 who began"
    return after + 1 if _all_of_them(lower, start, following, found) else None


def _all_of_them(lower: list[str], start: int, following: list[str], found: list[Mention]) -> bool:
    """ "caregivers, 85 in all", "there were 41 of them", "patients, 64 of them, …"."""
    before = lower[max(0, start - 2) : start]
    noun = before[0] if before[1:] == [","] else ""
    if following in IN_ALL:
        people = (known.PEOPLE | known.EVERYONE).intersection(lower)
        return bool(people) and not (_is_plural(noun) and noun not in known.PEOPLE)
    if following in OF_THEM:
        return before[-1:] in (["were"], ["all"]) or (noun in known.PEOPLE and not found)
    return False


def _bare_mention(
    lower: list[str], start: int, number: tuple[int, int], found: list[Mention]
) -> Mention | None:
    """A number without its noun, where what stands around it tells of a group of people."""
    count, after = number
    mention = Mention(count, start, after, bare=True)
    previous = lower[start - 1] if start else ""
    follows = lower[after] if after < len(lower) else ""
    if previous in known.THRESHOLDS and not found:
        return None  # "people over 60 took part"
    if _counts_named_group(lower, start, after):
        return mention
    if _is_coordinated(lower, after) or _is_parallel(lower, start, after, found):
        return replace(mention, arm=bool(found and found[-1].arm))
    if previous in known.OTHER_GROUP and (follows in known.OUTCOMES or follows == "had"):
        return None  # "another 12 dropped out"
    if previous in known.OTHER_GROUP or _is_further_arm(lower, start, after, found):
        return replace(mention, arm=True)
    if _is_lone_whole(lower, count, start, after):
        return replace(mention, whole=True)
    if not _is_group(lower, after, found):
        return None
    control = known.CONTROL.search(" ".join(lower[after : after + 6])) is not None
    return replace(mention, control=control, arm=after < len(lower) and _is_arm(lower, after))


def _counts_named_group(lower: list[str], start: int, after: int) -> bool:
    """ "In the robot group there were 24, …"."""
    ends = after >= len(lower) or lower[after] in known.ENDS or lower[after] == "and"
    if not ends or lower[max(0, start - 2) : start] != ["there", "were"]:
        return False
    return known.GROUP_NEAR.search(" ".join(lower[max(0, start - 4) : start])) is not None


def _is_further_arm(lower: list[str], start: int, after: int, found: list[Mention]) -> bool:
    """ "… got it weekly, 40 monthly", "and 80 more used a diary", "was given to 34"."""
    follows = lower[after] if after < len(lower) else "."
    if follows in known.ENDS and lower[start - 1 : start] == ["to"]:
        return start > 1 and lower[start - 2] in known.GIVEN_TO
    if not found:
        return False
    if follows == "more":
        goes_on = after + 1 < len(lower) and _is_arm(lower, after + 1)
        return goes_on or lower[start - 1] in ("on", "in", "from", "with", "of")
    return found[-1].arm and follows in known.GAPPED


def _is_lone_whole(lower: list[str], count: int, start: int, after: int) -> bool:
    """ "240 took part", "completed by 340", "all 51 had MS"."""
    before = lower[max(0, start - 2) : start]
    if before[-1:] == ["by"] and before[0] in known.FILLED_BY:
        return True
    if before[-1:] == ["all"] and count > FEW and after < len(lower):
        return lower[after] == "had" or _is_arm(lower, after)
    return known.LONE_WHOLE.match(" ".join(lower[after : after + 6])) is not None


def _is_group(lower: list[str], after: int, found: list[Mention]) -> bool:
    """ "38 with little fatigue", "363 to placebo", "115 in the placebo group", "31 learned"."""
    follows = lower[after] if after < len(lower) else ""
    if follows in known.NEEDS_GROUP and not found:
        from_people = bool(known.PEOPLE.intersection(lower[after + 1 : after + 4]))
        return from_people or known.GROUP_NEAR.search(" ".join(lower)) is not None
    if follows in known.TO:
        return after + 1 >= len(lower) or read_number(lower, after + 1) is None  # "two to one"
    if follows == "had":
        return not known.OUTCOME_NEXT.intersection(lower[after + 1 : after + 3])
    return follows in known.PLACED or (after < len(lower) and _is_arm(lower, after))


def _is_coordinated(lower: list[str], after: int) -> bool:
    """ "746 and 722 patients", "40, 38 and 36 people": the noun comes with the last number."""
    if lower[after : after + 1] not in (["and"], [","], ["or"]) or after + 1 >= len(lower):
        return False
    following = read_number(lower, after + 1)
    if following is None or following[1] >= len(lower):
        return False
    after_it = lower[following[1]]
    return after_it in known.PEOPLE or (
        after_it in (",", "and") and _is_coordinated(lower, following[1])
    )


def _is_parallel(lower: list[str], start: int, after: int, found: list[Mention]) -> bool:
    """ "to 64 patients, the dummy to 61", "3,940 users of one drug, 1,580 of another"."""
    if not found:
        return False
    previous, follows = lower[start - 1], lower[after] if after < len(lower) else "."
    before = lower[found[-1].start - 1] if found[-1].start else ""
    if follows in known.ENDS and start > 2 and "in" == lower[start - 2] in lower[: found[-1].start]:
        return True  # "in Berlin 44 patients were scanned, in Rome 52"
    if follows in known.ENDS or follows == "and":
        if known.GROUP_NEAR.search(" ".join(lower[start - 1 : start])):
            return True  # "in the robot group 24, in the physio group 25"
        if found[-1].end == start - 1 and previous in (",", "and"):
            return True  # "groups of 40, 38 and 41"
        one = previous in (",", ":") and lower[start - 2] in known.ONE_GROUP
        if previous == before == "to" or previous in known.CONTRIBUTED or one:
            return True
    if follows in known.ARTICLES and (found[-1].bare or found[-1].arm):
        return True
    of_others = lower[after + 1 : after + 2] not in THE_SAME
    return of_others and follows == "of" and lower[found[0].end : found[0].end + 1] == ["of"]


def _is_arm(lower: list[str], place: int) -> bool:
    """Whether from `place` on stands what a group was given: "received", "were put on"."""
    word, following = lower[place], lower[place + 1 : place + 3]
    if word in ("were", "was"):
        return bool(known.PLACED_AS.intersection(following[:1]))
    if word in known.PLACED_AS - known.PLACED or [word, *following[:1]] in LEFT_ON:
        return True
    if word not in known.ARM_VERBS or word == "had":
        return False
    if following[:1] == ["the"]:  # "stayed the same", but "wore the same pads"
        return not (word in known.SAME_STAYED and following[1:] == ["same"])
    return not known.OUTCOME_NEXT.intersection(following)


def _did_likewise(lower: list[str], place: int) -> bool:
    return any(lower[i : i + 2] in known.LIKEWISE for i in range(place, place + 5))


def _is_plural(word: str) -> bool:
    """Whether another noun is counted: "3 drugs patients take", but "40 relapsing MS patients"."""
    return word.endswith("s") and not word.endswith(("ss", "us", "is", "'s")) and word != "ms"


def _is_outcome(lower: list[str], mention: Mention) -> bool:
    """ "… and 40 people improved": a part of those before."""
    before, after = lower[mention.start - 1], lower[mention.end : mention.end + 1]
    if mention.bare or before not in ("and", ",") or not known.OUTCOMES.intersection(after):
        return False
    exposed = known.EXPOSURES.intersection(lower[: mention.start])
    return not (exposed and after[0] in ("stopped", "quit"))
