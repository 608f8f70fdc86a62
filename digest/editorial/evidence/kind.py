"""Study kind: what the cues of `design_cues.py` add up to, with the sentence that weighs most.

In: a reading, the species and the number of participants. Out: the kind; "unclear" when the text
does not say. What is said of other studies (larger ones that are needed, earlier trials) and
what is denied ("no placebo") is blanked out before anything is weighed.
"""

from __future__ import annotations

from dataclasses import dataclass

from digest.editorial.evidence import bench_cues, other_studies, paper_cues, people_cues
from digest.editorial.evidence.reading import STATED, Reading
from digest.editorial.evidence.species import ANIMALS
from digest.editorial.evidence.vocabulary import FAIR, HINT, OUTRIGHT, STRONG, Cues
from digest.values import Fact, StudyKind

FEW_PEOPLE = 10
MANY_SENTENCES = 3
MOST_CASES = 15  # "a single patient had PML" is said of large studies too
ENOUGH = 2  # points below which nothing is claimed
MOST_SENTENCES = 3  # a word said often is not said more strongly


@dataclass(frozen=True, slots=True)
class Weight:
    """What speaks for a kind: the points, and the sentence with the strongest cue."""

    points: int = 0
    sentence: str = ""
    best: int = 0  # the strongest single cue

    @property
    def rank(self) -> tuple[int, int]:
        """One strong word outranks many weak ones; some weak ones together are worth a fair one."""
        return max(self.best, min(self.points, FAIR)), self.points


def read_kind(
    reading: Reading, species: tuple[str, ...], people: Fact[int | None]
) -> Fact[StudyKind]:
    """The kind that names itself; else trial by a strong sign, the bench, then most points.

    Where nothing is said of the design but people were counted, they were observed.
    """
    claimed = reading.blanked(other_studies.NOT_THIS_STUDY)
    own = claimed.blanked(other_studies.EARLIER_STUDY)
    case, review = _weigh_case(own, people.value), weigh(claimed, paper_cues.REVIEW)
    named = _heaviest((("case", case), ("review", review)), at_least=OUTRIGHT)
    not_told = reading.first(paper_cues.NOT_TOLD) is not None
    if named.value != "unclear" and not not_told:
        return named
    after = claimed.first(other_studies.AFTER_A_TRIAL)
    trial = weigh(own, people_cues.TRIAL)
    if trial.best >= STRONG and not after and set(species) <= {"human"}:
        return Fact("trial", trial.sentence)
    if not_told:
        return Fact("unclear")
    if review.points > FAIR and people.value is None:
        return Fact("review", review.sentence)
    bench = _lab_or_mixed(own, species, people.value)
    observed = _weigh_observed(own, after)
    return bench or _most_points(own, case, review, trial, observed, people)


def _most_points(
    own: Reading,
    case: Weight,
    review: Weight,
    trial: Weight,
    observed: Weight,
    people: Fact[int | None],
) -> Fact[StudyKind]:
    """The kind that most speaks for, where none names itself."""
    if people.value is None and observed.best < STRONG and (cells := _about_cells(own)):
        return Fact("lab", cells)
    survey = weigh(own, people_cues.SURVEY)
    opinion = weigh(own, ((STRONG, paper_cues.OPINION),))
    heaviest = _heaviest(
        (
            ("case", case if survey.best >= STRONG else _few_people(case, people)),
            ("trial", trial),
            ("survey", survey),
            ("observational", observed),
            ("unclear", opinion),
            ("review", review),
            ("observational", Weight(ENOUGH if people.value else 0, people.read_from, ENOUGH)),
        )
    )
    return heaviest if heaviest.value != "unclear" or opinion.points else _last_resort(own)


def _last_resort(own: Reading) -> Fact[StudyKind]:
    """Links seen in a sample of people are an observation; finds in cells are made at the bench."""
    if own.first(people_cues.SAMPLE) and (link := own.first(people_cues.LINK, STATED)):
        return Fact("observational", link)
    found = own.first(bench_cues.FOUND_IN_CELLS, STATED)
    return Fact("lab", found) if found else Fact("unclear")


def asked_or_assigned(reading: Reading) -> str:
    """The sentence with a strong sign of a survey or trial, "" when there is none."""
    own = reading.blanked(other_studies.NOT_THIS_STUDY).blanked(other_studies.EARLIER_STUDY)
    for kinds in (people_cues.TRIAL, people_cues.SURVEY):
        weight = weigh(own, kinds)
        if weight.best >= STRONG:
            return weight.sentence
    return ""


def weigh(reading: Reading, kinds: Cues) -> Weight:
    """The points of the cues found, strongest first; each further sentence adds one."""
    total, best, sentence = 0, 0, ""
    for points, pattern in kinds:
        hit = dict.fromkeys(found for found, _ in reading.find(pattern))
        if hit:
            total += points
            if points >= FAIR or points == HINT:
                total += min(len(hit), MOST_SENTENCES) - 1
            if points > best:
                best, sentence = points, next(iter(hit))
            if best >= STRONG:
                break  # weaker words add nothing to it
    return Weight(total, sentence, best)


def _heaviest(
    candidates: tuple[tuple[StudyKind, Weight], ...], at_least: int = ENOUGH
) -> Fact[StudyKind]:
    """The kind with most points, the first of equals; "unclear" where too little is said."""
    kind, weight = max(candidates, key=lambda entry: entry[1].rank)
    if weight.points < at_least or kind == "unclear":
        return Fact("unclear")
    return Fact(kind, weight.sentence)


def _weigh_case(own: Reading, participants: int | None) -> Weight:
    if named := own.first(paper_cues.CASE_BY_NAME):
        return Weight(OUTRIGHT, named, OUTRIGHT)
    if participants is not None and participants > MOST_CASES:
        return Weight()
    told = list(dict.fromkeys(sentence for sentence, _ in own.find(paper_cues.PRONOUN)))
    if len(told) > 1 and participants in (None, 1, 2):
        return Weight(OUTRIGHT, told[0], OUTRIGHT)
    return weigh(own, paper_cues.CASE)


def _few_people(case: Weight, people: Fact[int | None]) -> Weight:
    """So few that they were described one by one."""
    if people.value is None or people.value > FEW_PEOPLE:
        return case
    return Weight(case.points + STRONG, case.sentence or people.read_from, STRONG)


def _about_cells(own: Reading) -> str | None:
    """The sentence that tells of research where most of what was found is about cells."""
    found = {sentence for sentence, _ in own.find(bench_cues.OF_CELLS, ("found", "headline"))}
    return own.first(bench_cues.STUDIED_THEM, ("found",)) if len(found) >= MANY_SENTENCES else None


def _weigh_observed(own: Reading, after: str | None) -> Weight:
    weight = weigh(own, people_cues.OBSERVED)
    return Weight(weight.points + OUTRIGHT, after, OUTRIGHT) if after else weight


def _lab_or_mixed(
    own: Reading, species: tuple[str, ...], participants: int | None
) -> Fact[StudyKind] | None:
    """Animals, cells and tissue are lab; with living people who give results, mixed."""
    animals = _animal_sentence(own, species)
    tissue = own.first(bench_cues.DEAD_TISSUE)
    bench = animals or own.first(bench_cues.DISH) or tissue
    if not bench:
        return None
    living = any(sentence != tissue for sentence, _ in own.find(bench_cues.LIVING, STATED))
    if animals and participants is not None and not tissue:
        living = True
    return Fact("mixed" if living and "human" in species else "lab", bench)


def _animal_sentence(reading: Reading, species: tuple[str, ...]) -> str | None:
    for name in species:
        if name != "human" and (sentence := reading.first(ANIMALS[name])):
            return sentence
    return None
