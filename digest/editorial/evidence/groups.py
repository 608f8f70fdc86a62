"""Which numbers of people in a sentence are groups of one study, to be added.

In: the words of a sentence and its mentions. Out: chains of mentions. "40 on the drug and 38 on
placebo" are one chain; in "of 250 people, 120 had fatigue" the second is a part of the first.
"""

from __future__ import annotations

from digest.editorial.evidence import head_words as known
from digest.editorial.evidence.head_counts import Mention

ALONG_WITH = (["along", "with"], ["together", "with"], ["combined", "with"], ["addition", "to"])
FARTHEST = 30  # words between two groups that belong together


def chains(lower: list[str], mentions: list[Mention]) -> list[list[Mention]]:
    """Mentions joined by "and", "versus" and the like: the arms of one study."""
    joined: list[list[Mention]] = []
    if all(lower[mention.start - 1] == "(" for mention in mentions if mention.start):
        return [mentions] if mentions else []  # "the drug (97 people) … a dummy (94)"
    for index, mention in enumerate(mentions):
        following = next((m for m in mentions[index + 1 :] if not m.bare), None)
        if joined and _joined(lower, joined[-1][-1], mention, following):
            joined[-1].append(mention)
        else:
            joined.append([mention])
    return joined


def _joined(lower: list[str], left: Mention, right: Mention, following: Mention | None) -> bool:
    between = lower[left.end : right.start]
    if len(between) > FARTHEST or not known.LINKS.intersection(between):
        return False
    if _stops(between):
        return False
    if lower[0] in known.WHOLES and left.start <= 3 and not left.bare:
        return False  # "Among 1,500 people, 300 people …"
    if lower[max(0, left.start - 2) : left.start] == ["of", "the"]:
        return False  # "half of the 130 volunteers …, the remaining 65 …"
    if ";" in between and not (right.arm or right.control or right.bare):
        return False
    if right.bare:
        return _joins_bare(lower, left, right, following)
    if lower[right.end - 1] in known.SEXES and lower[left.end - 1] in known.GENERIC:
        return False  # "300 people, 200 women"
    if between[-2:] in ALONG_WITH or (right.control and between[-1] in ("with", "to")):
        return True
    if between[-1] in ("with", "to"):
        return lower[left.start - 1] == between[-1] or any(
            word.startswith(("compar", "match")) for word in lower[: right.start]
        )
    named = known.GROUP_NEAR.search(" ".join(between)) is not None
    return bool(known.JOINING.intersection(between)) or between[-1] in (",", ";") or named


def _stops(between: list[str]) -> bool:
    """Whether an outcome is told between: "40 people improved and 12 …"; not "40 who reported"."""
    return any(
        word in known.STOPS_LINK
        and between[place - 1 : place] != ["who"]
        and not (word == "whom" and "," in between[place:])
        for place, word in enumerate(between)
    )


def _joins_bare(lower: list[str], left: Mention, right: Mention, following: Mention | None) -> bool:
    """Whether a number without a noun is another group, and no part of the people before it."""
    described = lower[left.end : right.start]
    if right.arm and "and" in described and _points_back(lower, right):
        return following is not None  # "… took the drug and 45 stayed on it": a part
    if left.bare or (right.arm and (left.arm or known.ARM_VERBS.intersection(described))):
        return True
    if _told_alike(lower, left, right):
        return True
    if right.whole:
        return False
    if known.JOINING.intersection(described):
        given = left.start > 1 and lower[left.start - 2] in known.GIVEN_TO
        follows = lower[right.end] if right.end < len(lower) else ""
        return (given and right.arm) or _joins_after_and(described, follows, right)
    # "44 people who …, 38 with … and 25 healthy volunteers": a list of groups
    return following is not None and not following.bare and "and" in lower[right.end :]


def _points_back(lower: list[str], right: Mention) -> bool:
    return bool(known.SUBSET_NEXT.intersection(lower[right.end : right.end + 4]))


def _told_alike(lower: list[str], left: Mention, right: Mention) -> bool:
    """Whether both are told in the same form, or a word says that another group comes."""
    described = lower[left.end : right.start]
    follows = lower[right.end] if right.end < len(lower) else "."
    if not described or described[-2:] in ALONG_WITH:
        return True  # "together with 90 who …"
    if left.end == right.start - 1 or (follows == described[0] and follows != "with"):
        return True  # "groups of 40, 38 and 41"; "88 patients on tablets, 75 on infusions"
    if described[-1] == lower[left.start - 1] == "to":
        return True  # "to 64 patients, the dummy to 61"
    if described[-2:-1] == ["in"] and follows in known.ENDS:
        return True  # "in Milan 60 patients …, in Rome 52"
    if described[-1] == "," and described[-2] in known.ONE_GROUP:
        return True  # "one cohort had 187 patients; the other one, 94"
    other = described[-1] in known.OTHER_GROUP or described[-1] in known.CONTRIBUTED
    return other or follows in known.GAPPED or follows == "more"


def _joins_after_and(described: list[str], follows: str, right: Mention) -> bool:
    if known.WHOLE_VERBS.intersection(described[:2]) and follows not in known.TO:
        return False
    if right.arm:
        return bool(known.PLACED_AS.intersection(described))
    if follows == "had":
        return described[0] in ("had", "have", "with", "who")
    return True
