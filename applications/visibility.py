"""Who sees which rows: asked by pages, admin, API, PDF and exports alike."""

from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from applications.models import (
    Agreement,
    AgreementPaper,
    Application,
    Attachment,
    ChangeRequest,
    Company,
    ConflictOfInterest,
    Decision,
    DecisionChange,
    Deliverable,
    DeliveryFile,
    Expert,
    IssuedDocument,
    Member,
    Objection,
    ObjectionPaper,
    PanelProposal,
    Partner,
    ReportFile,
    RubricVersion,
    ScoreRun,
    ScoreSheet,
    Selection,
    Spending,
    Turn,
)
from applications.roles import ASSESSOR
from applications.states import (
    AmendmentKind,
    ApplicationState,
    MemberRole,
    ObjectionState,
    PartnerState,
    SelectionState,
)
from portal.access.roles import AUDITOR, roles_of
from portal.models import User
from programs.models import LedgerEntry
from programs.roles import MANAGER, OFFICER
from programs.visibility import public_sub_programs, sub_programs_of

WRITERS = [MemberRole.OWNER, MemberRole.EDITOR]
DESK = {OFFICER, MANAGER, AUDITOR}
SUBJECT = "application:"  # how the ledger names an application, see `Application.subject`


def companies_of(user: User) -> QuerySet[Company]:
    """Companies the person works for."""
    return Company.objects.filter(members__user=user)


def role_in(user: User, company: Company | int) -> str | None:
    """What the person may do for a company; None for a stranger."""
    pk = company if isinstance(company, int) else company.pk
    return Member.objects.filter(user=user, company_id=pk).values_list("role", flat=True).first()


def own_applications(user: User) -> QuerySet[Application]:
    """Applications of the person's companies, whatever their state."""
    return Application.objects.filter(company__members__user=user)


def shared_applications(user: User) -> QuerySet[Application]:
    """Applications in which a company of the person has accepted to take part (read only)."""
    return Application.objects.filter(
        partners__state=PartnerState.ACCEPTED, partners__company__members__user=user
    ).distinct()


def partnerships_of(user: User) -> QuerySet[Partner]:
    """Partners whose answer the person gives: accepted by a company the person writes for."""
    return Partner.objects.filter(
        state=PartnerState.ACCEPTED,
        company__members__user=user,
        company__members__role__in=WRITERS,
    )


def agreements_of(user: User) -> QuerySet[Agreement]:
    """Agreements the person may open: of their companies, shared ones, and staff's."""
    seen = (
        Q(company__in=companies_of(user))
        | Q(application__in=own_applications(user).order_by().values("pk"))
        | Q(application__in=shared_applications(user).order_by().values("pk"))
        | Q(application__in=staff_applications(user).order_by().values("pk"))
    )
    return Agreement.objects.filter(seen)


def deliverables_of(user: User) -> QuerySet[Deliverable]:
    """What the person may see of the work: own, shared and staff's agreements, own tasks."""
    seen = Q(agreement__in=agreements_of(user).order_by().values("pk"))
    return Deliverable.objects.filter(seen | Q(expert__user=user))


def delivery_files_of(user: User) -> QuerySet[DeliveryFile]:
    """Files of the work that the person may see."""
    return DeliveryFile.objects.filter(
        entry__deliverable__in=deliverables_of(user).order_by().values("pk")
    )


def experts_of(user: User) -> QuerySet[Expert]:
    """The person's own places in the pools of experts."""
    return Expert.objects.filter(user=user)


def staff_experts(user: User) -> QuerySet[Expert]:
    """Every expert, for the staff who verify and match them."""
    return Expert.objects.all() if roles_of(user) & DESK else Expert.objects.none()


def staff_applications(user: User) -> QuerySet[Application]:
    """Filed applications of the sub-programmes a member of staff answers for; never drafts."""
    if not roles_of(user) & DESK:
        return Application.objects.none()
    return Application.objects.filter(
        sub_program__in=sub_programs_of(user), submitted_at__isnull=False
    )


def own_sheets(user: User) -> QuerySet[ScoreSheet]:
    """Sheets on an assessor's desk, those that ended included."""
    if ASSESSOR not in roles_of(user):
        return ScoreSheet.objects.none()
    return ScoreSheet.objects.filter(assessor=user).exclude(
        application__state__in=[ApplicationState.DRAFT, ApplicationState.WITHDRAWN]
    )


def opened_sheets(user: User) -> QuerySet[ScoreSheet]:
    """Sheets whose file is open to the assessor: the word on conflicts was given, none stands."""
    return own_sheets(user).filter(declared_at__isnull=False, abstained_at=None, withdrawn_at=None)


def others_sheets(sheet: ScoreSheet) -> QuerySet[ScoreSheet]:
    """What an assessor may read of the others: their marks, once the own sheet is locked."""
    if sheet.locked_at is None or sheet.ended:
        return ScoreSheet.objects.none()
    others = ScoreSheet.objects.filter(
        application=sheet.application_id,
        locked_at__isnull=False,
        abstained_at=None,
        withdrawn_at=None,
    )
    return others.exclude(pk=sheet.pk)


def applications_of(user: User) -> QuerySet[Application]:
    """Every application the person may open, each once; assessors read at their own desk."""
    if not user.is_authenticated:
        return Application.objects.none()
    seen = Q(company__in=companies_of(user)) | Q(
        pk__in=shared_applications(user).order_by().values("pk")
    )
    if roles_of(user) & DESK:
        seen |= Q(sub_program__in=sub_programs_of(user), submitted_at__isnull=False)
    return Application.objects.filter(seen)


def answerable_by(user: User) -> QuerySet[Application]:
    """Own applications, drafted or filed, for which the person may act (submit, answer)."""
    return Application.objects.filter(
        company__members__user=user, company__members__role__in=WRITERS
    )


def withdrawable_by(user: User) -> QuerySet[Application]:
    """Own applications that the person may withdraw: the company's owners only."""
    return Application.objects.filter(
        company__members__user=user, company__members__role=MemberRole.OWNER
    )


def attachments_of(user: User) -> QuerySet[Attachment]:
    """Files the person may download: those of the applications they may open, and those on an
    assessor's desk unless the stage is blind: a file's contents cannot be masked.
    """
    seen: Any = Q(application__in=applications_of(user).order_by().values("pk"))
    if ASSESSOR in roles_of(user):
        open_files = opened_sheets(user).filter(application__sub_program__blind=False)
        seen |= Q(application__in=open_files.order_by().values("application"))
    return Attachment.objects.filter(seen, removed_at=None)


def documents_of(user: User) -> QuerySet[IssuedDocument]:
    """Issued PDFs the person may download: the applicant's own, and staff's.

    Score sheets are for staff: the applicant reads their sums in the result.
    """
    own: Any = Q(application__in=own_applications(user).order_by().values("pk"))
    own &= ~Q(kind=IssuedDocument.Kind.SHEETS)
    later = [IssuedDocument.Kind.AGREEMENT, IssuedDocument.Kind.SETTLEMENT]
    leads = Q(application__agreement__company__in=companies_of(user), kind__in=later)
    staff = Q(application__in=staff_applications(user).order_by().values("pk"))
    return IssuedDocument.objects.filter(own | leads | staff)


def sheets_of(user: User) -> QuerySet[ScoreSheet]:
    """All sheets of their sub-programmes for staff; an assessor's own are `own_sheets`."""
    if not roles_of(user) & DESK:
        return ScoreSheet.objects.none()
    return ScoreSheet.objects.filter(application__sub_program__in=sub_programs_of(user))


def panels_of(user: User) -> QuerySet[PanelProposal]:
    """Assignments solved for the sub-programmes a member of staff answers for."""
    if not roles_of(user) & DESK:
        return PanelProposal.objects.none()
    return PanelProposal.objects.filter(sub_program__in=sub_programs_of(user))


def rubrics_of(user: User) -> QuerySet[RubricVersion]:
    """Frozen rubrics of the sub-programmes a member of staff answers for."""
    if not roles_of(user) & DESK:
        return RubricVersion.objects.none()
    return RubricVersion.objects.filter(sub_program__in=sub_programs_of(user))


def conflicts_of(user: User) -> QuerySet[ConflictOfInterest]:
    """Ties of assessors to applications of the own sub-programmes; staff only."""
    if not roles_of(user) & DESK:
        return ConflictOfInterest.objects.none()
    return ConflictOfInterest.objects.filter(application__sub_program__in=sub_programs_of(user))


def runs_of(user: User) -> QuerySet[ScoreRun]:
    """Score runs of the sub-programmes a member of staff answers for."""
    if not roles_of(user) & DESK:
        return ScoreRun.objects.none()
    return ScoreRun.objects.filter(sub_program__in=sub_programs_of(user))


def objections_of(user: User) -> QuerySet[Objection]:
    """Objections of the sub-programmes a member of staff answers for."""
    if not roles_of(user) & DESK:
        return Objection.objects.none()
    return Objection.objects.filter(application__sub_program__in=sub_programs_of(user))


def changes_of(user: User) -> QuerySet[DecisionChange]:
    """Changes of decisions in the sub-programmes a member of staff answers for."""
    if not roles_of(user) & DESK:
        return DecisionChange.objects.none()
    return DecisionChange.objects.filter(application__sub_program__in=sub_programs_of(user))


def objection_papers_of(user: User) -> QuerySet[ObjectionPaper]:
    """Evidence of objections: the applicant's own, and staff's; partners and assessors have none."""
    own = Q(objection__application__in=own_applications(user).order_by().values("pk"))
    staff = Q(objection__in=objections_of(user).values("pk"))
    return ObjectionPaper.objects.filter(own | staff)


def selections_of(user: User) -> QuerySet[Selection]:
    """Selections of the sub-programmes a member of staff answers for."""
    if not roles_of(user) & DESK:
        return Selection.objects.none()
    return Selection.objects.filter(sub_program__in=sub_programs_of(user))


# --- What anybody may see ---------------------------------------------------------------------------
# Open data, statistics, reports for the public and the budget page ask here and nowhere else.


def open_selections() -> QuerySet[Selection]:
    """Selections that were released; before that moment nothing of them is public."""
    return Selection.objects.filter(
        state=SelectionState.RELEASED, sub_program__in=public_sub_programs().values("pk")
    )


def open_runs() -> QuerySet[ScoreRun]:
    """Score runs behind a released selection."""
    return ScoreRun.objects.filter(pk__in=open_selections().values("run"))


def open_decisions() -> QuerySet[Decision]:
    """The decisions that released selections made, one for each ranked application."""
    return Decision.objects.filter(selection__in=open_selections().values("pk"), previous=None)


def open_reruns() -> QuerySet[Objection]:
    """Objections won against a released selection, whose new decision is in force."""
    return Objection.objects.filter(
        state=ObjectionState.CLOSED, decision__selection__in=open_selections().values("pk")
    )


def open_changes() -> QuerySet[Decision]:
    """Decisions that replaced a released one: reversals, objections won, moves up, declines."""
    return Decision.objects.filter(
        selection__in=open_selections().values("pk"), previous__isnull=False
    )


def disclosed(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Leave out what would tell of a decision before its release: see `LEDGER_HELD_BACK`."""
    told = open_decisions().annotate(
        subject=Concat(Value(SUBJECT), Cast("application_id", CharField()))
    )
    return entries.exclude(
        Q(subject__startswith=SUBJECT) & ~Q(subject__in=told.order_by().values("subject"))
    )


def contracts_of(user: User) -> QuerySet[Agreement]:
    """Agreements whose text and money the person may read: leading firm, applicant, staff.

    A firm that has handed the lead on still reads what it was part of, one that is to take it over
    reads what it is to sign.
    """
    own = Q(company__in=companies_of(user)) | Q(application__company__in=companies_of(user))
    own |= Q(pk__in=_taken_over_by(companies_of(user).values_list("pk", flat=True)))
    staff = Q(application__in=staff_applications(user).order_by().values("pk"))
    return Agreement.objects.filter(own | staff)


def staff_agreements(user: User) -> QuerySet[Agreement]:
    """Agreements of the sub-programmes a member of staff answers for."""
    return Agreement.objects.filter(
        application__in=staff_applications(user).order_by().values("pk")
    )


def workable_agreements(user: User) -> QuerySet[Agreement]:
    """Agreements for whose leading firm the person may act: papers, reports, spending."""
    firms = Member.objects.filter(user=user, role__in=WRITERS)
    return Agreement.objects.filter(company__in=firms.values("company"))


def signable_agreements(user: User) -> QuerySet[Agreement]:
    """Agreements that the person may sign, change and give up: the leading firm's owners only."""
    firms = Member.objects.filter(user=user, role=MemberRole.OWNER)
    return Agreement.objects.filter(company__in=firms.values("company"))


def signing_agreements(user: User) -> QuerySet[Agreement]:
    """Agreements whose text the person signs: of a change of lead the new leading firm's owners."""
    firms = Member.objects.filter(user=user, role=MemberRole.OWNER)
    mine = _taken_over_by(firms.values_list("company", flat=True))
    handed_on = _changes_of_lead().values("agreement")
    return Agreement.objects.filter(
        Q(company__in=firms.values("company")) & ~Q(pk__in=handed_on) | Q(pk__in=mine)
    )


def _changes_of_lead() -> QuerySet[ChangeRequest]:
    """Approved changes of lead whose text waits for the signatures."""
    return ChangeRequest.objects.filter(
        kind=AmendmentKind.LEAD,
        version__number=F("agreement__version"),
        agreement__in_force__lt=F("agreement__version"),
    )


def _taken_over_by(firms: Iterable[int]) -> QuerySet[ChangeRequest, int]:
    rows = _changes_of_lead().filter(proposal__company__in=list(firms))
    return rows.values_list("agreement", flat=True)


def turns_of(user: User) -> QuerySet[Turn]:
    """What waits for somebody in the agreements of a member of staff."""
    return Turn.objects.filter(agreement__in=staff_agreements(user).order_by().values("pk"))


def agreement_papers_of(user: User) -> QuerySet[AgreementPaper]:
    """Papers of agreements that the person may download."""
    return AgreementPaper.objects.filter(agreement__in=contracts_of(user).values("pk"))


def report_files_of(user: User) -> QuerySet[ReportFile]:
    """Files of reports that the person may download."""
    seen = contracts_of(user).values("pk")
    return ReportFile.objects.filter(removed_at=None, report__agreement__in=seen)


def spendings_of(user: User) -> QuerySet[Spending]:
    """Lines of spending whose evidence the person may download."""
    return Spending.objects.filter(removed_at=None, agreement__in=contracts_of(user).values("pk"))
