"""Awards out of a fixed pool: proposed by one person, approved by another, paid once."""

from datetime import datetime

from django.db import IntegrityError, transaction

from portal.access import impartiality
from portal.core.errors import BadInput, MoveNotAllowed
from portal.jobs import queue
from portal.models import MoveLogBase, User
from portal.paper import issued
from portal.records import snapshot
from portal.records.workflow import move
from programs.models import Budget
from programs.services import ledger
from programs.services.ledger import Booking
from vouchers import pdf_contexts
from vouchers.models import Award, AwardRound, Certificate, PanelRound
from vouchers.queries.rewards import activity
from vouchers.roles import PANEL_OPERATOR
from vouchers.rules.rewards import awards as award_rules
from vouchers.services import members
from vouchers.states import AwardRoundMoves, AwardRoundState, MonitorState

CERTIFICATE_JOB = "vouchers.certificate"


def propose(round: PanelRound, *, by: User, now: datetime) -> AwardRound:
    """Rank the active members by score and divide the whole pool among the awards.

    Rules and scores are frozen with the proposal. Raises MoveNotAllowed (`role`, `proposed`),
    BadInput (`pool`, `tiers`).
    """
    impartiality.require(
        by, [PANEL_OPERATOR], about=round, message="시상안을 만들 권한이 없습니다."
    )
    plan, pot = round.plan, _pot(round)
    scored = {
        member: score
        for member, score in activity.scores(round).items()
        if member.state == MonitorState.ACTIVE
    }
    by_id = {member.pk: member for member in scored}
    chosen = award_rules.propose(
        pot.appropriated_won,
        award_rules.parse(plan.tiers),
        [
            award_rules.Candidate(
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
                rules={"formula": plan.formula, "tiers": plan.tiers, "ties": award_rules.TIE_RULE},
                results_sha256=snapshot.sha256(results),
                proposed_by=by,
                proposed_at=now,
            )
            Award.objects.bulk_create(
                Award(
                    award_round=made,
                    monitor=by_id[row.id],
                    rank=row.rank,
                    tier=row.tier.code,
                    label=row.tier.label,
                    commended=row.tier.commended,
                    score=scored[by_id[row.id]].total,
                    breakdown=snapshot.to_plain(activity.breakdown(scored[by_id[row.id]])),
                    amount_won=row.amount,
                )
                for row in chosen
            )
    except IntegrityError as taken:
        raise MoveNotAllowed("이 회차에는 이미 시상안이 있습니다.", code="proposed") from taken
    return made


@transaction.atomic
def approve(awards: AwardRound, *, by: User, now: datetime) -> MoveLogBase:
    """Approve a proposal and reserve the whole pool for it.

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
        Booking(award.amount_won, f"{subject_of(award)}:reserve", subject_of(award))
        for award in awards.awards.all()
    ]
    ledger.reserve_many(_pot(awards.round), rows, by=by, now=now)
    return row


@transaction.atomic
def pay(awards: AwardRound, *, by: User, now: datetime) -> int:
    """Pay all awards, issue certificates, notify the members; return the sum in won.

    Raises MoveNotAllowed (`excluded_member`), BudgetExceeded.
    """
    _check_members(awards)
    move(awards, AwardRoundMoves.PAY, by=by, now=now, changes={"paid_at": now})
    pot, paid = _pot(awards.round), 0
    for award in awards.awards.select_related("monitor__user").order_by("rank"):
        subject = subject_of(award)
        for book, act in ((ledger.commit, "commit"), (ledger.pay, "pay")):
            booking = Booking(award.amount_won, f"{subject}:{act}", subject)
            book(pot, booking, by=by, now=now)
        paid += award.amount_won
        if award.commended:
            _certify(award, now)
        members.notify(
            award.monitor, "vouchers/awarded", key=f"awarded:{award.pk}", now=now, award=award
        )
    return paid


@transaction.atomic
def discard(awards: AwardRound, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Discard a proposal and release its reservation. Raises MoveNotAllowed."""
    approved = awards.state == AwardRoundState.APPROVED
    row = move(awards, AwardRoundMoves.DISCARD, by=by, now=now, note=note)
    if approved:
        rows = [
            Booking(award.amount_won, f"{subject_of(award)}:release", subject_of(award))
            for award in awards.awards.all()
        ]
        ledger.release_many(_pot(awards.round), rows, by=by, now=now)
    return row


def render(certificate: Certificate, *, now: datetime) -> Certificate:
    """Render the certificate's PDF unless it exists; raises what `portal.paper.issued.issue` raises."""
    if certificate.issued_at is not None:
        return certificate
    template, title, context = pdf_contexts.certificate(certificate)
    return issued.issue(certificate, template=template, title=title, context=context, now=now)


def subject_of(award: Award) -> str:
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
    inactive = awards.awards.exclude(monitor__state=MonitorState.ACTIVE).select_related("monitor")
    if inactive.exists():
        names = ", ".join(str(award.monitor) for award in inactive)
        raise MoveNotAllowed(
            f"시상안을 만든 뒤 활동이 끝나거나 제외된 단원이 있습니다: {names}. 시상안을 다시 만들어 주세요.",
            code="excluded_member",
        )


def _pot(round: PanelRound) -> Budget:
    if round.award_pot is None:
        raise BadInput("이 회차의 인센티브 예산이 없습니다.", code="pool")
    return round.award_pot
