"""What cases already judged keep of their rules, whom a change concerns, and late filing as decided."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Q

from applications.models import (
    Application,
    Decision,
    Exclusion,
    LateGrant,
    Objection,
    ScoreRun,
    ScoreSheet,
    Selection,
    Supplement,
)
from applications.models.application import NEVER_FILED
from applications.states import ApplicationState, ObjectionState, SupplementState
from programs.models import SubProgram
from programs.queries.rule_changes import Decision as Published
from programs.rules import rule_changes as rules
from programs.rules.calendar import stamp

S = ApplicationState
JUDGED = (S.DECIDED, S.RELEASED, S.CONTRACTED, S.CLOSED, S.ENDED)


def locks(program: SubProgram, *, now: datetime) -> dict[str, str]:
    """Return the groups of rules that cases under way hold fixed, each with the reason in words."""
    mine = Application.objects.filter(sub_program=program)
    found = {}
    if mine.exclude(state__in=NEVER_FILED).exists():
        found[rules.INTAKE] = "이 접수 방식을 믿고 이미 제출한 기업이 있어 바꿀 수 없습니다."
        found[rules.GRANT] = (
            "제출할 때 약속한 지원금 미리보기와 달라지는 기업이 있어 바꿀 수 없습니다."
            " 첫 신청서가 제출된 뒤에는 지원금을 정하는 값이 고정됩니다."
        )
    if _scored(program):
        found[rules.SCORING] = (
            "평가위원이 이 기준으로 평가를 시작해 바꿀 수 없습니다. 같은 회차의 신청은 모두 같은"
            " 기준으로 평가합니다."
        )
    if Decision.objects.filter(application__sub_program=program).exists():
        found[rules.PLACES] = "이 모집 규모로 이미 결정한 신청이 있어 바꿀 수 없습니다."
    if Supplement.objects.filter(
        application__sub_program=program, state=SupplementState.OPEN
    ).exists():
        found[rules.SUPPLEMENT] = "보완 기한이 지나고 있는 신청이 있어 지금은 바꿀 수 없습니다."
    return found | _objection_locks(program)


def concerned(program: SubProgram) -> list[tuple[str, int]]:
    """Return how many applications of a sub-programme are drafts, filed, assessed and decided."""
    rows = Application.objects.filter(sub_program=program).aggregate(
        drafts=Count("pk", filter=Q(state=S.DRAFT)),
        filed=Count("pk", filter=~Q(state__in=NEVER_FILED)),
        decided=Count("pk", filter=Q(state__in=JUDGED)),
    )
    sheets = ScoreSheet.objects.filter(
        application__sub_program=program, locked_at__isnull=False, withdrawn_at=None
    )
    assessed = sheets.aggregate(number=Count("application", distinct=True))["number"]
    return [
        ("작성 중", rows["drafts"]),
        ("제출", rows["filed"]),
        ("평가", assessed),
        ("결정", rows["decided"]),
    ]


def late_leave() -> Iterator[Published]:
    """Yield the approved permissions to file late; neither firms nor people are named."""
    rows = LateGrant.objects.filter(approved_at__isnull=False, sub_program__round__announced=True)
    for row in rows.select_related("sub_program__round"):
        round = row.sub_program.round
        line = ("기업 1곳의 접수 기한", stamp(round.closes_at), stamp(row.until))
        subject = f"{row.sub_program} ({round})"
        at = row.approved_at or row.granted_at
        yield Published(at, "기한 뒤 접수 허용", subject, [line], row.reason)


def _scored(program: SubProgram) -> bool:
    begun = ScoreSheet.objects.filter(
        Q(declared_at__isnull=False) | Q(locked_at__isnull=False),
        application__sub_program=program,
        abstained_at=None,
    )
    return begun.exists() or ScoreRun.objects.filter(sub_program=program).exists()


def _objection_locks(program: SubProgram) -> dict[str, str]:
    found = {}
    told = Selection.objects.filter(sub_program=program, released_at__isnull=False).exists()
    if told or Exclusion.objects.filter(application__sub_program=program).exists():
        found[rules.OBJECTION] = (
            "결과를 알릴 때 이의신청 기한을 함께 알린 기업이 있어 바꿀 수 없습니다."
        )
    if Objection.objects.filter(
        application__sub_program=program, state=ObjectionState.FILED
    ).exists():
        found[rules.ANSWER] = "처리하고 있는 이의신청이 있어 지금은 바꿀 수 없습니다."
    return found
