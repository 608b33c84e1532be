"""Companies: registration, profile, sites, members and invitations."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from applications.models import Company, Invitation, Member, Partner, Site
from applications.roles import ASSESSOR
from applications.services.assessment import conflicts
from applications.states import MemberRole
from portal.access.roles import roles_of
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, PortalError, StaleVersion
from portal.core.validators import business_number, phone
from portal.models import User
from portal.notices import outbox
from portal.templatetags.values import masked_email
from programs.queries.calendar import holidays
from programs.rules import deadlines

INVITATION_DAYS = 14
MAIN_SITE = "본사"
PROFILE_FIELDS = (
    "name",
    "kind",
    "size",
    "industry_code",
    "founded_on",
    "employees",
    "representative",
    "region",
    "address",
    "phone",
)
SITE_FIELDS = ("name", "region", "address")


def token_digest(token: str) -> str:
    """Return the hash of a link's token; the token itself is never stored."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def register(*, data: Mapping[str, Any], by: User, now: datetime) -> Company:
    """Register a company with a first site at its address; `by` becomes its owner.

    Takes `business_number` and the names in PROFILE_FIELDS, nothing else. Raises BadInput
    (`business_number`, `phone`, `name_missing`, `company_taken`); the last names the owner's
    masked address, so that an invitation can be requested.
    """
    number = business_number(str(data.get("business_number") or ""))
    profile = _pick(data, PROFILE_FIELDS)
    _check_profile(profile)
    try:
        with transaction.atomic():
            company = Company.objects.create(business_number=number, **profile)
    except IntegrityError as error:
        raise _taken(number) from error
    Member.objects.create(company=company, user=by, role=MemberRole.OWNER, since=now)
    Site.objects.create(
        company=company, name=MAIN_SITE, region=company.region, address=company.address
    )
    return company


def update(
    company: Company, *, data: Mapping[str, Any], opened: datetime, by: User, now: datetime
) -> Company:
    """Change the profile (the names in PROFILE_FIELDS; never the business number).

    `opened` is the `updated_at` of the version that was edited. Drafts that were already begun
    keep their own confirmed facts. Raises BadInput, and StaleVersion when somebody else saved.
    """
    changes = _pick(data, PROFILE_FIELDS)
    _check_profile(changes)
    unchanged = Company.objects.filter(pk=company.pk, updated_at=opened)
    if not unchanged.update(**changes, updated_at=now):
        raise StaleVersion(
            "다른 사람이 기업 정보를 먼저 고쳤습니다. 이 화면을 새로 열어 바뀐 내용을 확인한 뒤 "
            "다시 고쳐 주세요."
        )
    company.refresh_from_db()
    conflicts.recheck(now=now, companies=[company.pk])
    return company


def add_site(company: Company, *, data: Mapping[str, Any], by: User, now: datetime) -> Site:
    """Add a workplace. Raises BadInput (`name_missing`, `site_taken`)."""
    fields = _pick(data, SITE_FIELDS)
    _check_profile(fields)
    try:
        with transaction.atomic():
            return Site.objects.create(company=company, **fields)
    except IntegrityError as error:
        raise BadInput("같은 이름의 사업장이 이미 있습니다.", code="site_taken") from error


@transaction.atomic
def invite(company: Company, *, email: str, role: str, by: User, now: datetime) -> Invitation:
    """E-mail a colleague a link that is valid for 14 days; their older invitation is cancelled.

    Only owners may invite (NotFound otherwise). Raises BadInput (`role`, `already_member`,
    `letters_today`).
    """
    _lock_as_owner(company, by)
    check_invitations_today(by, now)
    email = email.strip().lower()
    if role not in MemberRole.values:
        raise BadInput("권한을 골라 주세요.", code="role")
    if company.members.filter(user__email=email).exists():
        raise BadInput("이미 이 기업의 구성원입니다.", code="already_member")
    company.invitations.filter(email=email, accepted_at=None, cancelled_at=None).update(
        cancelled_at=now
    )
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        company=company,
        email=email,
        role=role,
        digest=token_digest(token),
        invited_by=by,
        invited_at=now,
        expires_at=deadlines.due_after(
            now, INVITATION_DAYS, deadlines.Policy.END_OF_DAY, holidays()
        ),
    )
    outbox.write(
        "applications/company_invitation",
        to_email=email,
        user=User.objects.filter(email=email).first(),
        key=f"company_invitation:{invitation.pk}",
        now=now,
        invitation=invitation,
        token=token,
    )
    return invitation


def check_invitations_today(by: User, now: datetime) -> None:
    """Limit one person's invitations to colleagues and partners. Raises BadInput (`letters_today`)."""
    outbox.check_invitation_limit((Invitation.objects.all(), Partner.objects.all()), by=by, now=now)


def cancel_invitation(invitation: Invitation, *, by: User, now: datetime) -> None:
    """Cancel an invitation. Raises NotFound unless `by` is an owner, MoveNotAllowed once it is used."""
    with transaction.atomic():
        _lock_as_owner(invitation.company, by)
        cancelled = Invitation.objects.filter(
            pk=invitation.pk, accepted_at=None, cancelled_at=None
        ).update(cancelled_at=now)
    if not cancelled:
        raise MoveNotAllowed("이미 수락했거나 취소된 초대입니다.", code="invitation_closed")


def find_invitation(token: str) -> Invitation:
    """Return the invitation behind a link. Raises NotFound."""
    invitation = (
        Invitation.objects.select_related("company", "invited_by")
        .filter(digest=token_digest(token))
        .first()
    )
    if invitation is None:
        raise NotFound("초대를 찾을 수 없습니다.", code="invitation_unknown")
    return invitation


def invitation_refusal(invitation: Invitation, *, by: User, now: datetime) -> PortalError | None:
    """Return why this person cannot accept the invitation now; None when they can."""
    if invitation.accepted_at:
        return MoveNotAllowed("이미 수락한 초대입니다.", code="invitation_used")
    if invitation.cancelled_at:
        return MoveNotAllowed(
            "취소된 초대입니다. 기업 담당자에게 문의하세요.", code="invitation_cancelled"
        )
    if invitation.expires_at <= now:
        return MoveNotAllowed(
            "기한이 지난 초대입니다. 기업 담당자에게 다시 초대해 달라고 요청하세요.",
            code="invitation_expired",
        )
    if invitation.email != by.email:
        return MoveNotAllowed(
            f"{masked_email(invitation.email)} 앞으로 보낸 초대입니다. 그 이메일로 로그인하세요.",
            code="invitation_other_person",
        )
    return None


@transaction.atomic
def accept(*, token: str, by: User, now: datetime) -> Member:
    """Join the company; an invitation works once and for its addressee only.

    Raises NotFound (`invitation_unknown`) and MoveNotAllowed (`invitation_used`, `_cancelled`,
    `_expired`, `_other_person`).
    """
    invitation = find_invitation(token)
    if refusal := invitation_refusal(invitation, by=by, now=now):
        raise refusal
    claimed = Invitation.objects.filter(
        pk=invitation.pk, accepted_at=None, cancelled_at=None
    ).update(accepted_at=now, accepted_by=by)
    if not claimed:
        raise MoveNotAllowed("이미 수락한 초대입니다.", code="invitation_used")
    member, _ = Member.objects.get_or_create(
        company=invitation.company, user=by, defaults={"role": invitation.role, "since": now}
    )
    conflicts.recheck(now=now, companies=[member.company_id], users=_assessor_ids(by))
    return member


@transaction.atomic
def change_role(member: Member, *, role: str, by: User, now: datetime) -> Member:
    """Change the role of a colleague. Raises NotFound, BadInput (`role`, `last_owner`)."""
    _lock_as_owner(member.company, by)
    if role not in MemberRole.values:
        raise BadInput("권한을 골라 주세요.", code="role")
    if role != MemberRole.OWNER:
        _keep_an_owner(member)
    if not Member.objects.filter(pk=member.pk).update(role=role):
        raise NotFound  # removed meanwhile
    member.role = role
    return member


@transaction.atomic
def remove(member: Member, *, by: User, now: datetime) -> None:
    """Remove a colleague, or oneself. Raises NotFound, BadInput (`last_owner`)."""
    if member.user_id == by.pk:
        Company.objects.select_for_update().get(pk=member.company_id)
    else:
        _lock_as_owner(member.company, by)
    _keep_an_owner(member)
    member.delete()
    conflicts.recheck(now=now, companies=[member.company_id], users=_assessor_ids(member.user))


def _assessor_ids(user: User) -> list[int]:
    return [user.pk] if ASSESSOR in roles_of(user) else []


def _lock_as_owner(company: Company, by: User) -> None:
    Company.objects.select_for_update().get(pk=company.pk)
    if not company.members.filter(user=by, role=MemberRole.OWNER).exists():
        raise NotFound


def _keep_an_owner(member: Member) -> None:
    owners = Member.objects.filter(company=member.company_id, role=MemberRole.OWNER)
    if not owners.exclude(pk=member.pk).exists():
        raise BadInput(
            "대표 담당자가 한 명은 있어야 합니다. 다른 사람을 먼저 대표 담당자로 정하세요.",
            code="last_owner",
        )


def _pick(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}


def _check_profile(profile: dict[str, Any]) -> None:
    if "name" in profile and not str(profile["name"]).strip():
        raise BadInput("이름을 입력하세요.", code="name_missing")
    if profile.get("phone"):
        profile["phone"] = phone(profile["phone"])


def _taken(number: str) -> PortalError:
    owner = (
        Member.objects.filter(company__business_number=number, role=MemberRole.OWNER)
        .select_related("user")
        .order_by("pk")
        .first()
    )
    who = f" 대표 담당자({masked_email(owner.user.email)})에게 초대를 요청하세요." if owner else ""
    return BadInput(f"이미 등록된 사업자등록번호입니다.{who}", code="company_taken")
