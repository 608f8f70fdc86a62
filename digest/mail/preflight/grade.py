"""How hard the teasers of an edition are to read."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from digest.mail.preflight.findings import Finding
from digest.mail.preflight.opened import Mail, Study, warns

# US school years; most health leaflets aim at 6 to 8.
HARDEST = MappingProxyType({"patient": 9.0, "caregiver": 9.0, "clinician": 14.0})


def reading_grade(mail: Mail) -> Iterator[Finding]:
    """All teasers of the edition together; the hardest card is named."""
    if not mail.studies:
        return
    most = HARDEST[mail.audience]
    grade = mail.rules.grade("\n\n".join(_read(study) for study in mail.studies))
    if grade > most:
        graded = [(mail.rules.grade(_read(study)), study) for study in mail.studies]
        hardest, study = max(graded, key=lambda one: one[0])
        what = f"its teasers ask for grade {grade:.1f} of school, above {most:g}; the hardest is "
        what += f"{study.name} at {hardest:.1f}"
        mend = f"Look at that one first: `digest hold {mail.edition.number} "
        yield warns("reading grade", mail.name, what, f"{mend}{study.summary.slug}` holds it over.")


def _read(study: Study) -> str:
    return "\n\n".join(study.sentences)  # each ends where it ends, full stop or none
