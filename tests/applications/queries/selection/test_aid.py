"""What firms hold: equal to the plain definition for any mixture of leads and entries, by indexes."""

import random
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db.models import Q

from applications.models import Agreement, Application, Company
from applications.queries.selection import aid
from programs.models import LedgerEntry
from programs.rules import ledger as rules
from programs.services import ledger
from programs.states import GrantKind
from tests import plans
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    BudgetFactory,
    CompanyFactory,
    RoundFactory,
    SiteFactory,
    SubProgramFactory,
)

pytestmark = pytest.mark.django_db
YEARS = (2020, 2021)
TABLES = ("applications_application", "applications_agreement", "programs_ledgerentry")


def agree(application: Application, lead: Company) -> Agreement:
    return Agreement.objects.create(
        application=application,
        company=lead,
        number=f"{application.number}-협약",
        kind=GrantKind.SHARE,
        award_won=100,
        grant_won=100,
        drafted_at=NOW,
        papers_due_at=NOW + timedelta(days=7),
        sign_due_at=NOW + timedelta(days=14),
    )


def book(application: Application, draw: random.Random) -> None:
    """Reserve, then perhaps commit, pay and give back parts: any lawful row of entries."""
    reserved, committed, paid = draw.randint(1, 9), 0, 0
    kinds = [("reserve", reserved)]
    for kind in draw.choices(["commit", "pay", "release", "decommit", "recover"], k=5):
        most = {"commit": reserved, "release": reserved, "recover": paid}.get(kind, committed)
        if not most:
            continue
        amount = draw.randint(1, most)
        kinds.append((kind, amount))
        moved = rules.after(rules.Balance(0, reserved, committed, paid), kind, amount)
        reserved, committed, paid = moved.reserved, moved.committed, moved.paid
    for place, (kind, amount) in enumerate(kinds):
        LedgerEntry.objects.create(
            budget=application.sub_program.pot,
            kind=kind,
            amount_won=amount,
            reference=f"{kind}:{application.pk}:{place}",
            subject=application.subject,
            at=NOW,
        )


def world(draw: random.Random, count: int = 24) -> list[Company]:
    pot = BudgetFactory()
    ledger.appropriate(pot, ledger.Booking(amount=10**6, reference="test"), by=None, now=NOW)
    programs = [
        SubProgramFactory(round=RoundFactory(code=f"{year}-1", year=year), pot=pot)
        for year in YEARS
    ]
    firms = [CompanyFactory() for _ in range(6)]
    for _ in range(count):
        firm, program = draw.choice(firms), draw.choice(programs)
        state = draw.choice(["filed", "filed", "filed", "released", "draft"])
        made = ApplicationFactory(
            sub_program=program,
            company=firm,
            site=SiteFactory(company=firm),
            **({} if state == "draft" else {state: True, "frozen": None}),
        )
        if state == "draft":
            continue
        if draw.random() < 0.5:
            agree(made, draw.choice(firms))
        if draw.random() < 0.7:
            book(made, draw)
    return firms


def plain(firms: set[int], year: int | None) -> dict[int, dict[int, int]]:
    """The definition, read without care for the plan: won by application, by firm."""
    rows = Application.objects.filter(
        Q(company__in=firms) | Q(agreement__company__in=firms), number__isnull=False
    )
    result: dict[int, dict[int, int]] = defaultdict(dict)
    for row in rows.select_related("sub_program__round").distinct():
        agreement = Agreement.objects.filter(application=row).first()
        owner = agreement.company_id if agreement else row.company_id
        entries = LedgerEntry.objects.filter(subject=row.subject).values_list("kind", "amount_won")
        left = rules.fold(entries)
        won = left.reserved + left.committed + left.paid
        if owner in firms and won and year in {None, row.sub_program.round.year}:
            result[owner][row.pk] = won
    return dict(result)


@pytest.mark.parametrize("seed", range(6))
def test_holdings_are_those_of_the_plain_definition(seed: int, monkeypatch) -> None:
    draw = random.Random(seed)
    monkeypatch.setattr(aid, "CHUNK", 2)  # firms of one application in different parts
    firms = world(draw)
    for year in (None, *YEARS):
        asked = {row.pk for row in draw.sample(firms, draw.randint(1, len(firms)))}
        held = {
            firm: {row.application.pk: row.won for row in rows}
            for firm, rows in aid.of_firms(asked, year=year, with_labels=year is None).items()
        }
        assert held == plain(asked, year)


@pytest.mark.postgres
def test_holdings_are_found_by_indexes() -> None:
    firm = CompanyFactory()
    agree(ApplicationFactory(company=firm, filed=True), CompanyFactory())
    with plans.reads() as queries:
        aid.of_firms([firm.pk], year=2021, with_labels=True)
    for sql in queries:
        assert plans.whole_reads(plans.plan_of(sql), TABLES) == [], sql


@pytest.mark.postgres
def test_one_condition_over_both_tables_would_read_them_whole() -> None:
    """The test above can fail: this is the query that it once was."""
    rows = Application.objects.filter(Q(company__in=[1]) | Q(agreement__company__in=[1]))
    assert plans.whole_reads(plans.plan_of(*rows.query.sql_with_params()), TABLES)
