"""Which rows a user may see; pages, admin, API, PDFs and exports all filter by these querysets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from applications.models import (
    Agreement,
    AgreementPaper,
    Amendment,
    Application,
    AssessmentReminder,
    Attachment,
    BoxPaper,
    CommitteeProposal,
    Company,
    CompanyClaim,
    CompanyTransfer,
    ConflictOfInterest,
    Decision,
    DecisionChange,
    Deliverable,
    DeliveryFile,
    ExclusionProposal,
    Expert,
    Inquiry,
    IssuedDocument,
    LateGrant,
    Member,
    Objection,
    ObjectionPaper,
    Opinion,
    Partner,
    PendingStep,
    RemindedAssessor,
    ReportFile,
    RubricVersion,
    ScoreRun,
    ScoreSheet,
    Selection,
    SetAct,
    SheetDecision,
    Spending,
    TieLift,
)
from applications.roles import ASSESSOR
from applications.states import (
    AmendmentKind,
    ApplicationState,
    InquiryKind,
    MemberRole,
    ObjectionState,
    PartnerState,
    SelectionState,
)
from portal.access.roles import AUDITOR, roles_of
from portal.models import User
from portal.records import together
from portal.records.together import Rows
from programs.models import LedgerEntry
from programs.roles import MANAGER, OFFICER
from programs.visibility import public_sub_programs, sees_all, sub_programs_of

WRITERS = [MemberRole.OWNER, MemberRole.EDITOR]
STAFF_ROLES = {OFFICER, MANAGER, AUDITOR}
# An assessor still works on a locked sheet here; a case assessed anew has new, open sheets.
UNRELEASED = [ApplicationState.ASSESSING, ApplicationState.DECIDED]
SUBJECT = "application:"  # how the ledger names an application, see `Application.subject`
BELONGING = {
    "members": Rows(Member, "user_id = %(user)s"),
    "former": Rows(CompanyTransfer.former.through, "user_id = %(user)s"),
}
ONE = BELONGING | {"applications": Rows(Application, "id = %(application)s")}


@dataclass(frozen=True)
class Firms:
    """What a person is to companies, read once: queries then compare with a few numbers.

    `roles` holds the `MemberRole` by company, `transfers` those of companies the person was a member
    of until then.
    """

    user: User
    roles: Mapping[int, str]
    transfers: tuple[int, ...]

    @property
    def written_for(self) -> list[int]:
        """Return the companies for which the person may act."""
        return [pk for pk, role in self.roles.items() if role in WRITERS]

    @property
    def owned(self) -> list[int]:
        return [pk for pk, role in self.roles.items() if role == MemberRole.OWNER]

    def own(self, application: Application) -> bool:
        """Return whether the application is one of `own_applications` of this person."""
        if application.detached_id is not None:
            return application.detached_id in self.transfers
        return application.company_id in self.roles

    def answers(self, application: Application) -> bool:
        """Return whether the application is one of those `answerable_by` this person."""
        return application.detached_id is None and application.company_id in self.written_for

    def answers_for(self, partner: Partner) -> bool:
        """Return whether the partner is one of `partnerships_of` this person."""
        return partner.state == PartnerState.ACCEPTED and partner.company_id in self.written_for


def firms_of(who: User | Firms) -> Firms:
    """Return a person's companies, in one short query unless they were read before."""
    if isinstance(who, Firms):
        return who
    return _firms(who, together.read(BELONGING, user=who.pk or 0))


def _firms(user: User, found: Mapping[str, Sequence[Any]]) -> Firms:
    return Firms(
        user,
        {row.company_id: row.role for row in found["members"]},
        tuple(row.companytransfer_id for row in found["former"]),
    )


def find(user: User, pk: int) -> tuple[Application, Firms] | None:
    """Return one of `applications_of` the user with the user's firms; None for any other.

    An application of one's own takes one query, one that is shared or seen as staff two.
    """
    found = together.read(ONE, user=user.pk or 0, application=pk)
    firms = _firms(user, found)
    for application in found["applications"]:
        if firms.own(application) or applications_of(firms).filter(pk=pk).exists():
            return application, firms
    return None


def find_answerable(user: User, pk: int) -> tuple[Application, Firms] | None:
    """Return one of the applications `answerable_by` the user, in one query; None for any other."""
    found = together.read(ONE, user=user.pk or 0, application=pk)
    firms = _firms(user, found)
    return next(((row, firms) for row in found["applications"] if firms.answers(row)), None)


def companies_of(user: User) -> QuerySet[Company]:
    """Return the companies of which the user is a member."""
    return Company.objects.filter(members__user=user)


def papers_of(user: User) -> QuerySet[BoxPaper]:
    """Return the papers in the boxes of the person's firms; nobody else sees them."""
    return BoxPaper.objects.filter(company__in=companies_of(user), removed_at=None)


def role_in(user: User, company: Company | int) -> str | None:
    """Return the user's `MemberRole` in a company, None for others."""
    pk = company if isinstance(company, int) else company.pk
    return Member.objects.filter(user=user, company_id=pk).values_list("role", flat=True).first()


def own_applications(who: User | Firms) -> QuerySet[Application]:
    """Return the applications of the person's companies in every state.

    After a transfer of the company its earlier drafts belong to its former members alone.
    """
    firms = firms_of(who)
    return Application.objects.filter(
        Q(company__in=list(firms.roles), detached=None) | Q(detached__in=firms.transfers)
    )


def shared_applications(who: User | Firms) -> QuerySet[Application]:
    """Return applications whose partner a company of the person has agreed to be (read only)."""
    joined = Partner.objects.filter(
        state=PartnerState.ACCEPTED, company__in=list(firms_of(who).roles)
    )
    return Application.objects.filter(pk__in=joined.values("application"))


def partnerships_of(who: User | Firms) -> QuerySet[Partner]:
    """Return accepted partners for which the person answers, as owner or editor of the company."""
    return Partner.objects.filter(
        state=PartnerState.ACCEPTED, company__in=firms_of(who).written_for
    )


def former_partnerships_of(who: User | Firms) -> QuerySet[Partner]:
    """Return partners that took part with a company of the person and were removed."""
    return Partner.objects.filter(
        state=PartnerState.CANCELLED, company__in=firms_of(who).written_for
    )


def agreements_of(who: User | Firms) -> QuerySet[Agreement]:
    """Return agreements the person may open: of their companies, shared with them, or as staff."""
    firms = firms_of(who)
    seen = (
        Q(company__in=list(firms.roles))
        | Q(application__in=own_applications(firms).order_by().values("pk"))
        | Q(application__in=shared_applications(firms).order_by().values("pk"))
        | Q(_of_staff(firms.user))
    )
    return Agreement.objects.filter(seen)


def deliverables_of(user: User) -> QuerySet[Deliverable]:
    """Return deliverables of the agreements the user may open, and those assigned to the user."""
    seen = Q(agreement__in=agreements_of(user).order_by().values("pk"))
    return Deliverable.objects.filter(seen | Q(expert__in=experts_of(user).values("pk")))


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
    filed = Application.objects.filter(submitted_at__isnull=False)
    return filed if sees_all(user) else filed.filter(sub_program__in=sub_programs_of(user))


def _of_staff(user: User) -> Exists:
    """Return whether the `application` of the row is one of the staff user's.

    Beside other reasons to see a row it is asked of that row alone, not of every application.
    """
    return Exists(staff_applications(user).order_by().filter(pk=OuterRef("application")))


def claims_of(user: User) -> QuerySet[CompanyClaim]:
    """Return the claims the user filed; for staff those to firms of their sub-programmes.

    Who sees every sub-programme also sees the claims to firms that have filed nothing.
    """
    held = roles_of(user) & STAFF_ROLES
    if held - {OFFICER}:
        return CompanyClaim.objects.all()
    own = Q(claimant=user)
    if held:
        own |= Q(company__in=staff_applications(user).order_by().values("company"))
    return CompanyClaim.objects.filter(own)


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


def undeclared_sheets(user: User) -> QuerySet[ScoreSheet]:
    """Return the assessor's sheets of blind stages for which the conflict statement is due.

    It is made over a list of firms for all of them at once, so that no sheet is shown by itself.
    """
    return own_sheets(user).filter(
        application__sub_program__blind=True,
        application__state=ApplicationState.ASSESSING,
        declared_at=None,
        abstained_at=None,
        withdrawn_at=None,
    )


def listed_sheets(user: User) -> QuerySet[ScoreSheet]:
    """Return the own sheets that the assessor may be shown one by one.

    In a blind stage a sheet that a declared tie has ended would tell which application the firm's is.
    """
    told = Q(application__sub_program__blind=True, abstained_at=F("declared_at"))
    hidden = Q(pk__in=undeclared_sheets(user).values("pk")) | (told & ~Q(abstained_at=None))
    return own_sheets(user).exclude(hidden)


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


def applications_of(who: User | Firms) -> QuerySet[Application]:
    """Return every application the person may open, each once; assessors use `opened_sheets`."""
    user = who.user if isinstance(who, Firms) else who
    if not user.is_authenticated:
        return Application.objects.none()
    firms = firms_of(who)
    joined = Partner.objects.filter(state=PartnerState.ACCEPTED, company__in=list(firms.roles))
    seen = (
        Q(company__in=list(firms.roles), detached=None)
        | Q(detached__in=firms.transfers)
        | Q(pk__in=joined.values("application"))
    )
    if roles_of(user) & STAFF_ROLES:
        seen |= Q(sub_program__in=sub_programs_of(user), submitted_at__isnull=False)
    return Application.objects.filter(seen)


def answerable_by(who: User | Firms) -> QuerySet[Application]:
    """Return the companies' applications for which the person may act (submit, answer)."""
    return Application.objects.filter(company__in=firms_of(who).written_for, detached=None)


def withdrawable_by(who: User | Firms) -> QuerySet[Application]:
    """Return applications the person may withdraw as an owner of the company."""
    return Application.objects.filter(company__in=firms_of(who).owned, detached=None)


def attachments_of(who: User | Firms) -> QuerySet[Attachment]:
    """Return files of the applications the person may open.

    Assessors download those of their open sheets until the result is released, unless the assessment
    is blind: the contents of a file cannot be masked.
    """
    user = who.user if isinstance(who, Firms) else who
    seen: Any = Q(Exists(applications_of(who).order_by().filter(pk=OuterRef("application"))))
    if ASSESSOR in roles_of(user):
        at_work = Q(application__state__in=UNRELEASED) | Q(locked_at=None)
        open_files = opened_sheets(user).filter(at_work, application__sub_program__blind=False)
        seen |= Q(application__in=open_files.order_by().values("application"))
    return Attachment.objects.filter(seen, removed_at=None)


def documents_of(who: User | Firms) -> QuerySet[IssuedDocument]:
    """Return issued PDFs the person may download as applicant, leading firm or staff.

    Score sheets are for staff: the applicant reads their sums in the result.
    """
    firms = firms_of(who)
    own: Any = Q(application__in=own_applications(firms).order_by().values("pk"))
    own &= ~Q(kind=IssuedDocument.Kind.SHEETS)
    led = Agreement.objects.filter(company__in=list(firms.roles))
    later = [IssuedDocument.Kind.AGREEMENT, IssuedDocument.Kind.SETTLEMENT]
    leads = Q(application__in=led.values("application"), kind__in=later)
    return IssuedDocument.objects.filter(own | leads | Q(_of_staff(firms.user)))


def sheets_of(user: User) -> QuerySet[ScoreSheet]:
    """Return the sheets of the staff user's sub-programmes; assessors use `own_sheets`."""
    if not roles_of(user) & STAFF_ROLES:
        return ScoreSheet.objects.none()
    return ScoreSheet.objects.filter(application__sub_program__in=sub_programs_of(user))


def late_grants_of(user: User) -> QuerySet[LateGrant]:
    return LateGrant.objects.filter(sub_program__in=sub_programs_of(user))


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


def sheet_decisions_of(user: User) -> QuerySet[SheetDecision]:
    return SheetDecision.objects.filter(sheet__in=sheets_of(user))


def exclusion_proposals_of(user: User) -> QuerySet[ExclusionProposal]:
    return ExclusionProposal.objects.filter(application__in=staff_applications(user).order_by())


def lifts_of(user: User) -> QuerySet[TieLift]:
    return TieLift.objects.filter(tie__in=conflicts_of(user))


def reminders_of(user: User) -> QuerySet[AssessmentReminder]:
    """Return the reminders to assessors of the staff user's sub-programmes."""
    people = RemindedAssessor.objects.filter(
        reminder=OuterRef("pk"), assessor__in=sheets_of(user).values("assessor")
    )
    return AssessmentReminder.objects.filter(Exists(people))


def opinions_of(user: User) -> QuerySet[Opinion]:
    """Return the opinions that staff work on; firms read the released one with their result."""
    if not roles_of(user) & STAFF_ROLES:
        return Opinion.objects.none()
    rows = Opinion.objects.filter(application__sub_program__in=sub_programs_of(user))
    return rows.exclude(application__state=ApplicationState.WITHDRAWN)


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


def inquiries_of(user: User) -> QuerySet[Inquiry]:
    """Return inquiries of the staff user's sub-programmes; firms use `inquiries_of_firm`."""
    if not roles_of(user) & STAFF_ROLES:
        return Inquiry.objects.none()
    return Inquiry.objects.filter(application__sub_program__in=sub_programs_of(user))


def inquiries_of_firm(application: Application) -> QuerySet[Inquiry]:
    """Return the thread as those who answer for the firm read it.

    A question of an assessor is in it from the moment an officer passes it on.
    """
    asked_directly = ~Q(kind=InquiryKind.ASSESSOR)
    return Inquiry.objects.filter(
        asked_directly | Q(passed_at__isnull=False), application=application
    )


def inquiries_of_panel(sheet: ScoreSheet) -> QuerySet[Inquiry]:
    """Return what the assessor of an opened sheet may read: own questions, and those passed on."""
    if sheet.ended or sheet.declared_at is None:
        return Inquiry.objects.none()
    passed = Q(asked_by=sheet.assessor_id) | Q(passed_at__isnull=False)
    return Inquiry.objects.filter(
        passed, application=sheet.application_id, kind=InquiryKind.ASSESSOR
    )


def set_acts_of(user: User) -> QuerySet[SetAct]:
    """Return the acts on many applications: one's own, and for who sees everything all."""
    if not roles_of(user) & STAFF_ROLES:
        return SetAct.objects.none()
    return SetAct.objects.all() if sees_all(user) else SetAct.objects.filter(requested_by=user)


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


def contracts_of(who: User | Firms) -> QuerySet[Agreement]:
    """Return agreements whose text and money the person may read: leading firm, applicant, staff.

    The former lead still reads the agreement; the firm that is to take over reads what it signs.
    """
    firms = firms_of(who)
    companies = list(firms.roles)
    applied = Application.objects.filter(company__in=companies)
    own = Q(company__in=companies) | Q(application__in=applied.values("pk"))
    led_next = _changes_of_lead().filter(proposal__company__in=companies)
    own |= Q(Exists(led_next.filter(agreement=OuterRef("pk"))))
    return Agreement.objects.filter(own | Q(_of_staff(firms.user)))


def staff_agreements(user: User) -> QuerySet[Agreement]:
    return Agreement.objects.filter(
        application__in=staff_applications(user).order_by().values("pk")
    )


def workable_agreements(who: User | Firms) -> QuerySet[Agreement]:
    """Return agreements for whose leading firm the person may act: papers, reports, spending."""
    return Agreement.objects.filter(company__in=firms_of(who).written_for)


def signable_agreements(who: User | Firms) -> QuerySet[Agreement]:
    """Return agreements the person may sign, amend or decline as an owner of the leading firm."""
    return Agreement.objects.filter(company__in=firms_of(who).owned)


def signing_agreements(who: User | Firms) -> QuerySet[Agreement]:
    """Return agreements whose text the person signs: for a change of lead, the new lead's owners."""
    owned = firms_of(who).owned
    mine = _changes_of_lead().filter(proposal__company__in=owned)
    here = {"agreement": OuterRef("pk")}
    return Agreement.objects.filter(
        Q(company__in=owned) & ~Exists(_changes_of_lead().filter(**here))
        | Q(Exists(mine.filter(**here)))
    )


def _changes_of_lead() -> QuerySet[Amendment]:
    return Amendment.objects.filter(
        kind=AmendmentKind.LEAD,
        version__number=F("agreement__version"),
        agreement__in_force__lt=F("agreement__version"),
    )


def pending_steps_of(user: User) -> QuerySet[PendingStep]:
    return PendingStep.objects.filter(agreement__in=staff_agreements(user).order_by().values("pk"))


def agreement_papers_of(user: User) -> QuerySet[AgreementPaper]:
    return AgreementPaper.objects.filter(agreement__in=contracts_of(user).values("pk"))


def report_files_of(user: User) -> QuerySet[ReportFile]:
    seen = contracts_of(user).values("pk")
    return ReportFile.objects.filter(removed_at=None, report__agreement__in=seen)


def spendings_of(user: User) -> QuerySet[Spending]:
    return Spending.objects.filter(removed_at=None, agreement__in=contracts_of(user).values("pk"))
