"""Companies: registration, profile, sites, members and invitations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from applications.models import Company, Invitation, Member, OwnerNomination, Partner, Site
from applications.roles import ASSESSOR
from applications.services import registries, search
from applications.services.assessment import conflicts
from applications.states import MemberRole, NominationState, PartnerState
from portal.access import impartiality
from portal.access.accounts import account_of, verified_addresses
from portal.access.roles import roles_of
from portal.core import ranges, text
from portal.core.dates import korean_day
from portal.core.errors import BadInput, Finding, MoveNotAllowed, NotFound, PortalError
from portal.core.tokens import new_token, token_digest
from portal.core.validators import business_number, phone
from portal.core.validators import email as read_email
from portal.core.versions import earlier_save
from portal.models import User
from portal.notices import outbox
from portal.records.workflow import set_state
from portal.templatetags.values import masked_email
from programs.queries.calendar import holidays
from programs.roles import MANAGER, OFFICER
from programs.rules import deadlines, industries

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


@transaction.atomic
def register(*, data: Mapping[str, Any], by: User, now: datetime) -> Company:
    """Register a company with a first site at its address; `by` becomes its owner.

    Who registered it with the same data before gets that company. Takes `business_number`, the names
    in PROFILE_FIELDS and `registries`, the consent to look the firm up, nothing else. Raises BadInput
    (`business_number`, `phone`, `name_missing`, `company_taken`); the last does not tell who else
    registered it.
    """
    number = business_number(str(data.get("business_number") or ""))
    profile = _pick(data, PROFILE_FIELDS)
    _check_profile(profile)
    _check_figures(profile, now)
    try:
        with transaction.atomic():
            company = Company.objects.create(business_number=number, **profile)
    except IntegrityError as error:
        own = Company.objects.filter(
            business_number=number, members__user=by, members__role=MemberRole.OWNER
        ).first()
        if own and all(getattr(own, name) == value for name, value in profile.items()):
            return own
        raise _taken(own) from error
    Member.objects.create(company=company, user=by, role=MemberRole.OWNER, since=now)
    Site.objects.create(
        company=company, name=MAIN_SITE, region=company.region, address=company.address
    )
    search.learn([company.pk])
    if data.get("registries"):
        registries.consent(company, by=by, now=now)
    return company


@transaction.atomic
def update(
    company: Company, *, data: Mapping[str, Any], opened: datetime, by: User, now: datetime
) -> Company:
    """Change the profile (the names in PROFILE_FIELDS; never the business number).

    `opened` is the `updated_at` of the version that was edited. Drafts that were already begun
    keep their own confirmed facts. Raises BadInput, and StaleVersion when somebody else saved.
    """
    changes = _pick(data, PROFILE_FIELDS)
    _check_profile(changes)
    _check_figures(changes, now)
    unchanged = Company.objects.filter(pk=company.pk, updated_at=opened)
    if not unchanged.update(**changes, edited_by=by, updated_at=now):
        company.refresh_from_db()
        if all(getattr(company, name) == value for name, value in changes.items()):
            return company  # the same form sent twice
        raise earlier_save(
            str(company.edited_by or ""),
            company.updated_at,
            own=company.edited_by_id == by.pk,
            then="이 화면을 새로 열어 바뀐 내용을 확인한 뒤 다시 고쳐 주세요.",
        )
    company.refresh_from_db()
    search.learn([company.pk])
    conflicts.recheck(now=now, companies=[company.pk])
    return company


def add_site(company: Company, *, data: Mapping[str, Any], by: User, now: datetime) -> Site:
    """Add a workplace. Raises BadInput (`name_missing`, `site_taken`)."""
    fields = _pick(data, SITE_FIELDS)
    _check_profile(fields)
    taken = BadInput("같은 이름의 사업장이 이미 있습니다.", code="site_taken")
    try:
        with transaction.atomic():
            # Locked, so that two names that look alike are not added at once.
            Company.objects.select_for_update().get(pk=company.pk)
            names = company.sites.values_list("name", flat=True)
            if any(text.same(fields["name"], name) for name in names):
                raise taken
            site = Site.objects.create(company=company, **fields)
            search.learn([company.pk])
            return site
    except IntegrityError as error:
        raise taken from error


@transaction.atomic
def invite(company: Company, *, email: str, role: str, by: User, now: datetime) -> Invitation:
    """E-mail a colleague a link that is valid for 14 days; their older invitation is cancelled.

    Only owners may invite (NotFound otherwise). Raises BadInput (`role`, `already_member`,
    `letters_today`).
    """
    _lock_as_owner(company, by)
    check_invitations_today(by, now)
    email = read_email(email)
    if role not in MemberRole.values:
        raise BadInput("권한을 골라 주세요.", code="role")
    known = account_of(email)
    if known is not None and company.members.filter(user=known).exists():
        raise BadInput("이미 이 기업의 구성원입니다.", code="already_member")
    company.invitations.filter(email=email, accepted_at=None, cancelled_at=None).update(
        cancelled_at=now
    )
    token = new_token()
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
        user=known,
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
    if invitation.email not in verified_addresses(by):
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
    if member.user_id != by.pk:
        outbox.write(
            "applications/member_removed",
            to_email=member.user.email,
            user=member.user,
            key=f"member-removed:{member.company_id}:{member.user_id}:{now.isoformat()}",
            now=now,
            company=member.company,
            by=by,
        )
    conflicts.recheck(now=now, companies=[member.company_id], users=_assessor_ids(member.user))


def _assessor_ids(user: User) -> list[int]:
    return [user.pk] if ASSESSOR in roles_of(user) else []


def _lock_as_owner(company: Company, by: User) -> None:
    Company.objects.select_for_update().get(pk=company.pk)
    if not company.members.filter(user=by, role=MemberRole.OWNER).exists():
        raise NotFound


def nominate_owner(
    company: Company, *, email: str, reason: str, by: User, now: datetime
) -> OwnerNomination:
    """Propose an owner for a company as staff; another person approves.

    Raises MoveNotAllowed (`role`, `tied`, `nomination_open`), BadInput (`email`, `reason`).
    """
    message = "대표 담당자를 지정할 권한이 없습니다."
    impartiality.require(by, {OFFICER, MANAGER}, about=company, message=message)
    if not reason.strip():
        raise BadInput("지정하는 사유와 확인한 근거를 적어 주세요.", code="reason")
    person = account_of(email)
    if person is None or not person.is_active:
        raise BadInput("이 이메일을 쓰는 사용 중인 계정이 없습니다.", code="email")
    if company.members.filter(user=person, role=MemberRole.OWNER).exists():
        raise BadInput("이미 이 기업의 대표 담당자입니다.", code="email")
    if person.pk == by.pk:
        raise BadInput("자기 자신을 지정할 수 없습니다.", code="email")
    try:
        with transaction.atomic():
            return OwnerNomination.objects.create(
                company=company, user=person, reason=reason.strip(), proposed_by=by, proposed_at=now
            )
    except IntegrityError as error:
        raise MoveNotAllowed(
            "아직 처리하지 않은 지정안이 있습니다.", code="nomination_open"
        ) from error


def approve_nomination(nomination: OwnerNomination, *, by: User, now: datetime) -> Member:
    """Make the person an owner, as another person than the proposer; every member is told.

    Raises MoveNotAllowed (`role`, `tied`, `same_person`, `nomination_decided`, `account_locked`).
    """
    with transaction.atomic():
        company = Company.objects.select_for_update().get(pk=nomination.company_id)
        _decide_nomination(nomination, NominationState.APPROVED, "", by, now)
        person = User.objects.select_for_update().get(pk=nomination.user_id)
        if not person.is_active:
            raise MoveNotAllowed("잠긴 계정입니다.", code="account_locked")
        member, _ = Member.objects.update_or_create(
            company=company,
            user=person,
            defaults={"role": MemberRole.OWNER},
            create_defaults={"role": MemberRole.OWNER, "since": now},
        )
        for row in company.members.select_related("user"):
            outbox.write(
                "applications/owner_named",
                to_email=row.user.email,
                user=row.user,
                key=f"owner-named:{nomination.pk}:{row.user_id}",
                now=now,
                company=company,
                owner=person,
                reason=nomination.reason,
            )
        conflicts.recheck(now=now, companies=[company.pk], users=_assessor_ids(person))
    return member


def refuse_nomination(nomination: OwnerNomination, *, note: str, by: User, now: datetime) -> None:
    """Refuse a nomination. Raises BadInput (`reason`), MoveNotAllowed as the approval does."""
    if not note.strip():
        raise BadInput("승인하지 않는 사유를 적어 주세요.", code="reason")
    with transaction.atomic():
        _decide_nomination(nomination, NominationState.REFUSED, note.strip(), by, now)


def _decide_nomination(
    nomination: OwnerNomination, state: NominationState, note: str, by: User, now: datetime
) -> None:
    message = "결정권자만 처리할 수 있습니다."
    impartiality.require(by, {MANAGER}, about=nomination, message=message)
    if nomination.proposed_by_id == by.pk:
        raise MoveNotAllowed(
            "제안한 사람은 결정할 수 없습니다. 다른 결정권자가 해야 합니다.", code="same_person"
        )
    waiting = OwnerNomination.objects.filter(pk=nomination.pk, state=NominationState.PROPOSED)
    if not set_state(waiting, state, note=note, decided_by=by, decided_at=now):
        raise MoveNotAllowed("이미 처리한 지정안입니다.", code="nomination_decided")
    nomination.refresh_from_db()


def lock_refusal(user: User) -> Finding | None:
    """Return why this account may not be locked: a company would be without an active owner."""
    owned = user.memberships.filter(role=MemberRole.OWNER).values("company")
    for company in Company.objects.select_for_update().filter(pk__in=owned).order_by("pk"):
        if _is_used(company, user) and not _other_owners(company.pk, user).exists():
            return Finding(
                "last_owner",
                f"{company.name}의 하나뿐인 대표 담당자입니다. 사업 담당자가 기업 화면에서 다른 대표 담당자를"
                " 먼저 지정해야 잠글 수 있습니다.",
            )
    return None


def _is_used(company: Company, user: User) -> bool:
    """Return whether others work in the company, or it has filed or joined an application."""
    return (
        company.members.exclude(user=user).exists()
        or company.applications.filter(submitted_at__isnull=False).exists()
        or Partner.objects.filter(company=company, state=PartnerState.ACCEPTED).exists()
    )


def _other_owners(company: int, user: User) -> QuerySet[Member]:
    owners = Member.objects.filter(company=company, role=MemberRole.OWNER, user__is_active=True)
    return owners.exclude(user=user)


def _keep_an_owner(member: Member) -> None:
    if member.role != MemberRole.OWNER:
        return
    if not _other_owners(member.company_id, member.user).exists():
        raise BadInput(
            "대표 담당자가 한 명은 있어야 합니다. 다른 사람을 먼저 대표 담당자로 정하세요.",
            code="last_owner",
        )


def _pick(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}


def _check_figures(data: Mapping[str, Any], now: datetime) -> None:
    for name in ("founded_on", "employees"):
        ranges.check(name, data.get(name), today=korean_day(now))


def _check_profile(profile: dict[str, Any]) -> None:
    if "industry_code" in profile:
        code, revision = industries.read(str(profile["industry_code"])) or ("", industries.TENTH)
        profile |= {"industry_code": code, "industry_revision": revision}
    for field in {"name", "representative"} & set(profile):
        profile[field] = text.name(str(profile[field]))
    if "name" in profile and not profile["name"]:
        raise BadInput("이름을 입력하세요.", code="name_missing")
    if profile.get("phone"):
        profile["phone"] = phone(profile["phone"])


def _taken(own: Company | None) -> PortalError:
    if own is not None:
        words = f"이미 등록하신 기업입니다({own.name}). 기업 정보 화면에서 고칠 수 있습니다."
        return BadInput(words, code="company_taken")
    # Not who registered it: whoever knows a number would learn a person's address.
    return BadInput(
        "이미 등록된 사업자등록번호입니다. 같은 기업의 대표 담당자에게 초대를 요청하세요. 다른 곳에서 "
        "등록한 것이면 사업자등록증으로 등록 이의를 신청할 수 있습니다.",
        code="company_taken",
    )
