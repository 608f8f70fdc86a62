"""How a study was done, told in many ways: without the name of the design, denied, of others."""

from __future__ import annotations

import pytest

from digest.editorial.evidence import read_evidence
from tests.editorial.material import bare_summary


def kind(found: str, limits: str = "", headline: str = "") -> str:
    return read_evidence(bare_summary(headline=headline, found=found, limits=limits)).kind.value


TRIALS = """
A coin was tossed to settle who got the new infusion and who kept the old one.
Half of the 80 volunteers swallowed fish oil; the other half swallowed olive oil.
Names were drawn from a hat: thirty people went to yoga and thirty carried on as before.
Participants were sorted by a computer into a cooling vest group or a plain vest group.
For six weeks one team wore a magnetic coil that worked, and the other wore one that did not.
Those on the waiting list were offered the course after the study ended, and 40 others took it.
Neither the volunteers nor their nurses knew who had the real capsules.
Women with MS were put by lot into a swimming class or a reading class.
Sixty-two people received the drug, 60 an identical capsule with nothing in it.
In this twelve-week trial, dancing beat stretching for balance.
The pill was compared with a dummy in 300 people with progressive MS.
Adults were given either real or sham brain stimulation on ten days.
One group got phone coaching for three months while the other got leaflets.
Chance alone settled whether somebody got the strong or the weak dose.
Each person spent four weeks on the active spray and four on the inert one, in random order.
Volunteers were allotted to low-fat or low-sugar meals by drawing lots.
Patients were split at random between early and late physiotherapy.
Adults tried an app with exercises or an app with news; who got which was random.
The 96 patients were allocated to three arms, two with the vaccine and one without.
The team gave every second volunteer, picked by dice, a bright lamp and the rest a dim one.
In a double-blind comparison the injection did no better than salt water.
The study pitted two infusions against each other in 500 people assigned randomly to either one.
People assigned to mindfulness slept better than people assigned to usual care.
Volunteers were randomly placed in a gym program or told to carry on as usual.
This phase 3 study gave 900 people the tablet or an older pill.
By the toss of a coin, patients went to video therapy or to therapy in the clinic.
Fifty got weekly massage and fifty stayed on a waiting list.
Couples were randomised to a communication course or a brochure.
The drug and a fake pill looked the same, and nobody was told which was which.
Half the group learned breathing exercises, and the rest listened to music.
""".strip().splitlines()

SURVEYS = """
Researchers sent a letter with twenty questions to members of a patient society, and 310 replied.
Nurses were asked how often they talk about sex with their patients.
In phone calls lasting half an hour, 25 fathers with MS told what they tell their children.
Some 900 people with MS ticked boxes about their diet on a website.
Most respondents had never heard of the new drug.
Participants returned the form by post, and 70% named fatigue as their worst symptom.
Twelve young adults spoke with a researcher about dating and MS.
The poll ran in five countries and reached 2,000 patients.
People with MS were asked whether they drive, and 60% said they do.
Patients rated on paper how well their doctors listen, and 400 sheets came back.
In group discussions, carers described the nights as the hardest part.
An online questionnaire asked people with MS about cannabis.
The team questioned 150 neurologists about when they stop treatment.
Women with MS filled in a form about menopause; half felt left alone.
Through open conversations with 14 students with MS, themes such as secrecy and shame came up.
Nearly 500 people answered a web form about heat and work.
We asked 230 employers what they know about MS.
Families said that they would like more help with forms and money.
Those who answered were mostly women, and one in three had hidden the diagnosis at work.
A mailed survey found that a third of people with MS skip doses.
Nineteen physiotherapists were interviewed about falls.
In their own words, people with MS described what tingling feels like.
When polled, six in ten patients preferred tablets to needles.
Patients filled out a questionnaire on bladder trouble at home.
The researchers held focus groups with nurses and patients.
Many participants told the team that they feared losing their license.
Of 800 letters with a questionnaire, 512 were sent back.
Asked about sleep, two thirds of people with MS complained of waking at night.
The answers of 1,300 people to a web questionnaire show how costs shape choices.
Interviewers called 77 people with MS who live alone.
""".strip().splitlines()

CASES = """
Doctors in Porto tell of a man of 58 whose eyesight failed within a day.
A 19-year-old student with MOGAD lost her voice after a virus.
The report describes two brothers who fell ill within the same week.
This is the story of one woman whose MS was first taken for a stroke.
Neurologists describe three patients who had seizures after an infusion.
Six patients with a rare skin reaction are described one by one.
In this case series, seven people got a swollen optic nerve after a vaccine.
A pregnant woman with NMOSD had two attacks; she recovered after plasma exchange.
The authors present a boy who stopped walking after chickenpox.
A teacher in her thirties noticed that her left hand no longer obeyed. She was given steroids.
The article recounts the case of a patient with MS and a brain tumor.
One man with MS developed a fungal infection; he died after four months.
Four teenagers from one school fell ill with MS, and their doctors describe how.
Physicians report on a nurse whose relapses stopped during cancer treatment.
The paper follows a single patient through ten years of treatment.
A 45-year-old farmer came to the hospital with double vision.
The mother and both of her twin girls have NMOSD, a case report says.
The doctors saw five people whose MS drug had harmed the liver, and they tell each story in turn.
They write about a girl of nine who could not stop hiccuping.
A man in his sixties had MS for decades before he was told.
""".strip().splitlines()

REVIEWS = """
The authors sifted 31 papers on music therapy in MS.
Putting together what is known, the article weighs the case for vitamin D.
Forty-four studies with 9,000 patients were pooled.
The team searched four databases for trials of cooling garments.
This overview sums up how T cells get into the brain.
Researchers went through the published work on pets and well-being.
The meta-analysis took in 22 cohorts and 50,000 people.
Evidence from 17 trials was brought together to compare the tablets.
A scoping review lists the tools used to measure fatigue.
Taken together, nine earlier studies point to a small benefit of yoga.
The work draws together studies on the retina from the past ten years.
Most of the included studies were small, and their methods varied.
The authors summarize the research on brain iron and explain how it builds up.
A fresh look at the literature finds little proof for gluten-free diets.
The review covers three decades of research on pregnancy.
By merging the data of eleven trials, statisticians could look at rare harms.
The paper gives an account of what scientists have learned about the blood-brain barrier.
Scientists combed through more than 2,000 abstracts and kept 38 studies.
The article explains how B cells and T cells talk to each other, citing recent findings.
Across 14 studies, people who exercised were less tired.
The authors pooled the results of randomized trials that used placebo.
They collected all published studies of stem cells in MS.
In an umbrella review, experts rated earlier reviews of diet.
Twenty reports on tremor surgery were examined side by side.
The state of knowledge on gut bacteria is laid out in this article.
""".strip().splitlines()

OBSERVATIONS = """
Swedish prescription records show who stopped taking the tablets.
The team kept track of 300 newly diagnosed people for six years.
Brain scans of 90 people with MS were compared with those of 40 healthy people.
Doctors looked back at the charts of everyone treated between 2012 and 2020.
People who had smoked were compared with people who never had.
Blood was drawn from 70 patients before and after the infusion.
Each of the 55 participants wore a wristband that counted steps for a month.
Patients who switched drugs early were matched with patients who switched late.
In a birth cohort, children with low vitamin D fell ill more often.
Seven years after diagnosis, most of the 400 patients could still walk alone.
Eye movements were measured in 35 people with MS.
The hospital files of 1,200 mothers were read for relapses after birth.
The researchers monitored 62 patients through one hot summer.
Genes of 10,000 people with MS and 20,000 others were compared.
Spinal fluid samples from patients with relapses held more of the protein.
Among 5,000 people listed in a national register, cancers were counted.
Using insurance claims, economists worked out what MS costs.
Nobody was assigned to a treatment; the doctors simply noted what happened to 88 patients.
After the trial had ended, 140 volunteers kept taking the drug and were watched for three years.
Adults with MS were tested for memory once a year for a decade.
Weather data were set against the hospital visits of 2,300 patients.
Fifty-two people with MS slept a night in a sleep laboratory with sensors on their heads.
Those who had been breastfed were compared with those who had not.
The team traced what became of 75 children with a first attack.
Walking was filmed in 28 people with MS and 14 without.
The study was not randomized: 64 patients chose their drug themselves and were followed.
Antibody levels were checked in 130 vaccinated patients.
School records of 3,000 pupils were linked with later diagnoses.
Saliva from 48 people with MS was tested for the virus.
Over five years, relapses were counted in a Norwegian registry.
""".strip().splitlines()

BENCH = """
The compound protected nerve cells in culture.
Rats that ran on a wheel rebuilt myelin sooner.
Slices of brain from people who had died with MS were stained for iron.
Scientists turned skin cells from patients into nerve cells in a dish.
In zebrafish, blocking the gene kept myelin thin.
Immune cells grown in the lab stuck to vessel walls.
Chemists built a molecule that blocks the enzyme.
Marmosets given the antibody stayed healthy.
Autopsy samples revealed clusters of B cells.
Tiny lab-grown brains shed light on how myelin forms.
Mice were randomly given the drug or salt water.
Donated brains of 40 people were cut and scanned under the microscope.
The team deleted the gene in mice and watched the animals recover.
In test tubes, the antibody stuck to myelin.
Biologists engineered human stem cells that make more myelin.
""".strip().splitlines()

MIXED = """
The protein was high in the blood of 40 patients, and mice without it stayed well.
Mice fed the bacteria fell ill, and 30 patients carried more of the same bacteria.
They scanned 25 people with MS and then gave mice the same toxin.
In 60 patients the marker rose before relapses; in rats it rose with inflammation.
The researchers studied people with MS as well as mice.
Spinal fluid from 18 patients harmed nerve cells of mice.
Blood samples from people with MS held more of the enzyme, and blocking it in mice eased disease.
The diet helped mice, and twelve volunteers who ate it had calmer immune cells.
""".strip().splitlines()

UNCLEAR = """
Fatigue is common in MS and has many causes.
Microglia are the cleaners of the brain.
A panel of experts agreed on ten rules for starting treatment.
The consensus of 30 specialists is that vaccination is safe.
New work links sleep and relapses.
Cold drinks may help some people with MS on hot days.
Scientists shed light on why vision may blur after a bath.
Physical activity seems to be good for mood.
An editorial warns against rash promises.
The drug may soon be available.
""".strip().splitlines()


@pytest.mark.parametrize("found", TRIALS)
def test_a_trial_is_known_without_the_word(found: str) -> None:
    assert kind(found) == "trial"


@pytest.mark.parametrize("found", SURVEYS)
def test_asking_people_is_a_survey(found: str) -> None:
    assert kind(found) == "survey"


@pytest.mark.parametrize("found", CASES)
def test_people_described_one_by_one_are_a_case(found: str) -> None:
    assert kind(found) == "case"


@pytest.mark.parametrize("found", REVIEWS)
def test_earlier_work_put_together_is_a_review(found: str) -> None:
    assert kind(found) == "review"


@pytest.mark.parametrize("found", OBSERVATIONS)
def test_people_followed_scanned_or_looked_up_are_an_observation(found: str) -> None:
    assert kind(found) == "observational"


@pytest.mark.parametrize("found", BENCH)
def test_animals_cells_and_tissue_are_laboratory_work(found: str) -> None:
    assert kind(found) == "lab"


@pytest.mark.parametrize("found", MIXED)
def test_living_people_beside_animals_make_it_mixed(found: str) -> None:
    assert kind(found) == "mixed"


@pytest.mark.parametrize("found", UNCLEAR)
def test_no_kind_is_claimed_where_none_is_told(found: str) -> None:
    assert kind(found) == "unclear"


@pytest.mark.parametrize(
    ("found", "limits", "expected"),
    [
        ("The team followed 80 patients.", "A larger randomized trial is needed.", "observational"),
        ("They scanned 40 people.", "There was no placebo and no control group.", "observational"),
        ("They watched 30 patients.", "Patients were not assigned by chance.", "observational"),
        ("Chance decided who got it.", "An interview study should follow.", "trial"),
        ("Mice got the drug or a placebo.", "It has not been tried in people.", "lab"),
        ("Former volunteers of a placebo trial were followed.", "", "observational"),
        ("They asked 20 people about sleep.", "No blood tests were done.", "survey"),
        (
            "Genes are dealt by lottery at birth. DNA of 900 people was compared.",
            "",
            "observational",
        ),
        ("Patients will be assigned by lot to one of two drugs.", "No results yet.", "trial"),
        ("A survey will ask nurses about falls.", "This is a study plan.", "survey"),
        ("A planned review will sum up trials.", "It has no results so far.", "review"),
        ("The 12 trials compared a drug with placebo. They were pooled.", "", "review"),
    ],
)
def test_only_what_is_said_of_this_study_counts(found: str, limits: str, expected: str) -> None:
    assert kind(found, limits) == expected


def test_a_chart_review_is_no_review_and_an_assignment_a_trial() -> None:
    charts = read_evidence(bare_summary(found="A chart review covers 21 adults in Japan."))
    assert charts.kind.value != "review"
    assigned = "Danish researchers assigned 35 people with MS to train at once or later."
    assert read_evidence(bare_summary(found=assigned)).kind.value == "trial"
