"""What waits for those who apply: for a firm, for a partner of it, or for the ministry in its name."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.urls import reverse

from applications.models import Agreement as AgreementRow
from applications.models import (
    Amendment,
    Application,
    ApplicationMove,
    CompanyClaim,
    Decision,
    Deliverable,
    DeliveryEntry,
    Exclusion,
    Inquiry,
    LateGrant,
    Member,
    Objection,
    Partner,
    PendingStep,
    Supplement,
)
from applications.queries.agreement import label_of
from applications.queries.application import CURRENT_STEP
from applications.queries.company import people_of
from applications.queries.delivery import FIRM, STAFF, SUPPLIER
from applications.queries.inquiries import WAITS_FOR_FIRM
from applications.queries.intake import partners
from applications.states import (
    TO_OFFICERS,
    AmendmentKind,
    ApplicationState,
    ClaimState,
    DeliverableState,
    InquiryState,
    MemberRole,
    ObjectionState,
    Outcome,
    PartnerState,
    SelectionState,
    SupplementState,
    WaitsFor,
)
from applications.visibility import WRITERS
from portal.access.accounts import verified_addresses_of
from portal.core.dates import end_of_day
from portal.models import User
from portal.records import together
from portal.records.together import Rows
from portal.todos.declared import Kind, Party, Standing, Table, Turn
from programs.models import SubProgram
from programs.queries import kept
from programs.queries.calendar import holidays
from programs.rules import deadlines
from programs.states import Intake

S = ApplicationState
RECENT = timedelta(days=90)
"""Results older than this are not looked at: no objection period is as long."""
FOLLOWED = (S.RELEASED, S.CONTRACTED, S.ENDED)
EXAMINED = (S.SUBMITTED, S.SCREENING, S.ASSESSING, S.DECIDED)


# --- For what people stand -------------------------------------------------------------------------


def _of_owners(firms: Collection[int]) -> Mapping[int, list[User]]:
    return people_of(firms, [MemberRole.OWNER])


def _of_partners(applications: Collection[int]) -> Mapping[int, list[User]]:
    joined = Partner.objects.filter(state=PartnerState.ACCEPTED, application__in=applications)
    firms = list(joined.order_by("pk").values_list("application", "company"))
    people = people_of({firm for _, firm in firms})
    found: dict[int, list[User]] = {}
    for application, firm in firms:
        found.setdefault(application, []).extend(people.get(firm, []))
    return found


def _of_addresses(addresses: Collection[str]) -> Mapping[str, list[User]]:
    owned = EmailAddress.objects.filter(email__in=addresses, verified=True).values("user")
    active = User.objects.filter(Q(email__in=addresses) | Q(pk__in=owned), is_active=True)
    found: dict[str, list[User]] = {}
    people = {person.pk: person for person in active.order_by("pk")}
    for pk, proven in verified_addresses_of(people.values()).items():
        for address in proven & set(addresses):
            found.setdefault(address, []).append(people[pk])
    return found


FIRMS = Party("firms", people_of)
OWNERS = Party("owners", _of_owners)
SUPPLIED = Party("supplied", _of_partners)
ADDRESSES = Party("addresses", _of_addresses)

MINE = (
    "company_id IN (SELECT company_id FROM applications_member"
    " WHERE user_id = %(user)s AND role IN ('owner', 'editor'))"
)
OWN_ADDRESSES = (
    "SELECT LOWER(email) FROM portal_user WHERE id = %(user)s UNION ALL SELECT LOWER(email)"
    " FROM account_emailaddress WHERE user_id = %(user)s AND verified"
)
STANDING = {
    "members": Rows(Member, "user_id = %(user)s"),
    "own": Rows(Application, f"{MINE} AND detached_id IS NULL"),
    "joined": Rows(Partner, f"{MINE} AND state = 'accepted'"),
    "invited": Rows(Partner, f"email IN ({OWN_ADDRESSES}) AND state = 'invited'"),
    "led": Rows(AgreementRow, MINE),
    "late": Rows(LateGrant, f"{MINE} AND approved_at IS NOT NULL AND used_at IS NULL"),
    "claims": Rows(CompanyClaim, f"{MINE} AND answered_at IS NULL"),
}
# The states of an application in which a firm may have rows of a kind.
STATES = {
    "draft": (S.DRAFT,),
    "partner": (S.DRAFT,),
    "supplement": (S.SCREENING,),
    "inquiry": (*EXAMINED, S.INELIGIBLE, *FOLLOWED, S.CLOSED),
    "review": EXAMINED,
    "exclusion": (S.INELIGIBLE,),
    "decision": (S.RELEASED,),
    "objection": (S.INELIGIBLE, S.RELEASED, S.ASSESSING),
}


def standing(person: User) -> Standing:
    """Return for which firms, applications and addresses a person stands, in one statement."""
    found = together.read(STANDING, user=person.pk)
    firms = [row.company_id for row in found["members"] if row.role in WRITERS]
    owned = [row.company_id for row in found["members"] if row.role == MemberRole.OWNER]
    states = {row.state for row in found["own"]}
    codes = {code for code, kinds in STATES.items() if states & set(kinds)}
    codes |= {"invitation"} if found["invited"] else set()
    codes |= {"terms", "supply", "lead"} if found["joined"] else set()
    codes |= {"late"} if found["late"] else set()
    codes |= {"claim"} if found["claims"] and owned else set()
    codes |= {"step", "visit", "deliverable"} if found["led"] else set()
    keys: dict[Party, Collection[Any]] = {
        FIRMS: firms,
        OWNERS: owned,
        SUPPLIED: [row.application_id for row in found["joined"]],
        ADDRESSES: {row.email for row in found["invited"]},
    }
    return Standing(keys, codes)


# --- What waits ------------------------------------------------------------------------------------


def _open(now: datetime) -> QuerySet[SubProgram]:
    """Return the sub-programmes whose intake has not ended."""
    own = Q(closes_at__gt=now) | Q(closes_at=None, intake=Intake.ROLLING)
    return SubProgram.objects.filter(
        own | Q(closes_at=None, round__closes_at__gt=now), round__announced=True
    )


def _drafts(now: datetime) -> QuerySet[Application]:
    return Application.objects.filter(
        state=S.DRAFT, detached=None, sub_program__in=_open(now).values("pk")
    )


def drafts(now: datetime) -> QuerySet[Any]:
    return _drafts(now).annotate(of_application=F("pk"))


def _closings(start: datetime, end: datetime) -> list[datetime]:
    """Return when announced sub-programmes close after one instant and until another."""
    programs = SubProgram.objects.filter(round__announced=True).select_related("round")
    ends = (program.window().closes_at for program in programs)
    return [at for at in ends if at is not None and start < at <= end]


def late(now: datetime) -> QuerySet[Any]:
    open_grants = LateGrant.objects.filter(
        approved_at__isnull=False, used_at=None, cancelled_at=None, until__gt=now
    )
    return open_grants.select_related("sub_program__round")


def _leaves(start: datetime, end: datetime) -> list[datetime]:
    return list(late(start).filter(until__lte=end).values_list("until", flat=True))


def invitations(now: datetime) -> QuerySet[Any]:
    return partners.still_open(now).annotate(of_application=F("application"))


def terms(now: datetime) -> QuerySet[Any]:
    rows = Partner.objects.filter(
        state=PartnerState.ACCEPTED, terms__isnull=False, terms__confirmed=None
    )
    drafts = _drafts(now).order_by().values("pk")
    return rows.filter(application__in=drafts).annotate(of_application=F("application"))


def unready(now: datetime) -> QuerySet[Any]:
    waits = Q(state__in=[PartnerState.INVITED, PartnerState.PENDING])
    asked = Q(state=PartnerState.ACCEPTED, terms__isnull=False, terms__confirmed=None)
    rows = Partner.objects.filter(waits | asked, application__detached=None)
    return rows.filter(application__state=S.DRAFT).annotate(of_application=F("application"))


def supplements(now: datetime) -> QuerySet[Any]:
    rows = Supplement.objects.filter(
        state=SupplementState.OPEN, application__state=S.SCREENING, application__detached=None
    )
    return rows.annotate(of_application=F("application"))


def inquiries(now: datetime) -> QuerySet[Any]:
    asked = Q(kind__in=TO_OFFICERS, state=InquiryState.ASKED)
    filed = Q(application__detached=None) & ~Q(application__state__in=[S.DRAFT, S.WITHDRAWN])
    rows = Inquiry.objects.filter(WAITS_FOR_FIRM | asked).filter(filed)
    return rows.annotate(of_application=F("application"))


def _change_of_lead() -> QuerySet[Amendment]:
    """Return the change of lead in the latest version of the agreement of an outer query."""
    return Amendment.objects.filter(
        kind=AmendmentKind.LEAD,
        version__agreement=OuterRef("pk"),
        version__number=OuterRef("version"),
    )


def steps(now: datetime) -> QuerySet[Any]:
    rows = PendingStep.objects.filter(done_at=None)
    changing = AgreementRow.objects.filter(Exists(_change_of_lead()), pk=OuterRef("agreement"))
    others = rows.exclude(Q(step="sign_change") & Exists(changing))
    return others.annotate(of_application=F("agreement__application"))


def changes_of_lead(now: datetime) -> QuerySet[Any]:
    """Return the partners that are to take the lead and have not signed yet.

    Asked from the partner's side, whose rows an index finds: the steps of others are not read.
    """
    steps = PendingStep.objects.filter(done_at=None, step="sign_change")
    due = steps.filter(agreement__application=OuterRef("application")).values("due_at")
    unsigned = AgreementRow.objects.filter(
        Exists(steps.filter(agreement=OuterRef("pk"))), application=OuterRef("application")
    )
    firm = Cast(KeyTextTransform("company", "proposal"), models.IntegerField())
    taker = Subquery(_change_of_lead().annotate(firm=firm).values("firm")[:1])
    joined = Partner.objects.filter(state=PartnerState.ACCEPTED)
    first = joined.filter(application=OuterRef("application"), company=OuterRef("company"))
    rows = joined.alias(taker=Subquery(unsigned.annotate(taker=taker).values("taker")[:1])).filter(
        company=F("taker"), pk=Subquery(first.order_by("pk").values("pk")[:1])
    )
    return rows.annotate(due_at=Subquery(due[:1]), of_application=F("application"))


def visits(now: datetime) -> QuerySet[Any]:
    rows = DeliveryEntry.objects.filter(
        confirmed=None,
        deliverable__spec__confirmed=True,
        deliverable__state=DeliverableState.UNDER_WAY,
    )
    return rows.annotate(of_application=F("deliverable__agreement__application"))


def deliverables(now: datetime) -> QuerySet[Any]:
    """Return what a firm has to deliver, and what waits for its confirmation or that of others."""
    joined = Partner.objects.filter(
        state=PartnerState.ACCEPTED, application=OuterRef("agreement__application")
    )
    by_firm = Q(spec__by=FIRM) | Q(spec__by=SUPPLIER, joined=False)
    rows = Deliverable.objects.annotate(joined=Exists(joined)).filter(
        Q(state=DeliverableState.HANDED_IN) | by_firm & Q(state=DeliverableState.UNDER_WAY)
    )
    return rows.annotate(of_application=F("agreement__application"))


def supplies(now: datetime) -> QuerySet[Any]:
    rows = Deliverable.objects.filter(state=DeliverableState.UNDER_WAY, spec__by=SUPPLIER)
    return rows.annotate(of_application=F("agreement__application"))


def exclusions(now: datetime) -> QuerySet[Any]:
    later = Exclusion.objects.filter(application=OuterRef("application"), pk__gt=OuterRef("pk"))
    rows = Exclusion.objects.filter(
        ~Exists(later),
        at__gt=now - RECENT,
        application__state=S.INELIGIBLE,
        application__detached=None,
        objection=None,
    )
    return rows.annotate(of_application=F("application"))


def decisions(now: datetime) -> QuerySet[Any]:
    """Return the results in force that may be contested, but for those that select."""
    later = Decision.objects.filter(previous=OuterRef("pk"))
    filed = Objection.objects.filter(application=OuterRef("application"), exclusion=None)
    rows = Decision.objects.filter(
        ~Exists(later),
        ~Exists(filed),
        selection__state=SelectionState.RELEASED,
        application__state=S.RELEASED,
        application__detached=None,
        outcome__in=[Outcome.REJECTED, Outcome.RESERVE, Outcome.CANCELLED],
    )
    since = Coalesce("at", "selection__released_at")
    return rows.annotate(told_at=since, of_application=F("application")).filter(
        told_at__gt=now - RECENT
    )


def objections(now: datetime) -> QuerySet[Any]:
    rows = Objection.objects.filter(state__in=[ObjectionState.FILED, ObjectionState.UPHELD])
    return rows.annotate(of_application=F("application"))


def examined(now: datetime) -> QuerySet[Any]:
    """Return what the ministry examines, since when: a decision is not hinted at before its release."""
    asked = Supplement.objects.filter(application=OuterRef("pk"), state=SupplementState.OPEN)
    begun = ApplicationMove.objects.filter(thing=OuterRef("pk"), target=S.ASSESSING).exclude(
        source__in=[S.ASSESSING, S.DECIDED]
    )
    rows = Application.objects.filter(~Exists(asked), state__in=EXAMINED, detached=None)
    return rows.annotate(
        of_application=F("pk"), begun_at=Subquery(begun.order_by("-pk").values("at")[:1])
    )


def claims(now: datetime) -> QuerySet[Any]:
    rows = CompanyClaim.objects.filter(
        answered_at=None, state__in=[ClaimState.FILED, ClaimState.EXAMINED]
    )
    return rows.select_related("company")


# --- In words --------------------------------------------------------------------------------------


def named(rows: Sequence[Any]) -> None:
    """Put on each row its application with firm, site and catalogue as `shown`, in two statements."""
    wanted = {pk for row in rows if (pk := getattr(row, "of_application", None))}
    if not wanted:
        return
    found = {
        row.pk: row
        for row in Application.objects.filter(pk__in=wanted).select_related("company", "site")
    }
    kept.put_on(found.values())
    for row in rows:
        if getattr(row, "of_application", None):
            row.shown = found[row.of_application]


def _application(row: Any) -> str:
    application: Application = row.shown
    return f"{application.sub_program.name} · {application.company.name} {application.site.name}"


def _partner(row: Any) -> str:
    return f"{row.company_name} · {_application(row)}"


def _page(name: str, *words: str) -> Any:
    def address(row: Any) -> str:
        return reverse(name, args=[row.of_application, *words])

    return address


def _row_page(name: str, key: str = "pk") -> Any:
    def address(row: Any) -> str:
        return reverse(name, args=[getattr(row, key)])

    return address


def _closing(row: Any) -> datetime | None:
    closes_at: datetime | None = row.shown.sub_program.window().closes_at
    return closes_at


def _column(name: str) -> Any:
    def due(row: Any) -> datetime | None:
        at: datetime | None = getattr(row, name)
        return at

    return due


def _last_day(row: Any) -> datetime | None:
    return end_of_day(row.ends_on) if row.ends_on else None


def _undated(row: Any) -> None:
    return None


def _contest(column: str) -> Any:
    def due(row: Any) -> datetime:
        program: SubProgram = row.shown.sub_program
        return program.due_after("objection_days", getattr(row, column), holidays())

    return due


def _examined_by(row: Any) -> datetime | None:
    current = CURRENT_STEP[S(row.state)]
    steps = row.shown.sub_program.steps
    step = next((one for one in steps if one["code"] == current), None)
    since = row.begun_at or row.submitted_at
    return deadlines.step_due(step, since, holidays()) if step else None


def _examination(row: Any) -> str:
    current = CURRENT_STEP[S(row.state)]
    steps = row.shown.sub_program.steps
    label = next((str(one["label"]) for one in steps if one["code"] == current), "검토")
    return f"{label} 진행 중"


def _turn_of_partner(partner: Any) -> Turn:
    return Turn.MINE if partner.state == PartnerState.PENDING else Turn.OTHERS


def _label_of_partner(partner: Any) -> str:
    if partner.state == PartnerState.PENDING:
        return "참여기관 확인하기"
    return "참여기관의 응답" if partner.state == PartnerState.INVITED else "참여기관의 조건 확인"


def _turn_of_inquiry(inquiry: Any) -> Turn:
    return Turn.MINE if inquiry.waits_for == WaitsFor.FIRM else Turn.OTHERS


def _turn_of_step(step: Any) -> Turn:
    return Turn.MINE if step.waits_for == WaitsFor.FIRM else Turn.OTHERS


def _judge(row: Any) -> str:
    """Return the side that confirms, see `queries.delivery.confirming_side`."""
    if row.spec["by"] == SUPPLIER and row.spec["accepted_by"] == FIRM and not row.joined:
        return STAFF
    return str(row.spec["accepted_by"])


def _turn_of_deliverable(row: Any) -> Turn:
    handed_in = row.state == DeliverableState.HANDED_IN
    return Turn.OTHERS if handed_in and _judge(row) != FIRM else Turn.MINE


def _label_of_deliverable(row: Any) -> str:
    handed_in = row.state == DeliverableState.HANDED_IN
    return f"{row.label} {'확인' if handed_in else '제출'}"


def _intake_page(row: Any) -> str:
    program = row.sub_program
    return reverse("application_new", args=[program.round.code, program.code])


# fmt: off
KINDS = (
    Kind("draft", FIRMS, "company", Turn.MINE, drafts, "신청서 제출", _application,
         _page("application_review"), _closing, lapses=True, hours=(3,), instants=_closings),
    Kind("late", FIRMS, "company", Turn.MINE, late, "기한 뒤 접수가 허용된 신청서 제출",
         lambda row: row.sub_program.name, _intake_page, _column("until"), "until", lapses=True,
         hours=(3,), instants=_leaves),
    Kind("invitation", ADDRESSES, "email", Turn.MINE, invitations,
         "참여 요청에 답하기(메일에 있는 주소에서)", _partner, lambda row: "", partners.expires_at,
         lapses=True),
    Kind("terms", FIRMS, "company", Turn.MINE, terms, "참여 조건(맡은 일과 금액) 확인", _partner,
         _row_page("partner_terms"), _closing, lapses=True),
    Kind("partner", FIRMS, "application__company", _turn_of_partner, unready, _label_of_partner,
         _partner, _page("application_step", "partners"), _closing, lapses=True),
    Kind("supplement", FIRMS, "application__company", Turn.MINE, supplements, "보완 자료 제출",
         _application, _page("application_supplement"), _column("due_at"), "due_at"),
    Kind("inquiry", FIRMS, "application__company", _turn_of_inquiry, inquiries, "질의 답변",
         _application, _page("inquiry_thread"), _column("due_at"), "due_at"),
    Kind("step", FIRMS, "agreement__company", _turn_of_step, steps,
         lambda step: label_of(step.step), _application, _page("agreement_detail"),
         _column("due_at"), "due_at"),
    Kind("lead", FIRMS, "company", Turn.MINE, changes_of_lead, "변경협약서 서명", _application,
         _page("agreement_detail"), _column("due_at"), "due_at"),
    Kind("visit", FIRMS, "deliverable__agreement__company", Turn.MINE, visits,
         lambda entry: f"수행 기록 확인: {entry.number}차 {entry.title}", _application,
         _row_page("delivery_detail", "deliverable_id"), _undated),
    Kind("deliverable", FIRMS, "agreement__company", _turn_of_deliverable, deliverables,
         _label_of_deliverable, _application, _row_page("delivery_detail"), _last_day),
    Kind("supply", SUPPLIED, "agreement__application", Turn.MINE, supplies, _label_of_deliverable,
         _application, _row_page("delivery_detail"), _last_day),
    Kind("exclusion", FIRMS, "application__company", Turn.RIGHT, exclusions,
         "요건 미충족에 대한 이의신청", _application, _page("application_objection"),
         _contest("at"), lapses=True, days=(1,)),
    Kind("decision", FIRMS, "application__company", Turn.RIGHT, decisions,
         "결과에 대한 이의신청", _application, _page("application_objection"),
         _contest("told_at"), lapses=True, days=(1,)),
    Kind("objection", FIRMS, "application__company", Turn.OTHERS, objections, "이의신청 심의",
         _application, _page("application_objection"), _column("answer_due_at"), "answer_due_at", days=()),
    Kind("review", FIRMS, "company", Turn.OTHERS, examined, _examination, _application,
         _page("application_detail"), _examined_by, days=()),
    Kind("claim", OWNERS, "company", Turn.MINE, claims, "기업 등록 이의에 소명하기",
         lambda row: row.company.name,
         lambda row: reverse("claim_answer", args=[row.company_id, row.pk]), _undated),
)
# fmt: on

TODOS = Table(KINDS, standing, named)
