"""States of the voucher programme's records, the moves between them, and who may make them."""

from django.db.models import TextChoices

from portal.access.roles import SYSTEM
from portal.core.moves import OWNER, Move, Moves
from vouchers.roles import AGENCY, MINISTRY, MODERATOR, PANEL_OPERATOR


class Category(TextChoices):
    """The six fields of services, a closed list (source S25)."""

    MEETING = "meeting", "화상회의"
    REMOTE = "remote", "재택근무·협업 도구"
    SECURITY = "security", "네트워크·보안 솔루션"
    EDUTECH = "edutech", "에듀테크"
    CARE = "care", "돌봄서비스"
    CONSULTING = "consulting", "비대면제도 도입 컨설팅"


class ServiceState(TextChoices):
    """States of a service; the public sees `on_sale` and `suspended`."""

    REGISTERED = "registered", "등록"
    ON_SALE = "on_sale", "판매 중"
    SUSPENDED = "suspended", "판매 중지"


S = ServiceState


class ServiceMoves(Moves):
    SELL = Move("sell", "판매 시작", (S.REGISTERED,), S.ON_SALE, (PANEL_OPERATOR, AGENCY, SYSTEM))
    SUSPEND = Move("suspend", "판매 중지", (S.ON_SALE,), S.SUSPENDED, (AGENCY, SYSTEM), True)
    RESUME = Move("resume", "판매 재개", (S.SUSPENDED,), S.ON_SALE, (AGENCY,), True)


class MemberKind(TextChoices):
    """The three kinds of panel members (source S26)."""

    SME = "sme", "중소기업 임직원"
    EXPERT = "expert", "분야 전문가"
    STUDENT = "student", "대학(원)생"


class PanelApplicationState(TextChoices):
    """States of an application to the panel, labelled for staff."""

    DRAFT = "draft", "작성 중"
    SUBMITTED = "submitted", "접수"
    BARRED = "barred", "자격 제외"
    SELECTED = "selected", "선정"
    RESERVE = "reserve", "예비"
    REJECTED = "rejected", "미선정"
    DECLINED = "declined", "참여 사양"
    WITHDRAWN = "withdrawn", "취하"


A = PanelApplicationState


class PanelApplicationMoves(Moves):
    SUBMIT = Move("submit", "제출", (A.DRAFT,), A.SUBMITTED, (OWNER,))
    WITHDRAW = Move("withdraw", "취하", (A.DRAFT, A.SUBMITTED), A.WITHDRAWN, (OWNER,))
    BAR = Move(
        "bar",
        "자격 제외",
        (A.DRAFT, A.SUBMITTED, A.SELECTED, A.RESERVE),
        A.BARRED,
        (PANEL_OPERATOR, AGENCY),
        True,
    )
    UNBAR = Move("unbar", "자격 회복", (A.BARRED,), A.SUBMITTED, (PANEL_OPERATOR, AGENCY), True)
    SELECT = Move("select", "선정 발표", (A.SUBMITTED,), A.SELECTED, (PANEL_OPERATOR,))
    RESERVE = Move("reserve", "예비 발표", (A.SUBMITTED,), A.RESERVE, (PANEL_OPERATOR,))
    REJECT = Move("reject", "미선정 발표", (A.SUBMITTED,), A.REJECTED, (PANEL_OPERATOR,))
    DECLINE = Move(
        "decline", "참여 사양", (A.SELECTED, A.RESERVE), A.DECLINED, (OWNER, PANEL_OPERATOR)
    )
    MOVE_UP = Move("move_up", "예비에서 선정", (A.RESERVE,), A.SELECTED, (PANEL_OPERATOR, SYSTEM))
    # Leaves the state unchanged, but is checked and logged like any move.
    MARK = Move("mark", "평가", (A.SUBMITTED,), A.SUBMITTED, (PANEL_OPERATOR,))


# Labels for the applicant, who learns nothing before the results are released.
PANEL_APPLICANT_LABELS = {
    A.DRAFT: "작성 중 (미제출)",
    A.SUBMITTED: "접수 완료",
    A.BARRED: "자격 제외",
    A.SELECTED: "선정",
    A.RESERVE: "예비",
    A.REJECTED: "미선정",
    A.DECLINED: "참여 사양",
    A.WITHDRAWN: "취하",
}


class TieStanding(TextChoices):
    """What a tie between a person and a supplier means for them."""

    BARS = "bars", "참여할 수 없음"
    FLAGGED = "flagged", "판단을 기다림"
    DISMISSED = "dismissed", "관계없음으로 판단"


class PanelSelectionState(TextChoices):
    PROPOSED = "proposed", "선정안"
    RELEASED = "released", "발표"
    DISCARDED = "discarded", "폐기"


P = PanelSelectionState


class PanelSelectionMoves(Moves):
    RELEASE = Move("release", "결과 발표", (P.PROPOSED,), P.RELEASED, (PANEL_OPERATOR,))
    DISCARD = Move("discard", "선정안 폐기", (P.PROPOSED,), P.DISCARDED, (PANEL_OPERATOR,), True)


class PanelOutcome(TextChoices):
    """Outcome of a selection for one applicant."""

    SELECTED = "selected", "선정"
    RESERVE = "reserve", "예비"
    REJECTED = "rejected", "미선정"


class MonitorState(TextChoices):
    ACTIVE = "active", "활동 중"
    LEFT = "left", "중도 사퇴"
    EXCLUDED = "excluded", "제외"


M = MonitorState


class MonitorMoves(Moves):
    LEAVE = Move("leave", "중도 사퇴", (M.ACTIVE,), M.LEFT, (OWNER, PANEL_OPERATOR), True)
    EXCLUDE = Move(
        "exclude",
        "제외",
        (M.ACTIVE, M.LEFT),
        M.EXCLUDED,
        (PANEL_OPERATOR, AGENCY),
        True,
    )
    RESTORE = Move("restore", "제외 취소", (M.EXCLUDED,), M.ACTIVE, (AGENCY,), True)


class AssignmentState(TextChoices):
    ACTIVE = "active", "배정"
    DROPPED = "dropped", "배정 취소"


G = AssignmentState


class AssignmentMoves(Moves):
    DROP = Move("drop", "배정 취소", (G.ACTIVE,), G.DROPPED, (OWNER, PANEL_OPERATOR, SYSTEM), True)


class AssignmentRunState(TextChoices):
    PREPARING = "preparing", "계산 중"
    PROPOSED = "proposed", "배정안"
    CONFIRMED = "confirmed", "확정"
    DISCARDED = "discarded", "폐기"


R = AssignmentRunState


class AssignmentRunMoves(Moves):
    PROPOSE = Move("propose", "배정안 작성", (R.PREPARING,), R.PROPOSED, (SYSTEM,))
    CONFIRM = Move("confirm", "배정 확정", (R.PROPOSED,), R.CONFIRMED, (PANEL_OPERATOR,))
    DISCARD = Move(
        "discard",
        "배정안 폐기",
        (R.PREPARING, R.PROPOSED),
        R.DISCARDED,
        (PANEL_OPERATOR, SYSTEM),
        True,
    )


class RuleKind(TextChoices):
    """What staff may require of one member and one service in the next assignment run."""

    PIN = "pin", "고정"
    FORBID = "forbid", "금지"


class ImportKind(TextChoices):
    SUPPLIERS = "suppliers", "공급기업"
    SERVICES = "services", "서비스"


class ImportOutcome(TextChoices):
    """Outcome of one row of an imported file."""

    CREATED = "created", "새로 등록"
    CHANGED = "changed", "변경"
    UNCHANGED = "unchanged", "그대로"
    REFUSED = "refused", "오류"


class ReportState(TextChoices):
    """States of a consumer report, labelled for staff."""

    DRAFT = "draft", "작성 중"
    SUBMITTED = "submitted", "검토 대기"
    RETURNED = "returned", "보완 요청"
    REJECTED = "rejected", "채택하지 않음"
    COMMENTING = "commenting", "채택(공급기업 의견 청취)"
    PUBLISHED = "published", "공개"
    RETRACTED = "retracted", "공개 중단"


C = ReportState


class ReportMoves(Moves):
    SUBMIT = Move("submit", "제출", (C.DRAFT, C.RETURNED), C.SUBMITTED, (OWNER,))
    RETURN = Move("return", "보완 요청", (C.SUBMITTED,), C.RETURNED, (MODERATOR,), True)
    REJECT = Move("reject", "채택하지 않음", (C.SUBMITTED,), C.REJECTED, (MODERATOR,), True)
    ACCEPT = Move("accept", "채택", (C.SUBMITTED,), C.COMMENTING, (MODERATOR,))
    PUBLISH = Move("publish", "공개", (C.COMMENTING,), C.PUBLISHED, (MODERATOR,))
    RETRACT = Move("retract", "공개 중단", (C.PUBLISHED,), C.RETRACTED, (MODERATOR, AGENCY), True)
    RESTORE = Move("restore", "다시 공개", (C.RETRACTED,), C.PUBLISHED, (AGENCY,), True)
    # Leaves the state unchanged; the owner here is an account of the supplier.
    COMMENT = Move("comment", "공급기업 의견 제출", (C.COMMENTING,), C.COMMENTING, (OWNER,))


# Labels for the member who wrote the report.
MEMBER_LABELS = {
    C.DRAFT: "작성 중 (미제출)",
    C.SUBMITTED: "제출 완료, 검토 중",
    C.RETURNED: "보완해서 다시 제출",
    C.REJECTED: "채택되지 않음",
    C.COMMENTING: "채택, 공개 준비 중",
    C.PUBLISHED: "공개",
    C.RETRACTED: "공개 중단",
}
ACCEPTED_STATES = (C.COMMENTING, C.PUBLISHED, C.RETRACTED)


class GoodCaseState(TextChoices):
    PROPOSED = "proposed", "추천"
    PROMOTED = "promoted", "우수 사례"
    DECLINED = "declined", "추천 반려"
    ENDED = "ended", "홍보 종료"


H = GoodCaseState


class GoodCaseMoves(Moves):
    PROMOTE = Move("promote", "우수 사례로 확정", (H.PROPOSED,), H.PROMOTED, (AGENCY, MINISTRY))
    DECLINE = Move("decline", "추천 반려", (H.PROPOSED,), H.DECLINED, (AGENCY, MINISTRY), True)
    END = Move("end", "홍보 종료", (H.PROMOTED,), H.ENDED, (AGENCY, MINISTRY), True)


class IssueKind(TextChoices):
    """The two kinds of problems a report may raise (source S29)."""

    IMPROVEMENT = "improvement", "개선이 필요한 사항"
    OFF_PURPOSE = "off_purpose", "사업 목적에 맞지 않는 내용"


class CorrectionState(TextChoices):
    RAISED = "raised", "문제 제기"
    DISMISSED = "dismissed", "해당 없음"
    VERIFIED = "verified", "전담기관 확인"
    ASKED = "asked", "시정 요청"
    ANSWERED = "answered", "시정 결과 확인 중"
    FIXED = "fixed", "시정 완료"
    SUSPENDED = "suspended", "미시정(판매 중지)"


K = CorrectionState


class CorrectionMoves(Moves):
    VERIFY = Move("verify", "문제 확인", (K.RAISED,), K.VERIFIED, (AGENCY,), True)
    DISMISS = Move("dismiss", "해당 없음", (K.RAISED,), K.DISMISSED, (AGENCY,), True)
    ASK = Move("ask", "시정 요청", (K.VERIFIED,), K.ASKED, (AGENCY,), True)
    ANSWER = Move("answer", "시정 결과 제출", (K.ASKED, K.SUSPENDED), K.ANSWERED, (OWNER,))
    FIX = Move("fix", "시정 완료 확인", (K.ANSWERED,), K.FIXED, (AGENCY,), True)
    ASK_AGAIN = Move("ask_again", "다시 시정 요청", (K.ANSWERED,), K.ASKED, (AGENCY,), True)
    FAIL = Move("fail", "미시정 처리", (K.ANSWERED,), K.SUSPENDED, (AGENCY,), True)
    OVERDUE = Move("overdue", "시정 기한 경과", (K.ASKED,), K.SUSPENDED, (SYSTEM,), True)
    # An objection to the suspension is upheld: with an answer it is judged again, else time is given.
    RECONSIDER = Move("reconsider", "다시 확인", (K.SUSPENDED,), K.ANSWERED, (AGENCY,), True)
    RENEW = Move("renew", "시정 기한을 다시 정함", (K.SUSPENDED,), K.ASKED, (AGENCY,), True)
    # Leaves the state unchanged: another report raises the same problem.
    JOIN = Move(
        "join", "같은 문제 제기", (K.RAISED,), K.RAISED, (MODERATOR, PANEL_OPERATOR, AGENCY)
    )


OPEN_CORRECTIONS = (K.VERIFIED, K.ASKED, K.ANSWERED)
"""Under way; a suspended one is told by the state of the service."""
PUBLIC_CORRECTIONS = (K.VERIFIED, K.ASKED, K.ANSWERED, K.FIXED, K.SUSPENDED)


class SuspensionState(TextChoices):
    PROPOSED = "proposed", "중지 제안"
    IN_FORCE = "in_force", "판매 중지 중"
    DECLINED = "declined", "중지하지 않음"
    LIFTED = "lifted", "판매 재개"


U = SuspensionState


class SuspensionMoves(Moves):
    BEGIN = Move("begin", "기한이 지나 판매 중지", (U.PROPOSED,), U.IN_FORCE, (SYSTEM,), True)
    CONFIRM = Move("confirm", "판매 중지 확정", (U.PROPOSED,), U.IN_FORCE, (AGENCY,), True)
    DECLINE = Move("decline", "중지하지 않음", (U.PROPOSED,), U.DECLINED, (AGENCY, SYSTEM), True)
    LIFT = Move("lift", "중지 해제", (U.IN_FORCE,), U.LIFTED, (AGENCY,), True)
    UPHOLD = Move("uphold", "이의 인용", (U.IN_FORCE,), U.LIFTED, (AGENCY,), True)
    # Leave the state unchanged; the owner here is an account of the supplier.
    OBJECT = Move("object", "이의신청", (U.IN_FORCE,), U.IN_FORCE, (OWNER,), True)
    REJECT = Move("reject", "이의 기각", (U.IN_FORCE,), U.IN_FORCE, (AGENCY,), True)


class AwardRoundState(TextChoices):
    PROPOSED = "proposed", "시상안"
    APPROVED = "approved", "승인(지급 전)"
    PAID = "paid", "지급 완료"
    DISCARDED = "discarded", "폐기"


W = AwardRoundState


class AwardRoundMoves(Moves):
    APPROVE = Move("approve", "시상 승인", (W.PROPOSED,), W.APPROVED, (AGENCY, MINISTRY))
    PAY = Move("pay", "인센티브 지급", (W.APPROVED,), W.PAID, (PANEL_OPERATOR,))
    DISCARD = Move(
        "discard",
        "시상안 폐기",
        (W.PROPOSED, W.APPROVED),
        W.DISCARDED,
        (PANEL_OPERATOR, AGENCY),
        True,
    )


class FeeOutcome(TextChoices):
    PAID = "paid", "지급"
    WITHHELD = "withheld", "지급하지 않음"
