"""Staff, assessors and assessed applications for tests; assessors have no ties."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.test import Client

from applications.models import (
    Application,
    BonusClaim,
    FormVersion,
    LateGrant,
    Objection,
    ScoreRun,
    ScoreSheet,
    Selection,
)
from applications.roles import ASSESSOR
from applications.services import objection
from applications.services.assessment import scoring, sheets
from applications.services.intake import late_filing
from applications.services.screening import exclusions
from applications.services.selection import changes, proposals
from applications.states import BonusState, Remedy
from portal.access.roles import AUDITOR, OPERATOR
from portal.models import MoveLogBase, User
from programs.models import BonusItem, Criterion, SubProgram
from programs.roles import MANAGER, OFFICER
from programs.services import ledger
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    SubmissionFactory,
    SubProgramFactory,
    UserFactory,
)

CRITERIA = [("need", 30, False), ("plan", 40, True), ("team", 30, False)]
CONDITIONS = [
    {"code": "small", "kind": "one_of", "fact": "company_size", "values": ["small"]}
    | {"message": "소기업만 신청할 수 있습니다."},
    {"code": "no-tax-debt", "kind": "is_false", "fact": "tax_debt"}
    | {"message": "체납이 없어야 합니다."},
    {"code": "built", "kind": "years_since", "fact": "built_on", "number": 1}
    | {"message": "구축한 지 1년이 지나야 합니다."},
    {"code": "advice", "kind": "is_true", "fact": "visited", "blocking": False}
    | {"message": "현장 방문을 권합니다."},
]
DOCUMENTS = [{"code": "quote", "label": "견적서"}, {"code": "license", "label": "허가증"}]

_places = count(1)


def staff(role: str, *programs: SubProgram) -> User:
    user = UserFactory(email=f"{role}{next(_places)}@mss.example", roles=[role], is_staff=True)
    user.sub_programs.add(*programs)
    return user


def officer(*programs: SubProgram) -> User:
    return staff(OFFICER, *programs)


def manager() -> User:
    return staff(MANAGER)


def auditor() -> User:
    return staff(AUDITOR)


def operator() -> User:
    return staff(OPERATOR)


def late_leave(sub_program: SubProgram, **words: Any) -> LateGrant:
    """Make a permission to file late that a second manager has approved."""
    words = {"site": None, "reason": "장애로 제출하지 못함", "by": manager(), **words}
    made = late_filing.grant(sub_program, **words)
    late_filing.approve(made, by=manager(), now=words["now"])
    return made


def assessors(number: int = 3) -> list[User]:
    places = [next(_places) for _ in range(number)]
    return [
        UserFactory(
            email=f"judge{place}@university.example",
            phone=f"010-2{place % 1000:03d}-{place:04d}",
            roles=[ASSESSOR],
        )
        for place in places
    ]


def program(*, money: int = 1_000_000_000, **fields: Any) -> SubProgram:
    """Make a sub-programme with criteria, a bonus item and money in its budget."""
    made = SubProgramFactory(**{"minimum_sheets": 3, **fields})
    for place, (code, points, core) in enumerate(CRITERIA):
        Criterion.objects.create(
            sub_program=made,
            code=code,
            label=f"항목 {code}",
            max_points=points,
            core=core,
            order=place,
            origin="assumption",
        )
    BonusItem.objects.create(
        sub_program=made, code="covid", label="코로나19 대응 제품", points=5, origin="source S9"
    )
    if money:
        ledger.appropriate(
            made.pot,
            ledger.Booking(amount=money, reference=f"test:{made.pot.code}"),
            by=None,
            now=NOW,
        )
    return made


def form(**content: Any) -> FormVersion:
    """Make a form version with the conditions and documents of these tests."""
    place = next(_places)
    whole = {"conditions": CONDITIONS, "documents": DOCUMENTS, **content}
    return FormVersion.objects.create(sha256=f"{place:064x}", content=whole)


def filed(
    sub_program: SubProgram,
    *,
    facts: dict[str, Any] | None = None,
    conditions: list[dict[str, Any]] | None = None,
    **fields: Any,
):
    """Make a filed application whose form has conditions; `facts` were frozen with it."""
    made = ApplicationFactory(
        sub_program=sub_program, filed=True, frozen=None, **{"region": "gyeonggi", **fields}
    )
    SubmissionFactory(
        application=made,
        form=form(**({} if conditions is None else {"conditions": conditions})),
        content={
            "facts": {"company_size": "small", "tax_debt": False} if facts is None else facts,
            "answers": {},
            "profile": {},
        },
    )
    return Application.objects.select_related("submission__form", "sub_program").get(pk=made.pk)


def locked_sheet(
    application: Application,
    assessor: User,
    marks: Sequence[int],
    *,
    at: datetime = NOW,
    reasons: dict[str, str] | None = None,
    comment: str = "",
) -> ScoreSheet:
    """Make a submitted sheet."""
    sheet = ScoreSheet(
        application=application,
        assessor=assessor,
        assigned_at=at,
        declared_at=at,
        marks=dict(zip([code for code, _, _ in CRITERIA], marks, strict=True)),
        reasons=reasons or {code: "근거" for code, _, _ in CRITERIA},
        comment=comment,
    )
    sheet.sha256 = sheets.digest(sheet)
    sheet.locked_at = at
    sheet.save()
    return sheet


def opened(application: Application, assessor: User, by: User) -> ScoreSheet:
    """Assign a sheet and declare that there is no tie."""
    sheet = sheets.assign(application, assessor=assessor, by=by, now=NOW)
    return sheets.declare(sheet, tied=False, words="", by=assessor, now=NOW)


def judged(
    sub_program: SubProgram,
    marks: Sequence[int] = (24, 32, 24),
    *,
    judges: Sequence[User],
    support: int = 50_000_000,
    bonus: bool = False,
) -> Application:
    """Make an application under assessment with the same marks from every judge."""
    made = ApplicationFactory(sub_program=sub_program, assessing=True, frozen=None)
    SubmissionFactory(application=made, support_won=support)
    for judge in judges:
        locked_sheet(made, judge, marks)
    if bonus:
        BonusClaim.objects.create(
            application=made,
            code="covid",
            label="코로나19 대응 제품",
            claim="마스크",
            points=5,
            state=BonusState.GRANTED,
            reason="허가증 확인",
        )
    return made


def excluded(
    application: Application, *, failed: Sequence[str], note: str, by: User, now: datetime = NOW
) -> MoveLogBase:
    """Exclude by two people: `by` approves what another officer proposed."""
    second = officer(application.sub_program)
    proposal = exclusions.propose(application, failed=failed, note=note, by=second, now=now)
    row = exclusions.approve(proposal, by=by, now=now)
    application.refresh_from_db()
    return row


def scored(sub_program: SubProgram, by: User) -> ScoreRun:
    run = scoring.start(sub_program, by=by, now=NOW, while_open=True)
    scoring.compute(run, now=NOW)
    return run


def proposed(sub_program: SubProgram, by: User, **limits: int) -> Selection:
    made = proposals.start(scored(sub_program, by), by=by, now=NOW, **limits)
    proposals.propose(made, now=NOW)
    return made


def confirmed(made: Selection) -> Selection:
    proposals.confirm(made, by=officer(made.sub_program), now=NOW)
    return made


def decided(made: Selection, *, by: User) -> Selection:
    """Confirm as an officer and approve as this manager."""
    proposals.decide(confirmed(made), by=by, now=NOW)
    return made


def released(sub_program: SubProgram, *, by: User, **limits: int) -> Selection:
    """Score, propose, confirm, approve and release."""
    made = proposed(sub_program, officer(sub_program), **limits)
    decided(made, by=by)
    proposals.release(made, by=by, now=NOW)
    return made


def won_objection(application: Application, *, anew: Sequence[Sequence[int]] = ()) -> Objection:
    """File an objection and uphold it, by a bonus or by new sheets (`anew`: their marks)."""
    program, other = application.sub_program, manager()
    case = objection.file(application, text="실적을 냈습니다.", by=application.created_by, now=NOW)
    later = NOW + timedelta(days=1)
    words: dict[str, Any] = {"note": "다시 확인함", "by": other, "now": later}
    if anew:
        objection.uphold(case, remedy=Remedy.SHEETS, **words)
        for marks, judge in zip(anew, assessors(len(anew)), strict=True):
            locked_sheet(application, judge, marks, at=later)
    else:
        claim = BonusClaim.objects.create(
            application=application,
            code="covid",
            label="코로나19 대응 제품",
            claim="마스크",
            points=5,
            state=BonusState.REFUSED,
            reason="허가증을 찾지 못함",
        )
        objection.uphold(case, remedy=Remedy.BONUS, bonuses=[claim], **words)
    run = objection.rescore(case, by=other, now=later)
    scoring.compute(run, now=later)
    draft = objection.conclude(run, now=later)
    assert draft is not None
    changes.take_up(draft, by=officer(program), now=later)
    changes.approve(draft, by=other, now=later)
    case.refresh_from_db()
    return case


def enter(client: Client, user: User) -> Client:
    """Sign in with a second factor."""
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password"}, {"method": "mfa"}]
    session.save()
    return client
