"""Species, and whether there are results: what was studied, not what is only spoken of."""

from __future__ import annotations

import pytest

from digest.editorial.evidence import read_evidence
from tests.editorial.material import bare_summary

ANIMALS: list[tuple[str, set[str]]] = [
    ("Mice bred without the gene kept their myelin.", {"mouse"}),
    ("The rats walked better after the gel.", {"rat"}),
    ("Zebrafish larvae and mice were used.", {"zebrafish", "mouse"}),
    ("Rodents on a salty diet fell ill.", {"animal"}),
    ("In a mouse model of MS the drug calmed T cells.", {"mouse"}),
    ("Marmosets got the antibody.", {"animal"}),
    ("The disease was milder in EAE.", {"animal"}),
    ("Blood from 20 patients and spleens of mice were compared.", {"human", "mouse"}),
    ("Human brain tissue and rat cells showed the same.", {"human", "rat"}),
    ("The team looked at animals and 12 volunteers.", {"human", "animal"}),
    ("It worked in mice, but has not been tested in people.", {"mouse"}),
    ("It was not tested in people, only in mice.", {"mouse"}),
    ("Mice do not get MS; they were given a similar illness.", {"mouse"}),
    ("The murine cells died.", {"mouse"}),
    ("Female animals recovered sooner than males.", {"animal"}),
]
NO_ANIMALS = """
Patients named as many animals as they could in a minute.
People who own dogs walked more.
The drug had already worked in mice; now 30 patients took it.
Earlier work in animals had been promising. Forty people were scanned.
The compound has never been tried in live animals, only in human cells.
People who ate less animal fat had fewer relapses. They filled in a form.
Unlike in earlier mouse studies, patients did not improve.
Riding a horse helped 20 people with MS keep their balance.
People in the study had contact with farm animals as children.
It was a cat-and-mouse game between the virus and the cells of 30 patients.
Adults clicked a computer mouse as fast as they could.
Cells from patients were tested without using animals.
An assistance dog helped 14 people with MS at home.
Fish oil was taken by 40 people with MS.
No animal experiments were done; 25 patients gave blood.
""".strip().splitlines()

NO_RESULTS = """
Recruitment starts next year.
There are no results yet.
The study has not enrolled anyone so far.
This paper is only a plan.
The findings are expected in 2028.
The trial is still running.
Nothing is known yet, as the project is at an early stage.
The article is a protocol and holds no findings.
""".strip().splitlines()
RESULTS = """
There were no results that differed between men and women.
The study found no answer to why women fare better.
The data have not been checked by others, but relapses fell.
Recruitment had been slow, and 60 people took part.
The plan of treatment was changed in 20 patients.
""".strip().splitlines()


@pytest.mark.parametrize(("found", "species"), ANIMALS)
def test_the_animals_studied_are_named(found: str, species: set[str]) -> None:
    assert set(read_evidence(bare_summary(found=found)).species.value) == species


@pytest.mark.parametrize("found", NO_ANIMALS)
def test_animals_only_spoken_of_were_not_studied(found: str) -> None:
    assert set(read_evidence(bare_summary(found=found)).species.value) <= {"human"}


@pytest.mark.parametrize("limits", NO_RESULTS)
def test_a_plan_has_no_results(limits: str) -> None:
    assert (
        read_evidence(bare_summary(found="It is about MS.", limits=limits)).results.value is False
    )


@pytest.mark.parametrize("found", RESULTS)
def test_a_finished_study_has_results(found: str) -> None:
    assert read_evidence(bare_summary(found=found)).results.value is True
