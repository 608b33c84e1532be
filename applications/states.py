"""The lives of an application and of a selection: states, moves, and who may make them."""

from django.db.models import TextChoices

from portal.roles import ASSESSOR, MANAGER, OFFICER, SYSTEM
from portal.workflow import OWNER, Move, table


class ApplicationState(TextChoices):
    """Where an application stands, in the words of staff."""

    DRAFT = "draft", "작성 중"
    SUBMITTED = "submitted", "접수"
    SCREENING = "screening", "요건검토"
    ASSESSING = "assessing", "평가"
    DECIDED = "decided", "결정(발표 전)"
    RELEASED = "released", "결과 발표"
    INELIGIBLE = "ineligible", "요건 미충족"
    WITHDRAWN = "withdrawn", "취하"


# What the applicant reads: a decision is not hinted at before it is released.
APPLICANT_LABELS = {
    ApplicationState.DRAFT: "작성 중 (미제출)",
    ApplicationState.SUBMITTED: "접수 완료",
    ApplicationState.SCREENING: "요건검토 중",
    ApplicationState.ASSESSING: "평가 중",
    ApplicationState.DECIDED: "평가 중",
    ApplicationState.RELEASED: "결과 발표",
    ApplicationState.INELIGIBLE: "요건 미충족",
    ApplicationState.WITHDRAWN: "취하",
}

S = ApplicationState
APPLICATION_MOVES = table(
    Move("submit", "제출", (S.DRAFT,), S.SUBMITTED, (OWNER,)),
    Move("take_up", "요건검토 시작", (S.SUBMITTED,), S.SCREENING, (OFFICER, MANAGER)),
    Move("qualify", "요건 충족(평가로)", (S.SCREENING,), S.ASSESSING, (OFFICER, MANAGER)),
    Move("exclude", "요건 미충족 처리", (S.SCREENING,), S.INELIGIBLE, (OFFICER, MANAGER), True),
    Move("reinstate", "요건검토로 되돌리기", (S.INELIGIBLE,), S.SCREENING, (MANAGER,), True),
    Move("decide", "결정", (S.ASSESSING,), S.DECIDED, (MANAGER,)),
    Move("undecide", "결정 되돌리기", (S.DECIDED,), S.ASSESSING, (MANAGER,), True),
    Move("release", "결과 발표", (S.DECIDED,), S.RELEASED, (MANAGER,)),
    # An objection that wins by a new assessment leads back to the sheets and out again.
    Move("reassess", "이의신청 재평가", (S.RELEASED,), S.ASSESSING, (MANAGER,), True),
    Move("conclude", "재평가 결과 결정", (S.ASSESSING,), S.RELEASED, (MANAGER,), True),
    Move(
        "withdraw",
        "취하",
        # Also between a decision and its release: the applicant cannot know that it was taken.
        (S.DRAFT, S.SUBMITTED, S.SCREENING, S.ASSESSING, S.DECIDED),
        S.WITHDRAWN,
        (OWNER,),
        True,
    ),
    # Acts that leave the state as it is: checked and logged like any move.
    Move("check", "요건 점검 확인", (S.SCREENING,), S.SCREENING, (OFFICER, MANAGER), True),
    Move("bonus", "가점 확인", (S.SCREENING,), S.SCREENING, (OFFICER, MANAGER), True),
    Move("ask", "보완 요청", (S.SCREENING,), S.SCREENING, (OFFICER, MANAGER), True),
    Move("answer", "보완 제출", (S.SCREENING,), S.SCREENING, (OWNER,)),
    Move("overdue", "보완 기한 경과", (S.SCREENING,), S.SCREENING, (SYSTEM,)),
    Move("assign", "평가위원 배정", (S.ASSESSING,), S.ASSESSING, (OFFICER, MANAGER), True),
    Move("unassign", "평가위원 배정 취소", (S.ASSESSING,), S.ASSESSING, (OFFICER, MANAGER), True),
    Move("object", "이의신청", (S.RELEASED,), S.RELEASED, (OWNER,)),
    Move("decline", "포기", (S.RELEASED,), S.RELEASED, (OWNER,), True),
    Move("amend", "결정 변경", (S.RELEASED,), S.RELEASED, (MANAGER,), True),
    Move("lock_sheet", "평가표 제출", (S.ASSESSING,), S.ASSESSING, (ASSESSOR,)),
)


class SelectionState(TextChoices):
    """Where a selection stands."""

    PREPARING = "preparing", "선정안 작성 중"
    PROPOSED = "proposed", "선정안"
    CONFIRMED = "confirmed", "선정안 확인(승인 전)"
    DECIDED = "decided", "결정(발표 전)"
    RELEASED = "released", "발표"
    DISCARDED = "discarded", "폐기"


T = SelectionState
SELECTION_MOVES = table(
    Move("propose", "선정안 작성", (T.PREPARING,), T.PROPOSED, (SYSTEM,)),
    Move("confirm", "선정안 확인", (T.PROPOSED,), T.CONFIRMED, (OFFICER,)),
    Move("unconfirm", "확인 되돌리기", (T.CONFIRMED,), T.PROPOSED, (OFFICER, MANAGER), True),
    Move("decide", "선정 승인", (T.CONFIRMED,), T.DECIDED, (MANAGER,)),
    Move("undecide", "승인 되돌리기", (T.DECIDED,), T.PROPOSED, (MANAGER,), True),
    Move("release", "결과 발표", (T.DECIDED,), T.RELEASED, (MANAGER,)),
    Move(
        "discard",
        "선정안 폐기",
        (T.PREPARING, T.PROPOSED, T.CONFIRMED),
        T.DISCARDED,
        (OFFICER, MANAGER),
        True,
    ),
)


class ChangeKind(TextChoices):
    """Why a released decision is followed by another one."""

    MOVE_UP = "move_up", "예비 승계"
    REVERSAL = "reversal", "결정 번복"
    CANCEL = "cancel", "선정 취소"
    OBJECTION = "objection", "이의신청 인용"
    DECLINE = "decline", "포기"
    LAPSE = "lapse", "협약 미체결"


class ChangeState(TextChoices):
    """Where a change of a released decision stands."""

    DRAFTED = "drafted", "담당자 확인 대기"
    PROPOSED = "proposed", "승인 대기"
    SECONDED = "seconded", "2차 승인 대기"
    IN_FORCE = "in_force", "확정"
    DISCARDED = "discarded", "폐기"


C = ChangeState
CHANGE_MOVES = table(
    Move("take_up", "변경안 확인", (C.DRAFTED,), C.PROPOSED, (OFFICER,)),
    Move("second", "1차 승인", (C.PROPOSED,), C.SECONDED, (MANAGER,)),
    Move("approve", "승인", (C.PROPOSED, C.SECONDED), C.IN_FORCE, (MANAGER,)),
    Move("decline", "포기", (C.PROPOSED,), C.IN_FORCE, (OWNER,)),
    Move("lapse", "협약 미체결 확정", (C.PROPOSED,), C.IN_FORCE, (MANAGER,)),
    Move(
        "discard",
        "변경안 폐기",
        (C.DRAFTED, C.PROPOSED, C.SECONDED),
        C.DISCARDED,
        (OFFICER, MANAGER),
        True,
    ),
)


class ObjectionState(TextChoices):
    """Where an objection (이의신청) stands."""

    FILED = "filed", "심의 중"
    UPHELD = "upheld", "인용(재산정 중)"
    CLOSED = "closed", "인용(재결정)"
    DISMISSED = "dismissed", "기각(결정 유지)"


O = ObjectionState  # noqa: E741 - one letter as for the other tables
OBJECTION_MOVES = table(
    Move("dismiss", "기각", (O.FILED,), O.DISMISSED, (MANAGER,), True),
    Move("uphold", "인용", (O.FILED,), O.UPHELD, (MANAGER,), True),
    Move("rescore", "재산정", (O.UPHELD,), O.UPHELD, (OFFICER, MANAGER)),
    Move("close", "재결정", (O.UPHELD,), O.CLOSED, (MANAGER,)),
)


class Remedy(TextChoices):
    """What is done again when an objection is upheld."""

    BONUS = "bonus", "가점을 다시 인정하고 점수를 다시 산정"
    SHEETS = "sheets", "다른 평가위원이 다시 평가하고 점수를 다시 산정"


class MemberRole(TextChoices):
    """What a co-worker may do with the company's applications."""

    OWNER = "owner", "대표 담당자 (제출·취하·구성원 관리)"
    EDITOR = "editor", "작성자 (작성·제출)"
    VIEWER = "viewer", "열람자"


class PartnerState(TextChoices):
    """What a partner has answered."""

    INVITED = "invited", "응답 대기"
    ACCEPTED = "accepted", "참여 수락"
    REFUSED = "refused", "참여 거절"
    CANCELLED = "cancelled", "초대 취소"


class Outcome(TextChoices):
    """What a decision says."""

    SELECTED = "selected", "선정"
    RESERVE = "reserve", "예비"
    REJECTED = "rejected", "탈락"
    DECLINED = "declined", "포기"
    CANCELLED = "cancelled", "선정 취소"


class CheckDecision(TextChoices):
    """What staff made of an automatic check."""

    PENDING = "pending", "확인 전"
    CONFIRMED = "confirmed", "자동 판정 확인"
    OVERRULED = "overruled", "자동 판정 뒤집음"


class BonusState(TextChoices):
    """What staff made of a claimed bonus."""

    CLAIMED = "claimed", "확인 전"
    GRANTED = "granted", "인정"
    REFUSED = "refused", "불인정"


class SupplementState(TextChoices):
    """Where a request for more stands."""

    OPEN = "open", "보완 대기"
    ANSWERED = "answered", "보완 제출"
    EXPIRED = "expired", "기한 경과"
