"""Which rows a user may see; pages, admin, API, PDFs and exports all filter by these querysets."""

from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from applications.models import (
    Agreement,
    AgreementPaper,
    Amendment,
    Application,
    Attachment,
    CommitteeProposal,
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
    Partner,
    PendingStep,
    ReportFile,
    RubricVersion,
    ScoreRun,
    ScoreSheet,
    Selection,
    Spending,
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
STAFF_ROLES = {OFFICER, MANAGER, AUDITOR}
SUBJECT = "application:"  # how the ledger names an application, see `Application.subject`


def companies_of(user: User) -> QuerySet[Company]:
    """Return the companies of which the user is a member."""
    return Company.objects.filter(members__user=user)


def role_in(user: User, company: Company | int) -> str | None:
    """Return the user's `MemberRole` in a company, None for others."""
    pk = company if isinstance(company, int) else company.pk
    return Member.objects.filter(user=user, company_id=pk).values_list("role", flat=True).first()


def own_applications(user: User) -> QuerySet[Application]:
    """Return the applications of the user's companies in every state."""
    return Application.objects.filter(company__members__user=user)


def shared_applications(user: User) -> QuerySet[Application]:
    """Return applications whose partner the user's company has agreed to be (read only)."""
    return Application.objects.filter(
        partners__state=PartnerState.ACCEPTED, partners__company__members__user=user
    ).distinct()


def partnerships_of(user: User) -> QuerySet[Partner]:
    """Return accepted partners for which the user answers, as owner or editor of the company."""
    return Partner.objects.filter(
        state=PartnerState.ACCEPTED,
        company__members__user=user,
        company__members__role__in=WRITERS,
    )


def agreements_of(user: User) -> QuerySet[Agreement]:
    """Return agreements the user may open: of their companies, shared with them, or as staff."""
    seen = (
        Q(company__in=companies_of(user))
        | Q(application__in=own_applications(user).order_by().values("pk"))
        | Q(application__in=shared_applications(user).order_by().values("pk"))
        | Q(application__in=staff_applications(user).order_by().values("pk"))
    )
    return Agreement.objects.filter(seen)


def deliverables_of(user: User) -> QuerySet[Deliverable]:
    """Return deliverables of the agreements the user may open, and those assigned to the user."""
    seen = Q(agreement__in=agreements_of(user).order_by().values("pk"))
    return Deliverable.objects.filter(seen | Q(expert__user=user))


def delivery_files_of(user: User) -> QuerySet[DeliveryFile]:
    return DeliveryFile.objects.filter(
        entry__deliverable__in=deliverables_of(user).order_by().values("pk")
    )


def experts_of(user: User) -> QuerySet[Expert]:
    """Return the user's own registrations in the pools."""
    return Expert.objects.filter(user=user)


def staff_experts(user: User) -> QuerySet[Expert]:
    """Return every expert for staff, none for others."""
    return Expert.objects.all() if roles_of(user) & STAFF_ROLES else Expert.objects.none()


def staff_applications(user: User) -> QuerySet[Application]:
    """Return filed applications of the staff user's sub-programmes; never drafts."""
    if not roles_of(user) & STAFF_ROLES:
        return Application.objects.none()
    return Application.objects.filter(
        sub_program__in=sub_programs_of(user), submitted_at__isnull=False
    )


def own_sheets(user: User) -> QuerySet[ScoreSheet]:
    """Return an assessor's own sheets, ended ones included."""
    if ASSESSOR not in roles_of(user):
        return ScoreSheet.objects.none()
    return ScoreSheet.objects.filter(assessor=user).exclude(
        application__state__in=[ApplicationState.DRAFT, ApplicationState.WITHDRAWN]
    )


def opened_sheets(user: User) -> QuerySet[ScoreSheet]:
    """Return sheets the assessor may open: conflict statement made, not abstained or withdrawn."""
    return own_sheets(user).filter(declared_at__isnull=False, abstained_at=None, withdrawn_at=None)


def others_sheets(sheet: ScoreSheet) -> QuerySet[ScoreSheet]:
    """Return the locked sheets of the other assessors, once this one is locked; none before."""
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
    """Return every application the user may open, each once; assessors use `opened_sheets`."""
    if not user.is_authenticated:
        return Application.objects.none()
    seen = Q(company__in=companies_of(user)) | Q(
        pk__in=shared_applications(user).order_by().values("pk")
    )
    if roles_of(user) & STAFF_ROLES:
        seen |= Q(sub_program__in=sub_programs_of(user), submitted_at__isnull=False)
    return Application.objects.filter(seen)


def answerable_by(user: User) -> QuerySet[Application]:
    """Return the companies' applications for which the user may act (submit, answer)."""
    return Application.objects.filter(
        company__members__user=user, company__members__role__in=WRITERS
    )


def withdrawable_by(user: User) -> QuerySet[Application]:
    """Return applications the user may withdraw as an owner of the company."""
    return Application.objects.filter(
        company__members__user=user, company__members__role=MemberRole.OWNER
    )


def attachments_of(user: User) -> QuerySet[Attachment]:
    """Return files of the applications the user may open.

    Assessors download those of their open sheets unless the assessment is blind: the contents of a
    file cannot be masked.
    """
    seen: Any = Q(application__in=applications_of(user).order_by().values("pk"))
    if ASSESSOR in roles_of(user):
        open_files = opened_sheets(user).filter(application__sub_program__blind=False)
        seen |= Q(application__in=open_files.order_by().values("application"))
    return Attachment.objects.filter(seen, removed_at=None)


def documents_of(user: User) -> QuerySet[IssuedDocument]:
    """Return issued PDFs the user may download as applicant, leading firm or staff.

    Score sheets are for staff: the applicant reads their sums in the result.
    """
    own: Any = Q(application__in=own_applications(user).order_by().values("pk"))
    own &= ~Q(kind=IssuedDocument.Kind.SHEETS)
    later = [IssuedDocument.Kind.AGREEMENT, IssuedDocument.Kind.SETTLEMENT]
    leads = Q(application__agreement__company__in=companies_of(user), kind__in=later)
    staff = Q(application__in=staff_applications(user).order_by().values("pk"))
    return IssuedDocument.objects.filter(own | leads | staff)


def sheets_of(user: User) -> QuerySet[ScoreSheet]:
    """Return the sheets of the staff user's sub-programmes; assessors use `own_sheets`."""
    if not roles_of(user) & STAFF_ROLES:
        return ScoreSheet.objects.none()
    return ScoreSheet.objects.filter(application__sub_program__in=sub_programs_of(user))


def committee_proposals_of(user: User) -> QuerySet[CommitteeProposal]:
    if not roles_of(user) & STAFF_ROLES:
        return CommitteeProposal.objects.none()
    return CommitteeProposal.objects.filter(sub_program__in=sub_programs_of(user))


def rubrics_of(user: User) -> QuerySet[RubricVersion]:
    if not roles_of(user) & STAFF_ROLES:
        return RubricVersion.objects.none()
    return RubricVersion.objects.filter(sub_program__in=sub_programs_of(user))


def conflicts_of(user: User) -> QuerySet[ConflictOfInterest]:
    if not roles_of(user) & STAFF_ROLES:
        return ConflictOfInterest.objects.none()
    return ConflictOfInterest.objects.filter(application__sub_program__in=sub_programs_of(user))


def runs_of(user: User) -> QuerySet[ScoreRun]:
    if not roles_of(user) & STAFF_ROLES:
        return ScoreRun.objects.none()
    return ScoreRun.objects.filter(sub_program__in=sub_programs_of(user))


def objections_of(user: User) -> QuerySet[Objection]:
    if not roles_of(user) & STAFF_ROLES:
        return Objection.objects.none()
    return Objection.objects.filter(application__sub_program__in=sub_programs_of(user))


def changes_of(user: User) -> QuerySet[DecisionChange]:
    if not roles_of(user) & STAFF_ROLES:
        return DecisionChange.objects.none()
    return DecisionChange.objects.filter(application__sub_program__in=sub_programs_of(user))


def objection_papers_of(user: User) -> QuerySet[ObjectionPaper]:
    """Return evidence of objections for the applicant and staff; not for partners or assessors."""
    own = Q(objection__application__in=own_applications(user).order_by().values("pk"))
    staff = Q(objection__in=objections_of(user).values("pk"))
    return ObjectionPaper.objects.filter(own | staff)


def selections_of(user: User) -> QuerySet[Selection]:
    if not roles_of(user) & STAFF_ROLES:
        return Selection.objects.none()
    return Selection.objects.filter(sub_program__in=sub_programs_of(user))


# What anybody may see: open data, statistics, public reports and the budget page use only these.


def open_selections() -> QuerySet[Selection]:
    """Return released selections; before the release nothing of a selection is public."""
    return Selection.objects.filter(
        state=SelectionState.RELEASED, sub_program__in=public_sub_programs().values("pk")
    )


def open_runs() -> QuerySet[ScoreRun]:
    return ScoreRun.objects.filter(pk__in=open_selections().values("run"))


def open_decisions() -> QuerySet[Decision]:
    """Return the first decision of each application in the released selections."""
    return Decision.objects.filter(selection__in=open_selections().values("pk"), previous=None)


def open_reruns() -> QuerySet[Objection]:
    """Return upheld objections against released selections whose new decision is in force."""
    return Objection.objects.filter(
        state=ObjectionState.CLOSED, decision__selection__in=open_selections().values("pk")
    )


def open_changes() -> QuerySet[Decision]:
    """Return decisions that replaced a released one: reversals, objections, moves up, declines."""
    return Decision.objects.filter(
        selection__in=open_selections().values("pk"), previous__isnull=False
    )


def disclosed(entries: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Exclude entries that would reveal a decision before its release (`LEDGER_HELD_BACK`)."""
    released = open_decisions().annotate(
        subject=Concat(Value(SUBJECT), Cast("application_id", CharField()))
    )
    return entries.exclude(
        Q(subject__startswith=SUBJECT) & ~Q(subject__in=released.order_by().values("subject"))
    )


def contracts_of(user: User) -> QuerySet[Agreement]:
    """Return agreements whose text and money the user may read: leading firm, applicant, staff.

    The former lead still reads the agreement; the firm that is to take over reads what it signs.
    """
    own = Q(company__in=companies_of(user)) | Q(application__company__in=companies_of(user))
    own |= Q(pk__in=_to_be_led_by(companies_of(user).values_list("pk", flat=True)))
    staff = Q(application__in=staff_applications(user).order_by().values("pk"))
    return Agreement.objects.filter(own | staff)


def staff_agreements(user: User) -> QuerySet[Agreement]:
    return Agreement.objects.filter(
        application__in=staff_applications(user).order_by().values("pk")
    )


def workable_agreements(user: User) -> QuerySet[Agreement]:
    """Return agreements for whose leading firm the user may act: papers, reports, spending."""
    firms = Member.objects.filter(user=user, role__in=WRITERS)
    return Agreement.objects.filter(company__in=firms.values("company"))


def signable_agreements(user: User) -> QuerySet[Agreement]:
    """Return agreements the user may sign, amend or decline as an owner of the leading firm."""
    firms = Member.objects.filter(user=user, role=MemberRole.OWNER)
    return Agreement.objects.filter(company__in=firms.values("company"))


def signing_agreements(user: User) -> QuerySet[Agreement]:
    """Return agreements whose text the user signs: for a change of lead, the new lead's owners."""
    firms = Member.objects.filter(user=user, role=MemberRole.OWNER)
    mine = _to_be_led_by(firms.values_list("company", flat=True))
    handed_on = _changes_of_lead().values("agreement")
    return Agreement.objects.filter(
        Q(company__in=firms.values("company")) & ~Q(pk__in=handed_on) | Q(pk__in=mine)
    )


def _changes_of_lead() -> QuerySet[Amendment]:
    return Amendment.objects.filter(
        kind=AmendmentKind.LEAD,
        version__number=F("agreement__version"),
        agreement__in_force__lt=F("agreement__version"),
    )


def _to_be_led_by(firms: Iterable[int]) -> QuerySet[Amendment, int]:
    rows = _changes_of_lead().filter(proposal__company__in=list(firms))
    return rows.values_list("agreement", flat=True)


def pending_steps_of(user: User) -> QuerySet[PendingStep]:
    return PendingStep.objects.filter(agreement__in=staff_agreements(user).order_by().values("pk"))


def agreement_papers_of(user: User) -> QuerySet[AgreementPaper]:
    return AgreementPaper.objects.filter(agreement__in=contracts_of(user).values("pk"))


def report_files_of(user: User) -> QuerySet[ReportFile]:
    seen = contracts_of(user).values("pk")
    return ReportFile.objects.filter(removed_at=None, report__agreement__in=seen)


def spendings_of(user: User) -> QuerySet[Spending]:
    return Spending.objects.filter(removed_at=None, agreement__in=contracts_of(user).values("pk"))
