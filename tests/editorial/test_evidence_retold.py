"""Kinds and head counts as other writers would tell them: written before the rules were run.

Each line is what should be read, a bar, and the text.
"""

from __future__ import annotations

import pytest

from digest.editorial.evidence import read_evidence
from tests.editorial.material import bare_summary

KINDS = """
trial|Which of the two courses a person took was settled by a lottery.
trial|Every other patient, chosen by a random list, got the vaccine early.
trial|The 150 volunteers were shared out by chance between three gyms.
trial|Sixty people inhaled the medicine and sixty inhaled plain steam that smelled the same.
trial|Two tablets that looked alike were given for a year; only one contained the drug.
trial|Those who got the real current walked faster than those who got the fake one.
trial|A head-to-head comparison: a draw decided which infusion 480 people received.
trial|Neither patients nor doctors could tell the drug from the copy without it.
trial|People were put on the diet at once or after a six-month wait, as the dice fell.
trial|Compared with usual care, phone calls cut falls; a draw decided who got them.
trial|In the control arm, patients got a lecture on healthy eating.
trial|The researchers will draw lots to see who gets the vest first.
survey|How do couples cope with MS? Thirty of them were visited at home and asked.
survey|Letters from 340 readers were gathered after a magazine asked how they sleep.
survey|More than 400 people clicked through an internet questionnaire about sex and MS.
survey|Doctors in 20 countries were quizzed about their use of spinal taps.
survey|Half of those who responded had never been offered physiotherapy.
survey|A telephone poll asked 600 adults what they know about MS.
survey|Young people with MS told interviewers what school is like.
survey|In talks of about an hour, 16 women spoke about menopause and MS.
survey|Patients noted on a form how much pain they had felt, and 388 forms could be used.
survey|According to 95 care partners who answered, nights are the hardest.
survey|The views of 40 nurses were collected in four group talks.
survey|Asked what they fear most, people with MS put the wheelchair first.
case|A 27-year-old pianist could no longer feel the keys.
case|The doctors describe how one of their patients went blind for a week.
case|A mother of two, 38, had her first attack during a marathon.
case|Three sisters from Sardinia have MS, and their doctors tell their story.
case|The paper is about a man who was treated for MS for ten years and turned out not to have it.
case|Two patients developed a rash after the vaccine; both recovered.
case|Doctors saw a patient whose relapse began with a stubborn itch.
case|A retired bus driver with NMOSD was given CAR T cells. He can walk again.
review|A reading of 52 publications shows how little is known about men with MS.
review|The authors took a close look at everything written about MS and migraine.
review|Data from 13 trials were put into one big calculation.
review|This article walks readers through the many roles of astrocytes.
review|Experts looked back on thirty years of interferon research.
review|Drawing on dozens of studies, the writers argue that sleep deserves more attention.
review|A league table of treatments was made from 40 published trials.
review|Scientists searched libraries for papers on MS in Africa and found 29.
review|The results of all available studies on tremor were lumped together.
review|What have ten years of research on microglia taught us? The authors take stock.
review|Eighteen studies met the conditions; most of them came from Europe.
review|Summing up past research, the team sees a modest benefit of music.
observational|Step counters showed how much 63 people with MS walk in winter.
observational|The fortunes of 500 people were followed from their first symptom on.
observational|At two hospitals, 77 children with a first attack were examined again after a year.
observational|In blood kept from soldiers, the virus turned up years before MS did.
observational|People who moved north in childhood got MS more often than those who stayed.
observational|Using a Danish register, the team counted strokes.
observational|Patients on the tablet were compared with patients on the infusion in routine care.
observational|Eye scans of 210 people with MS were lined up with their walking scores.
observational|Mothers with MS gave birth a little earlier than other mothers, hospital files show.
observational|For a month, 44 patients wore a ring that measures sleep.
observational|Everybody treated at the clinic since 2005 was included, 930 in all.
observational|Thirty people were measured before and after boxing; there was no comparison group.
lab|Drops of the substance made cells in culture grow longer branches.
lab|The researchers knocked out the gene in mice.
lab|Nerve cells made from the skin of patients fired more often.
lab|Tissue from the brain bank held fewer of the cells.
lab|Monkeys that carried the virus developed lesions.
mixed|The molecule was low in the blood of 52 people with MS, and rats given more of it recovered.
mixed|Stool of 20 patients made germ-free mice ill.
mixed|First they followed 90 patients, then they tested the idea in mice.
unclear|Sunlight may be good for people with MS.
unclear|The scientists discuss hopes for a new pill.
unclear|A new report says that stress and relapses go together.
unclear|Neurologists have agreed on when to stop treatment; the advice rests on their joint opinion.
"""
COUNTS = """
55|Of the 55 who began, 50 stayed to the end.
112|Fifty-eight people took the tablet while 54 took none.
84|A group of 42 people with MS and a group of 42 without it were tested.
260|The trial took in 260 people, half of them women.
97|Forty-nine were sent to dance classes and forty-eight to a choir, by chance.
300|Some 200 patients got the infusion every four weeks, 100 every six.
73|Seventy-three men with MS took part, 12 of whom had no children.
1800|Eighteen hundred people with MS filled in the survey.
46|They enrolled 23 couples.
500|At least 500 patients were treated.
64|Sixteen people were in each of the four groups.
35|Thirty patients and five of their doctors were interviewed.
2150|The files of 2,150 patients were opened, and 340 of them had fallen.
128|Seventy-eight people with MS were scanned, and so were 50 people without it.
3300|1,100 people who got MS were compared with 2,200 neighbors who did not.
40|Twenty patients had the sham treatment and an equal number had the real one.
18|Eighteen nurses told how they talk about death.
610|In total, 610 adults replied from 12 countries.
275|There were 275 participants: 140 on the drug, 135 on placebo.
151|The test was tried on 101 people with MS and, to check it, on 50 more in another city.
None|The team found 33 proteins in 5 regions.
None|About one in four people with MS has pain.
None|It took 12 months and 4 visits.
None|The authors sifted 88 papers.
None|Each mouse got 3 doses; groups of 8 were compared.
None|The scale has 100 points, and 45 means severe fatigue.
None|They want to recruit 90 people in 2028.
None|Over 900,000 Americans live with MS.
None|Of every 1,000 people treated, 4 had a serious infection.
None|Patients in their 40s did better than patients in their 60s.
None|A dose of 300 people-years was not reached.
212|Researchers invited 400 women; 212 came.
77|Out of 130 children seen at the clinic, 77 had all the tests and could be studied.
640|The makers of the app looked at data from 640 users with MS.
4|Two girls and two boys with MOGAD lost their sight overnight.
1290|Blood samples of 1,290 soldiers were thawed.
25|They worked with blood from 13 patients and 12 healthy donors.
66|The 66 people who stuck with the program were fitter.
119|By lot, 60 of 119 patients were given the lamp.
58|Fifty-eight of the 58 patients had antibodies.
147|Around 70 people joined the walking group; 77 others met to play cards.
1004|A thousand and four people with MS were asked.
96|Sixty patients were scanned. Thirty-six healthy people had the same scan.
71|Blood came from 40 people with MS. Their 31 siblings gave blood too.
180|Ninety people got the tablet, together with 90 who got a copy without the drug.
102|In Milan 60 patients were filmed while walking, in Rome 42.
74|Among those who reported pain, 40 people took the oil and 34 people took none.
88|Forty-eight patients went on with the drug and 40 patients stopped it.
57|Interviews were held with 57 musicians, painters and writers who have MS.
33|Thirty-three carers (27 women and 6 men) came to the workshop.
150|The trial recruited 150 people. At week 24, 131 were still taking the tablets.
1210|Of 1,210 people in the register, 340 had at least one fall.
410|A cohort of 410 people was seen every year; 60 of them developed depression.
66|Three groups had 22 members each.
240|From the database, 240 users of the drug were compared with nobody else.
525|The survey was opened by 900 people and completed by 525.
129|The sample: 129 adults, mean age 45.
39|Twenty-six patients with NMOSD, along with 13 who have MOGAD, were tested.
3150|Every one of the 630 patients was matched with four people without MS of the same age.
94|To 47 women with MS the team added 47 women without it.
44|The 44 who joined the choir felt better.
15|The doctors tell of 15 patients with a rare tumor.
20|They filmed 20 people with MS; 12 of those filmed fell.
280|Two hundred people tried the app for a month, and 80 more used a paper diary.
None|Four of ten people with MS have trouble sleeping.
None|On average, patients waited 14 months.
None|People in 12 countries can now get the drug.
None|If 100 people are treated, 3 will have a serious infection.
None|A nurse sees 30 people a day.
None|Some 70 percent of 30-year-olds with MS work.
None|A study with 1,000 people would be needed.
None|Groups of 10 mice were compared.
None|It has been given to 250,000 people around the world.
None|Experts from 15 clinics agreed.
None|Patients took 20 mg for 16 weeks; 3 doses were tried.
None|The lesions of patients numbered 12 to 40.
560|Records of 560 births to mothers with MS were compared; these came from 560 mothers.
72|It involved 72 nurses from 9 hospitals, who filled in a form.
305|Swiss doctors looked after 305 people who had switched.
128|At the start there were 128 participants; 109 were left at the end.
64|Each of the 64 volunteers wore both shoes.
600|Six hundred adults and none of their doctors knew which of the drugs they got.
177|Chance sent people to the choir (90 adults) or kept them at home (87).
66|In the walking group there were 20, in the reading group 22, and 24 left on the waiting list.
140|A hundred and forty taxi drivers with MS called the number.
95|Scans were taken of 40 persons with MS, 30 with NMOSD and 25 healthy visitors.
260|Blood of 130 patients was tested, and just as many siblings gave blood.
52|Fifty-two filled in the sheet at home.
77|Of 39 pairs of twins, 38 could be used. Seventy-seven people gave blood.
31|She was one of twenty wives who talked; eleven sons did likewise.
58|Tubes of 30 soldiers with MS were set beside those of 28 who stayed well.
None|Patients walked 30 meters and stood for 12 seconds.
None|Two raters looked at each scan.
"""


def cases(lines: str) -> list[tuple[str, str]]:
    pairs = (line.partition("|") for line in lines.strip().splitlines())
    return [(text, expected) for expected, _, text in pairs]


@pytest.mark.parametrize(("found", "expected"), cases(KINDS))
def test_the_kind_is_read_however_it_is_told(found: str, expected: str) -> None:
    assert read_evidence(bare_summary(found=found)).kind.value == expected


@pytest.mark.parametrize(("found", "expected"), cases(COUNTS))
def test_people_are_counted_however_they_are_told(found: str, expected: str) -> None:
    assert str(read_evidence(bare_summary(found=found)).participants.value) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            ("Researchers thawed blood of 90 soldiers.", "Thirty healthy people gave blood too."),
            120,
        ),
        (("A letter went to 800 people.", "In the end 310 sent the form back."), 310),
        (("Forty people danced.", "Another 38 swam.", "The other 41 waited."), 119),
        (("Nearly 2,500 people were traced.", "In all, 2,431 patients had a scan."), 2431),
        (("The register lists 9,000 people.", "Of them, 1,200 were included in the study."), 1200),
        (("Each of 50 patients was matched with two healthy people.", "They gave blood."), 150),
        (("Sixty patients were scanned.", "Another 12 had a relapse."), 60),
    ],
)
def test_sentences_are_put_together(found: tuple[str, ...], expected: int) -> None:
    assert read_evidence(bare_summary(found=" ".join(found))).participants.value == expected


def test_a_plan_counts_nobody() -> None:
    summary = bare_summary(
        found="The study protocol names 240 people in 12 clinics.",
        limits="There are no results yet.",
    )
    assert read_evidence(summary).participants.value is None


def test_a_summary_that_does_not_tell_how_is_unclear() -> None:
    summary = bare_summary(
        found="Data from 245 people with MS are shown. Walking was faster with the tablet.",
        limits="The report does not say how people came to be in one group or the other.",
    )
    assert read_evidence(summary).kind.value == "unclear"


def test_animals_in_the_background_of_a_trial_were_not_studied() -> None:
    summary = bare_summary(
        headline="A coin decided who of 60 patients took the drug.",
        found="The drug mends myelin in mice. Sixty patients took it or a placebo for a year.",
    )
    evidence = read_evidence(summary)
    assert evidence.species.value == ("human",)
    assert evidence.kind.value == "trial"


def test_a_study_of_people_names_them_even_without_a_word_for_them() -> None:
    assert read_evidence(bare_summary(found="The survey asked about sleep.")).species.value == (
        "human",
    )
