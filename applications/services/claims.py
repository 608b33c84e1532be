"""Claims to a business number: filed with a certificate, examined and decided by two people.

A transfer gives the company with everything that was filed in its name to the rightful firm. Drafts are
the words of those who wrote them and no statement of the firm: they are closed, stay readable for their
writers and are never shown to the new owner.
"""

from datetime import datetime

from django.core.files.base import File
from django.db import IntegrityError, transaction

from applications.models import (
    Application,
    Company,
    CompanyClaim,
    CompanyTransfer,
    Member,
)
from applications.services import box
from applications.services.application import notify_officers
from applications.services.assessment import conflicts
from applications.services.intake import partners
from applications.states import ApplicationMoves, ApplicationState, ClaimState, MemberRole
from portal.access import impartiality
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.core.validators import business_number
from portal.models import User
from portal.notices import outbox
from portal.records.workflow import move, set_state
from portal.uploads import files
from programs.roles import MANAGER, OFFICER

FORMATS = ("pdf", "jpg", "png")
TEXT_LENGTH = 1_000
OPINION_LENGTH = 500
OPEN = [ClaimState.FILED, ClaimState.EXAMINED]
MOST_OPEN = 3


def file(
    *, number: str, firm_name: str, text: str, upload: "File[bytes]", by: User, now: datetime
) -> CompanyClaim:
    """File a claim to a registered business number; its owners are told that there is one.

    Nothing tells the claimant who registered it. Raises BadInput (`business_number`, `claim_text`,
    `not_registered`, `own_company`, `file_…`), MoveNotAllowed (`claim_open`, `claims_many`).
    """
    digits = business_number(number)
    if not firm_name.strip() or not text.strip() or len(text) > TEXT_LENGTH:
        raise BadInput(f"기업명과 내용을 {TEXT_LENGTH:,}자 안에서 적어 주세요.", code="claim_text")
    company = Company.objects.filter(business_number=digits).first()
    if company is None:
        raise BadInput(
            "아직 등록되지 않은 번호입니다. 바로 기업을 등록할 수 있습니다.", code="not_registered"
        )
    if company.members.filter(user=by).exists():
        raise BadInput("이미 이 기업의 구성원입니다.", code="own_company")
    if CompanyClaim.objects.filter(claimant=by, state__in=OPEN).count() >= MOST_OPEN:
        raise MoveNotAllowed(
            f"처리 중인 이의는 {MOST_OPEN}건까지 둘 수 있습니다.", code="claims_many"
        )
    seen = files.inspect(upload, allowed=FORMATS)
    try:
        with transaction.atomic():
            made = CompanyClaim.objects.create(
                company=company,
                claimant=by,
                firm_name=firm_name.strip(),
                text=text.strip(),
                name=seen.name,
                file=files.store(upload, by=by),
                size=seen.size,
                sha256=seen.sha256,
                content_type=seen.content_type,
                filed_at=now,
            )
            _tell(made, by, "filed", now)
            for owner in company.members.filter(role=MemberRole.OWNER).select_related("user"):
                _tell(made, owner.user, "contested", now)
    except IntegrityError as there:
        raise MoveNotAllowed("이미 처리 중인 이의가 있습니다.", code="claim_open") from there
    return made


def answer(claim: CompanyClaim, *, text: str, by: User, now: datetime) -> None:
    """Record what an owner of the registered company says to it, once.

    Raises NotFound for others, BadInput (`claim_text`), MoveNotAllowed (`claim_closed`).
    """
    if not claim.company.members.filter(user=by, role=MemberRole.OWNER).exists():
        raise NotFound
    if not text.strip() or len(text) > TEXT_LENGTH:
        raise BadInput(f"소명을 {TEXT_LENGTH:,}자 안에서 적어 주세요.", code="claim_text")
    rows = CompanyClaim.objects.filter(pk=claim.pk, state__in=OPEN, answered_at=None)
    if not rows.update(answer=text.strip(), answered_by=by, answered_at=now):
        raise MoveNotAllowed("이미 소명했거나 처리가 끝난 이의입니다.", code="claim_closed")
    claim.refresh_from_db()


def examine(claim: CompanyClaim, *, uphold: bool, opinion: str, by: User, now: datetime) -> None:
    """Examine the certificate and propose an outcome, as the first person.

    Raises MoveNotAllowed (`role`, `claim_closed`), BadInput (`opinion`), Tied.
    """
    _require(claim, [OFFICER, MANAGER], by)
    if not opinion.strip() or len(opinion) > OPINION_LENGTH:
        raise BadInput(f"검토 의견을 {OPINION_LENGTH}자 안에서 적어 주세요.", code="opinion")
    changed = set_state(
        CompanyClaim.objects.filter(pk=claim.pk, state=ClaimState.FILED),
        ClaimState.EXAMINED,
        uphold=uphold,
        opinion=opinion.strip(),
        examined_by=by,
        examined_at=now,
    )
    if not changed:
        raise _closed()
    claim.refresh_from_db()


def send_back(claim: CompanyClaim, *, by: User, now: datetime) -> None:
    """Return it to the examination, as the second person. Raises MoveNotAllowed, Tied."""
    _require_second(claim, by)
    if not set_state(
        CompanyClaim.objects.filter(pk=claim.pk, state=ClaimState.EXAMINED), ClaimState.FILED
    ):
        raise _closed()
    claim.refresh_from_db()


def decide(claim: CompanyClaim, *, by: User, now: datetime) -> CompanyClaim:
    """Decide as proposed, as the second person; an upheld claim transfers the company at once.

    Both sides are told; the claimant learns nothing about the other. Raises MoveNotAllowed (`role`,
    `same_person`, `claim_closed`), Tied.
    """
    _require_second(claim, by)
    with transaction.atomic():
        company = Company.objects.select_for_update().get(pk=claim.company_id)
        claim.refresh_from_db()
        target = ClaimState.UPHELD if claim.uphold else ClaimState.DISMISSED
        changed = set_state(
            CompanyClaim.objects.filter(pk=claim.pk, state=ClaimState.EXAMINED),
            target,
            decided_by=by,
            decided_at=now,
        )
        if not changed:
            raise _closed()
        claim.refresh_from_db()
        former = [row.user for row in company.members.select_related("user").order_by("pk")]
        if claim.uphold:
            _transfer(claim, company, by, now)
        _tell(claim, claim.claimant, claim.state, now)
        for user in former:
            _tell(claim, user, "lost" if claim.uphold else "kept", now)
    return claim


def _transfer(claim: CompanyClaim, company: Company, by: User, now: datetime) -> None:
    before = list(company.members.select_related("user").order_by("pk"))
    made = CompanyTransfer.objects.create(
        company=company,
        claim=claim,
        members=[
            {"user": row.user_id, "name": row.user.name, "role": row.role, "since": str(row.since)}
            for row in before
        ],
        at=now,
    )
    made.former.set([row.user_id for row in before])
    for draft in company.applications.filter(state=ApplicationState.DRAFT).order_by("pk"):
        move(
            draft,
            ApplicationMoves.DETACH,
            by=by,
            now=now,
            note="사업자등록번호의 주인이 바뀌어 작성 중인 신청을 닫았습니다.",
            changes={"detached": made},
        )
        partners.tell_all_of_end(draft, partners.CLOSED, now=now)
    company.invitations.filter(accepted_at=None, cancelled_at=None).update(cancelled_at=now)
    box.clear(company, by=by, now=now)
    company.members.all().delete()
    Member.objects.create(company=company, user=claim.claimant, role=MemberRole.OWNER, since=now)
    filed = Application.objects.filter(company=company).exclude(
        state__in=[ApplicationState.DRAFT, ApplicationState.WITHDRAWN]
    )
    for application in filed.select_related("sub_program").order_by("pk"):
        notify_officers(
            application,
            "applications/company_transferred",
            key=f"company-transferred:{made.pk}:{application.pk}",
            now=now,
        )
    conflicts.recheck(now=now, companies=[company.pk])


def _require(claim: CompanyClaim, roles: list[str], by: User) -> None:
    impartiality.require(by, roles, about=claim, message="기업 등록 이의를 처리할 권한이 없습니다.")


def _require_second(claim: CompanyClaim, by: User) -> None:
    _require(claim, [MANAGER], by)
    if claim.examined_by_id == by.pk:
        raise MoveNotAllowed(
            "검토한 사람은 결정할 수 없습니다. 다른 결정권자가 해야 합니다.", code="same_person"
        )


def _closed() -> MoveNotAllowed:
    return MoveNotAllowed("그사이 처리되었거나 아직 검토하지 않은 이의입니다.", code="claim_closed")


def _tell(claim: CompanyClaim, user: User, what: str, now: datetime) -> None:
    outbox.write(
        "applications/company_claim",
        to_email=user.email,
        user=user,
        key=f"company-claim:{claim.pk}:{what}:{user.pk}",
        now=now,
        claim=claim,
        what=what,
    )
