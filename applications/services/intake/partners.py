"""Partners: invitation by e-mail, their own answer, and their terms."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from applications.models import Application, Company, Partner, PartnerTerms, Pledge
from applications.queries.intake.partners import (
    expires_at,
    is_expired,
    pledge_content,
    pledge_wanted,
)
from applications.services.assessment import conflicts
from applications.services.company import check_invitations_today
from applications.services.intake.drafting import touch
from applications.states import ApplicationState, PartnerState
from applications.visibility import WRITERS
from portal.access.accounts import account_of
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, StaleVersion
from portal.core.money import checked_won
from portal.core.text import name as clean_name
from portal.core.tokens import new_token, token_digest
from portal.core.validators import business_number as checked_number
from portal.core.validators import email as read_email
from portal.jobs import queue
from portal.models import Job, User
from portal.notices import outbox
from portal.records import snapshot
from portal.records.workflow import set_state

FILED_JOB = "applications.partners_filed"
# Who had agreed to take part; how that ended.
AGREED = [PartnerState.PENDING, PartnerState.ACCEPTED]
REMOVED, WITHDRAWN, CLOSED = "removed", "withdrawn", "closed"


@dataclass(frozen=True)
class Proposal:
    """What a partner does, and in won what it bears and charges."""

    part: str
    share_won: int | None
    quote_won: int | None


def invite(
    application: Application,
    *,
    role: str,
    company_name: str,
    email: str,
    by: User,
    now: datetime,
    business_number: str = "",
    part: str = "",
    share_won: int | None = None,
    quote_won: int | None = None,
) -> Partner:
    """Invite a company by e-mail; the link is valid for 14 days. Replaces an expired invitation.

    With a `part` the terms stand in the invitation and are confirmed by accepting it. The company with `business_number` joins by its answer alone; any other one needs `confirm`.
    Raises BadInput (`role`, `partner_name`, `partner_part`, `amount`, `business_number`,
    `partner_invited`, `letters_today`) and MoveNotAllowed (`already_submitted`).
    """
    number = checked_number(business_number) if business_number.strip() else ""
    labels = {row["role"]: row["label"] for row in application.sub_program.partner_roles}
    email, company_name = read_email(email), clean_name(company_name)
    if role not in labels:
        raise BadInput("참여 역할을 골라 주세요.", code="role")
    if not company_name:
        raise BadInput("기업 이름을 입력하세요.", code="partner_name")
    proposed = _proposal(part, share_won, quote_won)
    check_invitations_today(by, now)
    token = new_token()
    try:
        with transaction.atomic():
            touch(application, now=now)
            _cancel_expired(application, role, email, now)
            partner = Partner.objects.create(
                application=application,
                role=role,
                company_name=company_name,
                business_number=number,
                email=email,
                digest=token_digest(token),
                invited_by=by,
                invited_at=now,
            )
            if proposed is not None:
                _propose(partner, proposed, by, now)
            _send_invitation(partner, labels[role], token, now)
    except IntegrityError as error:
        raise BadInput(
            "같은 역할로 이미 초대한 이메일입니다. 다시 보내려면 앞의 초대를 취소하세요.",
            code="partner_invited",
        ) from error
    return partner


def _cancel_expired(application: Application, role: str, email: str, now: datetime) -> None:
    invited = application.partners.filter(role=role, email=email, state=PartnerState.INVITED)
    expired = [row.pk for row in invited if is_expired(row, now=now)]
    set_state(Partner.objects.filter(pk__in=expired), PartnerState.CANCELLED)


def _send_invitation(partner: Partner, label: str, token: str, now: datetime) -> None:
    outbox.write(
        "applications/partner_invitation",
        to_email=partner.email,
        user=account_of(partner.email),
        key=f"partner_invitation:{partner.pk}",
        now=now,
        partner=partner,
        role_label=label,
        token=token,
        expires_at=expires_at(partner),
    )


def find_invitation(token: str) -> Partner:
    """Return the partner behind a link. Raises NotFound."""
    partner = (
        Partner.objects.select_related(
            "application__sub_program__round", "application__company", "invited_by", "terms"
        )
        .filter(digest=token_digest(token))
        .first()
    )
    if partner is None:
        raise NotFound("초대를 찾을 수 없습니다.", code="invitation_unknown")
    return partner


def mark_seen(partner: Partner, *, now: datetime) -> None:
    """Record when the link was first opened."""
    Partner.objects.filter(pk=partner.pk, seen_at=None).update(seen_at=now)


def accept(
    partner: Partner,
    *,
    company: Company,
    by: User,
    now: datetime,
    note: str = "",
    agree: bool = True,
    signature: str = "",
) -> Partner:
    """Join with one's own company: at once the invited one, another when the applicant confirms it.

    The terms of the invitation are answered with it, as `answer_terms` does. Raises what that
    raises, NotFound for a company that `by` may not act for, BadInput (`partner_is_applicant`,
    `partner_duplicate`) and MoveNotAllowed (`invitation_closed`, `invitation_expired`,
    `already_submitted`).
    """
    if not company.members.filter(user=by, role__in=WRITERS).exists():
        raise NotFound
    if company.pk == partner.application.company_id:
        raise BadInput("신청기업은 스스로 참여기관이 될 수 없습니다.", code="partner_is_applicant")
    if partner.terms is not None:
        _check_answer(partner, agree, note, signature)
    invited = partner.business_number == company.business_number
    answer = PartnerState.ACCEPTED if invited else PartnerState.PENDING
    if _takes_part(partner, company):
        raise _duplicate()
    try:
        with transaction.atomic():
            joined = _answer(partner, answer, company=company, by=by, now=now, note=note)
            if joined.terms is not None:
                _answer_terms(joined.terms, agree, by, now, note=note, signature=signature)
            return joined
    except IntegrityError as error:
        raise _duplicate() from error


@transaction.atomic
def confirm(partner: Partner, *, by: User, now: datetime) -> Partner:
    """Confirm, as the applicant, a company that answered although another one was invited.

    Raises MoveNotAllowed (`partner_answered`, `already_submitted`), BadInput (`partner_duplicate`).
    """
    touch(partner.application, now=now)
    try:
        with transaction.atomic():
            confirmed = set_state(
                Partner.objects.filter(pk=partner.pk, state=PartnerState.PENDING),
                PartnerState.ACCEPTED,
            )
    except IntegrityError as error:
        raise _duplicate() from error
    if not confirmed:
        raise MoveNotAllowed("확인을 기다리는 참여기관이 아닙니다.", code="partner_answered")
    partner.refresh_from_db()
    if partner.answered_by is not None:
        outbox.write(
            "applications/partner_confirmed",
            to_email=partner.answered_by.email,
            user=partner.answered_by,
            key=f"partner_confirmed:{partner.pk}",
            now=now,
            partner=partner,
        )
    conflicts.recheck(now=now, applications=[partner.application_id])
    return partner


def _takes_part(partner: Partner, company: Company) -> bool:
    rows = Partner.objects.filter(application=partner.application_id, company=company)
    return rows.filter(state__in=AGREED).exists()


def _duplicate() -> BadInput:
    return BadInput("이 기업은 이미 이 신청에 참여하고 있습니다.", code="partner_duplicate")


def refuse(partner: Partner, *, by: User, now: datetime, note: str) -> Partner:
    return _answer(partner, PartnerState.REFUSED, company=None, by=by, now=now, note=note)


@transaction.atomic
def cancel(partner: Partner, *, by: User, now: datetime) -> None:
    """Cancel an invitation or remove a partner from the draft. Raises MoveNotAllowed.

    Whoever had agreed is told by mail; an invitation's link tells it too.
    """
    touch(partner.application, now=now)
    before = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    if before.state == PartnerState.CANCELLED:
        return
    set_state(Partner.objects.filter(pk=partner.pk), PartnerState.CANCELLED)
    if before.state in AGREED:
        _tell_of_end(before, REMOVED, now)


def tell_all_of_end(application: Application, how: str, *, now: datetime) -> None:
    """Tell every partner who had agreed that the application was WITHDRAWN, or CLOSED as a draft."""
    for partner in application.partners.filter(state__in=AGREED).select_related("answered_by"):
        _tell_of_end(partner, how, now)


def _tell_of_end(partner: Partner, how: str, now: datetime) -> None:
    person = partner.answered_by
    outbox.write(
        "applications/partner_removed",
        to_email=person.email if person else partner.email,
        user=person or account_of(partner.email),
        key=f"partner_removed:{partner.pk}:{how}",
        now=now,
        partner=partner,
        application=partner.application,
        how=how,
    )


def job_of_filing(application: Application) -> list[Job]:
    """Return the job, which the caller inserts, that tells those who take part; filing waits for no mail."""
    if not application.sub_program.partner_roles:
        return []
    return [queue.new(FILED_JOB, key=f"partners:{application.pk}", application=application.pk)]


def tell_of_filing(application: Application, *, now: datetime) -> int:
    """Tell those who take part, once each, that it was filed; return how many they are.

    Nobody, if it was withdrawn meanwhile: they have been told of the end.
    """
    if application.state == ApplicationState.WITHDRAWN:
        return 0
    joined = application.partners.filter(state=PartnerState.ACCEPTED).select_related("answered_by")
    letters = [
        outbox.new(
            "applications/partner_filed",
            to_email=row.answered_by.email if row.answered_by else row.email,
            user=row.answered_by,
            key=f"partner_filed:{row.pk}",
            now=now,
            partner=row,
            application=application,
        )
        for row in joined
    ]
    outbox.write_many(letters)
    return len(letters)


@transaction.atomic
def set_terms(
    partner: Partner,
    *,
    part: str,
    share_won: int | None,
    quote_won: int | None,
    by: User,
    now: datetime,
) -> PartnerTerms:
    """Set what the partner does and bears (won), which it must then confirm.

    Unchanged terms stay confirmed. Raises BadInput (`partner_part`, `amount`) and MoveNotAllowed
    (`partner_absent`, `already_submitted`).
    """
    proposed = _proposal(part, share_won, quote_won)
    if proposed is None:
        raise BadInput("참여기관이 맡을 일을 적어 주세요.", code="partner_part")
    touch(partner.application, now=now)
    locked = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    if locked.state != PartnerState.ACCEPTED:
        raise MoveNotAllowed("참여를 수락한 곳과만 조건을 정할 수 있습니다.", code="partner_absent")
    latest = locked.terms
    if latest and Proposal(latest.part, latest.share_won, latest.quote_won) == proposed:
        return latest
    terms = partner.terms = _propose(locked, proposed, by, now)
    if locked.answered_by is not None:
        outbox.write(
            "applications/partner_terms",
            to_email=locked.answered_by.email,
            user=locked.answered_by,
            key=f"partner_terms:{terms.pk}",
            now=now,
            new=True,
            terms=terms,
            partner=locked,
        )
    return terms


@transaction.atomic
def answer_terms(
    terms: PartnerTerms,
    *,
    agree: bool,
    by: User,
    now: datetime,
    note: str = "",
    signature: str = "",
) -> PartnerTerms:
    """Confirm the terms or object to them with a note, for one's own company.

    Where the programme asks for a pledge, `signature` is the name of who signs it. Raises NotFound
    for another company's partner, BadInput (`note_required`, `signature_missing`), StaleVersion when the
    applicant has changed them meanwhile, MoveNotAllowed (`terms_answered`, `already_submitted`).
    """
    partner = terms.partner
    company = partner.company
    if company is None or not company.members.filter(user=by, role__in=WRITERS).exists():
        raise NotFound
    touch(partner.application, now=now)
    current = Partner.objects.filter(
        pk=partner.pk, terms=terms, state=PartnerState.ACCEPTED
    ).exists()
    if not current:
        raise StaleVersion("신청기업이 조건을 바꾸었습니다. 새 내용을 확인하고 답해 주세요.")
    _answer_terms(terms, agree, by, now, note=note, signature=signature)
    outbox.write(
        "applications/partner_terms_answer",
        to_email=terms.set_by.email,
        user=terms.set_by,
        key=f"partner_terms_answer:{terms.pk}",
        now=now,
        terms=terms,
        partner=partner,
    )
    return terms


def _answer_terms(
    terms: PartnerTerms, agree: bool, by: User, now: datetime, *, note: str, signature: str
) -> None:
    _check_answer(terms.partner, agree, note, signature)
    pledges = agree and pledge_wanted(terms.partner)
    answered = PartnerTerms.objects.filter(pk=terms.pk, confirmed=None).update(
        confirmed=agree,
        signed=pledges,
        answered_by=by,
        answered_at=now,
        note=note.strip()[:300],
    )
    if not answered:
        raise MoveNotAllowed("이미 답한 조건입니다.", code="terms_answered")
    terms.refresh_from_db()
    if pledges:
        _sign(terms, clean_name(signature)[:50], by, now)


def _check_answer(partner: Partner, agree: bool, note: str, signature: str) -> None:
    if not agree and not note.strip():
        raise BadInput("동의하지 않는 사유를 적어 주세요.", code="note_required")
    if agree and pledge_wanted(partner) and not clean_name(signature):
        raise BadInput("참여확약서에 서명할 이름을 적어 주세요.", code="signature_missing")


def _sign(terms: PartnerTerms, name: str, by: User, now: datetime) -> None:
    company = terms.partner.company
    if company is None:
        raise LookupError(f"terms {terms.pk} of a partner without a company")
    content = pledge_content(terms, company)
    Pledge.objects.create(
        terms=terms,
        company=company,
        content=content,
        sha256=snapshot.sha256_of_plain(content),
        name=name,
        signed_by=by,
        signed_at=now,
    )


def _proposal(part: str, share_won: int | None, quote_won: int | None) -> Proposal | None:
    """Check what is proposed; None when nothing is. Raises BadInput (`partner_part`, `amount`)."""
    for amount, label in ((share_won, "부담금"), (quote_won, "견적금액")):
        if amount is not None:
            checked_won(amount, label=label)
    if part.strip():
        return Proposal(part.strip(), share_won, quote_won)
    if share_won is None and quote_won is None:
        return None
    raise BadInput("참여기관이 맡을 일을 적어 주세요.", code="partner_part")


def _propose(partner: Partner, proposed: Proposal, by: User, now: datetime) -> PartnerTerms:
    terms = PartnerTerms.objects.create(
        partner=partner,
        part=proposed.part,
        share_won=proposed.share_won,
        quote_won=proposed.quote_won,
        set_by=by,
        set_at=now,
    )
    Partner.objects.filter(pk=partner.pk).update(terms=terms)
    partner.terms = terms
    return terms


@transaction.atomic
def _answer(
    partner: Partner,
    state: PartnerState,
    *,
    company: Company | None,
    by: User,
    now: datetime,
    note: str,
) -> Partner:
    if is_expired(partner, now=now):
        raise MoveNotAllowed(
            "기한이 지난 초대입니다. 신청기업에 다시 초대해 달라고 요청하세요.",
            code="invitation_expired",
        )
    touch(partner.application, now=now)
    answered = set_state(
        Partner.objects.filter(pk=partner.pk, state=PartnerState.INVITED),
        state,
        company=company,
        answered_by=by,
        answered_at=now,
        note=note[:300],
    )
    if not answered:
        raise MoveNotAllowed("이미 답했거나 취소된 초대입니다.", code="invitation_closed")
    partner.refresh_from_db()
    outbox.write(
        "applications/partner_answer",
        to_email=partner.invited_by.email,
        user=partner.invited_by,
        key=f"partner_answer:{partner.pk}",
        now=now,
        partner=partner,
    )
    conflicts.recheck(now=now, applications=[partner.application_id])
    return partner
