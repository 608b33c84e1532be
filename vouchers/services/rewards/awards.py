"""Awards out of a fixed pool: proposed by one person, approved by another, paid once, certified."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from portal.access.roles import roles_of
from portal.core.errors import BadInput, MoveNotAllowed
from portal.jobs import queue
from portal.models import MoveLogBase, User
from portal.paper import issued
from portal.records import snapshot
from portal.records.workflow import move
from programs.models import Budget
from programs.services import ledger
from programs.services.ledger import Row
from vouchers import pdf_contexts
from vouchers.models import Award, AwardRound, Certificate, PanelRound
from vouchers.queries.rewards import activity
from vouchers.roles import PANEL_OPERATOR
from vouchers.rules.rewards import awards as rules
from vouchers.services import members as members_services
from vouchers.states import AwardRoundMoves, AwardRoundState, MonitorState

CERTIFICATE_JOB = "vouchers.certificate"


def propose(round: PanelRound, *, by: User, now: datetime) -> AwardRound:
    """Rank the members by their scores and divide the whole pool among the awards.

    Only members in activity count. Rules and scores are frozen with the proposal. Raises
    MoveNotAllowed (`role`, `proposed`), BadInput (`pool`, `tiers`).
    """
    if PANEL_OPERATOR not in roles_of(by):
        raise MoveNotAllowed("시상안을 만들 권한이 없습니다.", code="role")
    plan, pot = round.plan, _pot(round)
    scored = {
        member: score
        for member, score in activity.scores(round).items()
        if member.state == MonitorState.ACTIVE
    }
    members = {member.pk: member for member in scored}
    chosen = rules.propose(
        pot.appropriated_won,
        rules.parse(plan.tiers),
        [
            rules.Candidate(
                member.pk,
                score.total,
                score.accepted,
                activity.points(score)["completeness"],
                activity.points(score)["usefulness"],
            )
            for member, score in scored.items()
        ],
    )
    results = [[row.rank, row.id, row.tier.code, row.amount] for row in chosen]
    try:
        with transaction.atomic():
            made = AwardRound.objects.create(
                round=round,
                pool_won=pot.appropriated_won,
                rules={"formula": plan.formula, "tiers": plan.tiers, "ties": rules.TIE_RULE},
                results_sha256=snapshot.sha256(results),
                proposed_by=by,
                proposed_at=now,
            )
            Award.objects.bulk_create(
                Award(
                    award_round=made,
                    monitor=members[row.id],
                    rank=row.rank,
                    tier=row.tier.code,
                    label=row.tier.label,
                    commended=row.tier.commended,
                    score=scored[members[row.id]].total,
                    breakdown=snapshot.to_plain(activity.breakdown(scored[members[row.id]])),
                    amount_won=row.amount,
                )
                for row in chosen
            )
    except IntegrityError as taken:
        raise MoveNotAllowed("이 회차에는 이미 시상안이 있습니다.", code="proposed") from taken
    return made


@transaction.atomic
def approve(awards: AwardRound, *, by: User, now: datetime) -> MoveLogBase:
    """Approve a proposal, never one's own; the whole pool is set aside for it.

    Raises MoveNotAllowed (`second_person`, `excluded_member`), BudgetExceeded.
    """
    if awards.proposed_by_id == by.pk:
        raise MoveNotAllowed(
            "시상안을 만든 사람은 승인할 수 없습니다. 다른 사람이 승인해야 합니다.",
            code="second_person",
        )
    _check_members(awards)
    row = move(
        awards,
        AwardRoundMoves.APPROVE,
        by=by,
        now=now,
        changes={"approved_by": by, "approved_at": now},
    )
    rows = [
        Row(subject_of(award), award.amount_won, f"{subject_of(award)}:reserve")
        for award in awards.awards.all()
    ]
    ledger.reserve_many(_pot(awards.round), rows, by=by, now=now)
    return row


@transaction.atomic
def pay(awards: AwardRound, *, by: User, now: datetime) -> int:
    """Pay every award, once, number the certificates and tell the members; returns the won paid.

    Raises MoveNotAllowed (`excluded_member`), BudgetExceeded.
    """
    _check_members(awards)
    move(awards, AwardRoundMoves.PAY, by=by, now=now, changes={"paid_at": now})
    pot, paid = _pot(awards.round), 0
    for award in awards.awards.select_related("monitor__user").order_by("rank"):
        subject = subject_of(award)
        words: dict[str, Any] = {
            "amount": award.amount_won,
            "subject": subject,
            "by": by,
            "now": now,
        }
        ledger.commit(pot, reference=f"{subject}:commit", **words)
        ledger.pay(pot, reference=f"{subject}:pay", **words)
        paid += award.amount_won
        if award.commended:
            _certify(award, now)
        members_services.to_member(
            award.monitor, "vouchers/awarded", key=f"awarded:{award.pk}", now=now, award=award
        )
    return paid


@transaction.atomic
def discard(awards: AwardRound, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Throw a proposal away; what was set aside for it goes back. Raises MoveNotAllowed."""
    approved = awards.state == AwardRoundState.APPROVED
    row = move(awards, AwardRoundMoves.DISCARD, by=by, now=now, note=note)
    if approved:
        rows = [
            Row(subject_of(award), award.amount_won, f"{subject_of(award)}:release")
            for award in awards.awards.all()
        ]
        ledger.release_many(_pot(awards.round), rows, by=by, now=now)
    return row


def render(certificate: Certificate, *, now: datetime) -> Certificate:
    """Make the certificate's PDF if it is not there yet; raises as `portal.paper.issued.issue` does."""
    if certificate.issued_at is not None:
        return certificate
    template, title, context = pdf_contexts.certificate(certificate)
    return issued.issue(certificate, template=template, title=title, context=context, now=now)


def subject_of(award: Award) -> str:
    """How the ledger names an award."""
    return f"panel-award:{award.pk}"


def _certify(award: Award, now: datetime) -> None:
    round = award.award_round.round
    made = Certificate.objects.create(
        award=award,
        number=f"표창 {round.year}-{round.pk:02}-{award.rank:03}",
        requested_at=now,
    )
    queue.enqueue(CERTIFICATE_JOB, key=f"certificate:{made.pk}", new=True, certificate=made.pk)


def _check_members(awards: AwardRound) -> None:
    """A member excluded since the proposal gets nothing: the proposal is to be made anew."""
    gone = awards.awards.exclude(monitor__state=MonitorState.ACTIVE).select_related("monitor")
    if gone.exists():
        names = ", ".join(str(award.monitor) for award in gone)
        raise MoveNotAllowed(
            f"시상안을 만든 뒤 활동이 끝나거나 제외된 단원이 있습니다: {names}. 시상안을 다시 만들어 주세요.",
            code="excluded_member",
        )


def _pot(round: PanelRound) -> Budget:
    if round.award_pot is None:
        raise BadInput("이 회차의 인센티브 예산이 없습니다.", code="pool")
    return round.award_pot
