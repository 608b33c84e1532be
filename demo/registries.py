"""Answers of an agency for the demo, where no agency can be reached."""

from collections.abc import Mapping, Sequence

from portal.models import RegistryAnswer
from portal.registries.answers import Answer, Question

TAX = "부가가치세 일반과세자"
CLOSES = "4168144181"  # goes on when it is first asked about, and is closed from then on
CLOSED_ON = "20210630"


class Status:
    """Every business goes on, except the one that closes."""

    def ask(self, questions: Sequence[Question]) -> Mapping[str, Answer]:
        closed = RegistryAnswer.objects.filter(subject=CLOSES, registry="business_status").exists()
        return {
            question.subject: _status(closed=closed and question.subject == CLOSES)
            for question in questions
        }


def _status(*, closed: bool) -> Answer:
    if closed:
        facts = {"status": "03", "tax": TAX, "closed_on": CLOSED_ON}
    else:
        facts = {"status": "01", "tax": TAX, "closed_on": ""}
    return Answer(found=True, facts=facts)


class Identity:
    """Every representative and opening date is as the firm says."""

    def ask(self, questions: Sequence[Question]) -> Mapping[str, Answer]:
        same = Answer(found=True, facts={"matches": True})
        return dict.fromkeys((question.subject for question in questions), same)
