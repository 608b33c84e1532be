"""Answers of an agency for the demo, where no agency can be reached."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from applications.models import Company
from portal.core.clock import now
from portal.core.dates import korean_day
from portal.models import RegistryAnswer
from portal.registries.answers import Answer, Question

TAX = "부가가치세 일반과세자"
CLOSES = "4168144181"  # goes on when it is first asked about, and is closed from then on
CLOSED_ON = "20210630"
OWES = "메디키트(주)"  # owes local taxes
GOOD_DAYS = 200  # of a certificate, counted from the day on which it is asked for
SIZES = {"small": "소기업", "medium": "중기업", "mid": "중견기업"}
MEDICAL = ("21", "27")  # KSIC divisions of firms with a permitted product


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


class Known:
    """What further registries say of the demo's firms, from what the portal knows of them."""

    def __init__(self, registry: str) -> None:
        self.registry = registry

    def ask(self, questions: Sequence[Question]) -> Mapping[str, Answer]:
        numbers = [question.subject for question in questions]
        firms = Company.objects.filter(business_number__in=numbers)
        return {firm.business_number: self._answer(firm) for firm in firms}

    def _answer(self, firm: Company) -> Answer:
        facts = self._facts(firm)
        return Answer(found=bool(facts), facts=facts)

    def _facts(self, firm: Company) -> dict[str, Any]:
        until = f"{korean_day(now()) + timedelta(days=GOOD_DAYS):%Y%m%d}"
        match self.registry:
            case "national_tax":
                return {"arrears": "N", "until": until}
            case "local_tax":
                owes = firm.name == OWES
                return {"arrears": "Y" if owes else "N", "until": until}
            case "sme_certificate":
                size = SIZES.get(firm.size)
                return {"size": size, "until": until} if size else {}
            case "insured_employees":
                return {"employees": str(firm.employees)} if firm.employees else {}
            case "factory_registration":
                row = {"name": firm.name, "industry": firm.industry_code}
                return {"rows": [row]} if firm.industry_code else {}
            case _:
                row = {"name": f"{firm.name} 제품", "permit": "202100017", "state": "정상"}
                return {"rows": [row]} if firm.industry_code.startswith(MEDICAL) else {}
