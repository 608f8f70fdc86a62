"""Counting people: arms, cohorts and controls are added; the invited and the listed are not."""

from __future__ import annotations

import pytest

from digest.editorial.evidence import read_evidence
from tests.editorial.material import bare_summary


def count(found: str, limits: str = "", headline: str = "") -> int | None:
    summary = bare_summary(headline=headline, found=found, limits=limits)
    return read_evidence(summary).participants.value


ARMS: list[tuple[str, int]] = [
    ("By lot, 512 people got the infusion and 256 got salt water.", 768),
    ("Of 140 adults, 70 were assigned to dance and 70 to reading.", 140),
    ("Forty learned tai chi, 38 swam, and 41 waited.", 119),
    ("Sixty-one volunteers drew the real device; fifty-nine drew the dummy.", 120),
    ("The new drug went to 201 patients and the old one to 199 patients.", 400),
    ("They compared 30 people with MS, 28 with NMOSD and 26 healthy volunteers.", 84),
    (
        "Thirty people did yoga. Another 29 did strength training. The other 31 stayed on a list.",
        90,
    ),
    ("There were three groups of 25 people.", 75),
    ("Two groups of 40 were formed among the volunteers.", 80),
    ("The patients (n = 33) were matched with healthy people (n = 35).", 68),
    ("Blood came from 18 patients on the drug and from 17 who took none.", 35),
    ("A hundred and twenty patients were treated early and 80 were treated late.", 200),
    ("Some 1,200 women with MS were set against 3,600 women without it.", 4800),
    ("In all, 45 pairs of twins gave stool.", 90),
    ("Twenty couples took part.", 40),
    ("Eleven girls and nine boys were seen at the clinic.", 20),
    (
        "Twenty-five people with MS had a scan. Fifteen healthy people were compared.",
        40,
    ),
    ("The first cohort had 150 people with MS. A second cohort of 90 people confirmed it.", 240),
    ("The drug was given to 64 patients, the dummy to 61.", 125),
    ("The team followed 88 patients on tablets, 75 on infusions and 60 without treatment.", 223),
    ("It compared 19 patients to 21 controls.", 40),
    ("Memory was tested in 55 people with MS and 55 without it.", 110),
    ("Half of the 64 participants walked and half swam.", 64),
    ("A group of 48 did the course while 47 others read a leaflet.", 95),
    ("Chance sent 77 people to the gym and 79 to a lecture.", 156),
    ("Four hundred and six people took the drug, and 204 took placebo.", 610),
    ("The 33 patients with pain and 31 patients without pain had an MRI.", 64),
    ("They tested 24 mice and 16 patients.", 16),
    ("Doctors followed 52 mothers with MS and 104 mothers without.", 156),
    ("In the drug group there were 90 people, in the placebo group 88 people.", 178),
]

WHOLES: list[tuple[str, int]] = [
    ("About 1,500 people with MS answered.", 1500),
    ("More than 2,300 patients were followed.", 2300),
    ("Three hundred and twelve adults with MS wore a sensor.", 312),
    ("The study had 240 participants, 180 of them women.", 240),
    ("The 75 patients (52 women and 23 men) had a scan.", 75),
    ("Among 900 patients, 120 had a relapse and 60 stopped the drug.", 900),
    ("Sixty people took part and 20 had less pain.", 60),
    ("It included 410 patients; 35 dropped out and 12 moved away.", 410),
    ("Of the 86 volunteers, 41 improved and 45 did not.", 86),
    ("Nearly 7,000 Canadians with MS were looked up in health files.", 7000),
    ("There were 57 of them, all with progressive MS.", 57),
    ("In 2019, 340 people with MS were seen.", 340),
    ("People aged 18 to 60 took part, 72 in all.", 72),
    ("The 12-week course had 66 participants over 50.", 66),
    ("A dozen women were interviewed.", 12),
    ("Two dozen patients were scanned.", 24),
    ("A hundred people filled in the form.", 100),
    ("Half a million people were in the data.", 500_000),
    ("The team examined the eyes of 95 patients twice in 3 years.", 95),
    ("In 8 clinics, 164 people with MS got a phone call a week.", 164),
    ("At 14 hospitals in 5 countries, 1,022 adults were enrolled.", 1022),
    ("Forty-five of the 130 patients had a relapse.", 130),
    ("Eighty-eight people with relapsing MS, aged 20 to 55, took part.", 88),
    ("The register holds 74 pregnancies of 58 women.", 58),
    ("The researchers drew blood from 44 patients before the first dose and at month 6.", 44),
]

NARROWED: list[tuple[str, int]] = [
    ("Of 900 people invited, 412 replied.", 412),
    ("The form was mailed to 2,000 members, and 640 filled it in.", 640),
    ("They asked 512 adults with MS. Of these, 300 answered.", 300),
    ("From a register of 18,000 people, the team picked 2,300 who had switched drugs.", 2300),
    ("The database lists 9,400 patients; 3,120 of them were analyzed.", 3120),
    ("Of 240 people enrolled, 212 were included in the final analysis.", 212),
    (
        "Ten years ago 300 people joined the original study. The team caught up with 188 of them.",
        188,
    ),
    ("Invitations went out to 150 carers; 41 agreed to talk.", 41),
    ("Of 330 patients screened, 96 met the criteria.", 96),
    ("Letters were sent to 1,100 households, and 520 people sent them back.", 520),
    ("The registry has 30,000 patients, of whom 4,410 had complete data.", 4410),
    ("Nurses approached 60 patients and 44 said yes.", 44),
]

NOBODY = """
They read 45 papers and kept 12 studies.
The mice were split into groups of 12 and 14.
At age 16 were the first signs, at 34 had come the diagnosis.
One in 500 people has the gene.
Nine out of ten people recovered.
About 42 percent of the people improved.
Some 30 per cent of patients had pain.
The scale runs from 0 to 10 and has 21 items.
They looked at 57 blocks of tissue.
They tested 2,300 genes in 8 regions.
Three drugs patients take were named.
A study of 400 people is planned and will start in 2027.
Around 2.9 million people worldwide have MS.
An earlier trial with 600 people had failed.
Stage 3 patients and type 2 patients differ.
The risk was 3 times higher in people with asthma.
Between 2010 and 2020 people with MS lived longer.
In 2021 patients were vaccinated.
Patients over 60 had more falls than patients under 40.
Of 100 lesions, 30 had a rim and 70 did not.
Two of five patients were better.
Half of the patients slept badly and a third had pain.
At 14 centres adults are invited.
Each year 10,000 people are diagnosed.
MS affects about 130,000 people in Britain.
They plan to enroll 120 people.
It took 6 weeks with 3 sessions of 45 minutes per patient.
One person may feel well while two people may not.
Questionnaires went out to 700 people in spring.
The ratio was two to one in people on the drug.
Patients walked 25 feet in 6 seconds and climbed 12 steps.
Nearly 60,000 cells of patients were sorted.
""".strip().splitlines()


@pytest.mark.parametrize(("found", "expected"), ARMS)
def test_arms_cohorts_and_controls_are_added(found: str, expected: int) -> None:
    assert count(found) == expected


@pytest.mark.parametrize(("found", "expected"), WHOLES)
def test_a_part_never_adds_to_the_whole(found: str, expected: int) -> None:
    assert count(found) == expected


@pytest.mark.parametrize(("found", "expected"), NARROWED)
def test_only_those_who_took_part_are_counted(found: str, expected: int) -> None:
    assert count(found) == expected


@pytest.mark.parametrize("found", NOBODY)
def test_numbers_that_count_no_participants_give_none(found: str) -> None:
    assert count(found) is None


def test_a_title_repeats_whom_the_text_counts() -> None:
    evidence = read_evidence(
        bare_summary(
            title="T Cells Against a Virus: First Test in 5 People and 14 Controls",
            found="In a phase 1 trial, 5 people with MS received the cells and 14 did not.",
        )
    )
    assert evidence.participants.value == 19


def test_each_value_carries_a_sentence_results_too() -> None:
    found = "Doctors followed 40 people. Walking speed improved in most of them."
    evidence = read_evidence(bare_summary(found=found))
    assert evidence.results.read_from == "Walking speed improved in most of them."
