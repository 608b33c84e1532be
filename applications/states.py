"""States and moves of applications and everything that follows them, and who may make a move."""

from django.db.models import TextChoices

from applications.roles import ASSESSOR
from portal.access.roles import SYSTEM
from portal.core.moves import OWNER, Move, Moves
from programs.roles import MANAGER, OFFICER


class ApplicationState(TextChoices):
    """State of an application with the labels for staff; applicants read `APPLICANT_LABELS`."""

    DRAFT = "draft", "작성 중"
    SUBMITTED = "submitted", "접수"
    SCREENING = "screening", "요건검토"
    ASSESSING = "assessing", "평가"
    DECIDED = "decided", "결정(발표 전)"
    RELEASED = "released", "결과 발표"
    CONTRACTED = "contracted", "협약·수행"
    CLOSED = "closed", "종료"
    ENDED = "ended", "중도 종료"
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
    ApplicationState.CONTRACTED: "협약·수행",
    ApplicationState.CLOSED: "종료",
    ApplicationState.ENDED: "중도 종료",
    ApplicationState.INELIGIBLE: "요건 미충족",
    ApplicationState.WITHDRAWN: "취하",
}

S = ApplicationState
# States in which the result is known to the applicant.
ANNOUNCED = (S.RELEASED, S.CONTRACTED, S.CLOSED, S.ENDED)
SHEET_ENDERS = (OFFICER, MANAGER)


class ApplicationMoves(Moves):
    SUBMIT = Move("submit", "제출", (S.DRAFT,), S.SUBMITTED, (OWNER,))
    TAKE_UP = Move("take_up", "요건검토 시작", (S.SUBMITTED,), S.SCREENING, (OFFICER, MANAGER))
    QUALIFY = Move("qualify", "요건 충족(평가로)", (S.SCREENING,), S.ASSESSING, (OFFICER, MANAGER))
    EXCLUDE = Move(
        "exclude", "요건 미충족 처리", (S.SCREENING,), S.INELIGIBLE, (OFFICER, MANAGER), True
    )
    REINSTATE = Move(
        "reinstate", "요건검토로 되돌리기", (S.INELIGIBLE,), S.SCREENING, (MANAGER,), True
    )
    # Ways back from acts on many applications, while nothing has followed from them.
    PUT_BACK = Move(
        "put_back", "접수로 되돌리기", (S.SCREENING,), S.SUBMITTED, (OFFICER, MANAGER), True
    )
    REOPEN = Move(
        "reopen", "평가 전으로 되돌리기", (S.ASSESSING,), S.SCREENING, (OFFICER, MANAGER), True
    )
    DECIDE = Move("decide", "결정", (S.ASSESSING,), S.DECIDED, (MANAGER,))
    UNDECIDE = Move("undecide", "결정 되돌리기", (S.DECIDED,), S.ASSESSING, (MANAGER,), True)
    RELEASE = Move("release", "결과 발표", (S.DECIDED,), S.RELEASED, (MANAGER,))
    # An objection upheld by a new assessment returns to the sheets and then to a decision.
    REASSESS = Move("reassess", "이의신청 재평가", (S.RELEASED,), S.ASSESSING, (MANAGER,), True)
    CONCLUDE = Move("conclude", "재평가 결과 결정", (S.ASSESSING,), S.RELEASED, (MANAGER,), True)
    # A new assessment that cannot be finished; the decision in force stays.
    STOP_REASSESSMENT = Move(
        "stop_reassessment", "재평가 거두기", (S.ASSESSING,), S.RELEASED, (MANAGER,), True
    )
    CONTRACT = Move("contract", "협약 체결", (S.RELEASED,), S.CONTRACTED, (MANAGER,))
    CLOSE = Move("close", "종료", (S.CONTRACTED,), S.CLOSED, (MANAGER,))
    END = Move("end", "중도 종료", (S.RELEASED, S.CONTRACTED), S.ENDED, (MANAGER, SYSTEM), True)
    WITHDRAW = Move(
        "withdraw",
        "취하",
        # Also between a decision and its release: the applicant cannot know that it was taken.
        (S.DRAFT, S.SUBMITTED, S.SCREENING, S.ASSESSING, S.DECIDED),
        S.WITHDRAWN,
        (OWNER,),
        True,
    )
    # The company was transferred to its rightful firm: a draft stays with those who wrote it.
    DETACH = Move("detach", "작성 종료(기업 이전)", (S.DRAFT,), S.WITHDRAWN, (MANAGER,), True)
    # Moves that keep the state: checked and logged like the others.
    CHECK = Move("check", "요건 점검 확인", (S.SCREENING,), S.SCREENING, (OFFICER, MANAGER), True)
    BONUS = Move("bonus", "가점 확인", (S.SCREENING,), S.SCREENING, (OFFICER, MANAGER), True)
    ASK = Move("ask", "보완 요청", (S.SCREENING,), S.SCREENING, (OFFICER, MANAGER), True)
    REMIND = Move("remind", "보완 기한 안내", (S.SCREENING,), S.SCREENING, (OFFICER, MANAGER), True)
    WITHDRAW_ASK = Move(
        "withdraw_ask", "보완 요청 취소", (S.SCREENING,), S.SCREENING, (OFFICER, MANAGER), True
    )
    MOVE_ASK = Move(
        "move_ask", "보완 기한 변경", (S.SCREENING,), S.SCREENING, (OFFICER, MANAGER), True
    )
    ANSWER = Move("answer", "보완 제출", (S.SCREENING,), S.SCREENING, (OWNER,))
    OVERDUE = Move("overdue", "보완 기한 경과", (S.SCREENING,), S.SCREENING, (SYSTEM,))
    ASSIGN = Move("assign", "평가위원 배정", (S.ASSESSING,), S.ASSESSING, (OFFICER, MANAGER), True)
    UNASSIGN = Move(
        "unassign", "평가위원 배정 취소", (S.ASSESSING,), S.ASSESSING, (OFFICER, MANAGER), True
    )
    OBJECT = Move("object", "이의신청", (S.RELEASED,), S.RELEASED, (OWNER,))
    OBJECT_EXCLUSION = Move("object_exclusion", "이의신청", (S.INELIGIBLE,), S.INELIGIBLE, (OWNER,))
    DECLINE = Move("decline", "포기", (S.RELEASED,), S.RELEASED, (OWNER,), True)
    AMEND = Move("amend", "결정 변경", (S.RELEASED,), S.RELEASED, (MANAGER,), True)
    # An assessor's ties are judged more strictly, by `services.assessment.conflicts`, and people may
    # have decided to keep the sheet in spite of one.
    LOCK_SHEET = Move(
        "lock_sheet", "평가표 제출", (S.ASSESSING,), S.ASSESSING, (ASSESSOR,), by_tied=True
    )
    # Who is tied gives the sheet up: that is what the guard is for.
    ABSTAIN = Move(
        "abstain", "평가 회피", (S.ASSESSING,), S.ASSESSING, (ASSESSOR,), True, by_tied=True
    )
    WITHDRAW_SHEET = Move(
        "withdraw_sheet", "평가표 제외", (S.ASSESSING,), S.ASSESSING, SHEET_ENDERS, True
    )
    # A tie found after the assessment: the state stays, the move log records it.
    WITHDRAW_SHEET_DECIDED = Move(
        "withdraw_sheet_decided", "평가표 제외", (S.DECIDED,), S.DECIDED, SHEET_ENDERS, True
    )
    WITHDRAW_SHEET_RELEASED = Move(
        "withdraw_sheet_released", "평가표 제외", (S.RELEASED,), S.RELEASED, SHEET_ENDERS, True
    )
    WITHDRAW_SHEET_CONTRACTED = Move(
        "withdraw_sheet_contracted",
        "평가표 제외",
        (S.CONTRACTED,),
        S.CONTRACTED,
        SHEET_ENDERS,
        True,
    )
    WITHDRAW_SHEET_CLOSED = Move(
        "withdraw_sheet_closed", "평가표 제외", (S.CLOSED,), S.CLOSED, SHEET_ENDERS, True
    )
    WITHDRAW_SHEET_ENDED = Move(
        "withdraw_sheet_ended", "평가표 제외", (S.ENDED,), S.ENDED, SHEET_ENDERS, True
    )

    # An exclusion that turned out to be wrong.
    RESTORE_SHEET = Move(
        "restore_sheet", "평가표 복원", (S.ASSESSING,), S.ASSESSING, (OFFICER, MANAGER), True
    )
    RESTORE_SHEET_DECIDED = Move(
        "restore_sheet_decided", "평가표 복원", (S.DECIDED,), S.DECIDED, (OFFICER, MANAGER), True
    )
    RESTORE_SHEET_RELEASED = Move(
        "restore_sheet_released", "평가표 복원", (S.RELEASED,), S.RELEASED, (OFFICER, MANAGER), True
    )
    RESTORE_SHEET_CONTRACTED = Move(
        "restore_sheet_contracted",
        "평가표 복원",
        (S.CONTRACTED,),
        S.CONTRACTED,
        (OFFICER, MANAGER),
        True,
    )
    RESTORE_SHEET_CLOSED = Move(
        "restore_sheet_closed", "평가표 복원", (S.CLOSED,), S.CLOSED, (OFFICER, MANAGER), True
    )
    RESTORE_SHEET_ENDED = Move(
        "restore_sheet_ended", "평가표 복원", (S.ENDED,), S.ENDED, (OFFICER, MANAGER), True
    )


# The move that withdraws a sheet, by the state its application is in; none where it has no sheets.
WITHDRAW_SHEET_IN: dict[str, Move] = {
    move.source[0]: move
    for name, move in ApplicationMoves.by_name().items()
    if name.startswith("withdraw_sheet")
}
RESTORE_SHEET_IN: dict[str, Move] = {
    move.source[0]: move
    for name, move in ApplicationMoves.by_name().items()
    if name.startswith("restore_sheet")
}


class SheetDecisionKind(TextChoices):
    EXCLUDE = "exclude", "합산에서 제외"
    KEEP = "keep", "이해관계가 있어도 유지"
    RESTORE = "restore", "제외한 평가표 복원"


class SelectionState(TextChoices):
    PREPARING = "preparing", "선정안 작성 중"
    PROPOSED = "proposed", "선정안"
    CONFIRMED = "confirmed", "선정안 확인(승인 전)"
    DECIDED = "decided", "결정(발표 전)"
    RELEASED = "released", "발표"
    DISCARDED = "discarded", "폐기"


T = SelectionState


class SelectionMoves(Moves):
    PROPOSE = Move("propose", "선정안 작성", (T.PREPARING,), T.PROPOSED, (SYSTEM,))
    CONFIRM = Move("confirm", "선정안 확인", (T.PROPOSED,), T.CONFIRMED, (OFFICER,))
    UNCONFIRM = Move(
        "unconfirm", "확인 되돌리기", (T.CONFIRMED,), T.PROPOSED, (OFFICER, MANAGER), True
    )
    DECIDE = Move("decide", "선정 승인", (T.CONFIRMED,), T.DECIDED, (MANAGER,))
    UNDECIDE = Move("undecide", "승인 되돌리기", (T.DECIDED,), T.PROPOSED, (MANAGER,), True)
    RELEASE = Move("release", "결과 발표", (T.DECIDED,), T.RELEASED, (MANAGER,))
    DISCARD = Move(
        "discard",
        "선정안 폐기",
        (T.PREPARING, T.PROPOSED, T.CONFIRMED),
        T.DISCARDED,
        (OFFICER, MANAGER),
        True,
    )


class ChangeKind(TextChoices):
    """Why a released decision is replaced."""

    MOVE_UP = "move_up", "예비 승계"
    REVERSAL = "reversal", "결정 번복"
    CANCEL = "cancel", "선정 취소"
    OBJECTION = "objection", "이의신청 인용"
    DECLINE = "decline", "포기"
    LAPSE = "lapse", "협약 미체결"


class ChangeState(TextChoices):
    DRAFTED = "drafted", "담당자 확인 대기"
    PROPOSED = "proposed", "승인 대기"
    SECONDED = "seconded", "2차 승인 대기"
    IN_FORCE = "in_force", "확정"
    DISCARDED = "discarded", "폐기"


C = ChangeState
# Of a decision only one change may be pending.
PENDING_CHANGES = [C.DRAFTED, C.PROPOSED, C.SECONDED]


class ChangeMoves(Moves):
    TAKE_UP = Move("take_up", "변경안 확인", (C.DRAFTED,), C.PROPOSED, (OFFICER,))
    SECOND = Move("second", "1차 승인", (C.PROPOSED,), C.SECONDED, (MANAGER,))
    APPROVE = Move("approve", "승인", (C.PROPOSED, C.SECONDED), C.IN_FORCE, (MANAGER,))
    DECLINE = Move("decline", "포기", (C.PROPOSED,), C.IN_FORCE, (OWNER,))
    LAPSE = Move("lapse", "협약 미체결 확정", (C.PROPOSED,), C.IN_FORCE, (MANAGER,))
    DISCARD = Move(
        "discard",
        "변경안 폐기",
        tuple(PENDING_CHANGES),
        C.DISCARDED,
        (OFFICER, MANAGER, SYSTEM),
        True,
    )


class OpinionState(TextChoices):
    DRAFT = "draft", "다듬는 중"
    READY = "ready", "공개 대기"
    RELEASED = "released", "공개"
    DISCARDED = "discarded", "거둠"


P = OpinionState
# Of an application only one opinion may be worked on.
OPEN_OPINIONS = [P.DRAFT, P.READY]


class OpinionMoves(Moves):
    EDIT = Move("edit", "다듬기", (P.DRAFT,), P.DRAFT, (OFFICER,))
    AGAIN = Move("again", "다시 모으기", (P.DRAFT,), P.DRAFT, (OFFICER,), True)
    FINISH = Move("finish", "다듬기 끝", (P.DRAFT,), P.READY, (OFFICER,))
    WITHHOLD = Move("withhold", "공개하지 않음", (P.DRAFT,), P.READY, (OFFICER,), True)
    REOPEN = Move("reopen", "다시 다듬기", (P.READY,), P.DRAFT, (OFFICER, MANAGER), True)
    RELEASE = Move("release", "평가의견 공개", (P.READY,), P.RELEASED, (MANAGER,))
    DISCARD = Move(
        "discard",
        "거두기",
        (P.DRAFT, P.READY),
        P.DISCARDED,
        (OFFICER, MANAGER, SYSTEM),
        True,
    )


class ObjectionState(TextChoices):
    FILED = "filed", "심의 중"
    UPHELD = "upheld", "인용(재산정 중)"
    CLOSED = "closed", "인용(재결정)"
    DISMISSED = "dismissed", "기각(결정 유지)"
    LAPSED = "lapsed", "심의 종료(신청이 끝남)"


O = ObjectionState  # noqa: E741 - one letter as for the other tables


class ObjectionMoves(Moves):
    DISMISS = Move("dismiss", "기각", (O.FILED,), O.DISMISSED, (MANAGER,), True)
    UPHOLD = Move("uphold", "인용", (O.FILED,), O.UPHELD, (MANAGER,), True)
    # An exclusion contested with success: nothing is scored, screening begins again.
    READMIT = Move("readmit", "인용(요건검토로)", (O.FILED,), O.CLOSED, (MANAGER,), True)
    LAPSE = Move("lapse", "심의 종료", (O.FILED, O.UPHELD), O.LAPSED, (SYSTEM,), True)
    TAKE_BACK = Move("take_back", "재평가 거두기", (O.UPHELD,), O.FILED, (MANAGER,), True)
    RESCORE = Move("rescore", "재산정", (O.UPHELD,), O.UPHELD, (OFFICER, MANAGER))
    CLOSE = Move("close", "재결정", (O.UPHELD,), O.CLOSED, (MANAGER,))


class Remedy(TextChoices):
    """What is repeated when an objection is upheld."""

    BONUS = "bonus", "가점을 다시 인정하고 점수를 다시 산정"
    SHEETS = "sheets", "다른 평가위원이 다시 평가하고 점수를 다시 산정"
    SCREENING = "screening", "요건 미충족을 거두고 요건을 다시 검토"


class MemberRole(TextChoices):
    """What a member may do with the company's applications."""

    OWNER = "owner", "대표 담당자 (제출·취하·구성원 관리)"
    EDITOR = "editor", "작성자 (작성·제출)"
    VIEWER = "viewer", "열람자"


class NominationState(TextChoices):
    PROPOSED = "proposed", "승인 대기"
    APPROVED = "approved", "승인"
    REFUSED = "refused", "불승인"


class ClaimState(TextChoices):
    """State of a claim to a business number that somebody else registered."""

    FILED = "filed", "확인 중"
    EXAMINED = "examined", "검토 완료(결정 전)"
    UPHELD = "upheld", "인정"
    DISMISSED = "dismissed", "받아들이지 않음"


class PartnerState(TextChoices):
    INVITED = "invited", "응답 대기"
    PENDING = "pending", "신청기업 확인 대기"
    ACCEPTED = "accepted", "참여 수락"
    REFUSED = "refused", "참여 거절"
    CANCELLED = "cancelled", "초대 취소"


class Outcome(TextChoices):
    SELECTED = "selected", "선정"
    RESERVE = "reserve", "예비"
    REJECTED = "rejected", "탈락"
    DECLINED = "declined", "포기"
    CANCELLED = "cancelled", "선정 취소"


# The result of a released application in words for its applicant.
APPLICANT_OUTCOMES = {
    Outcome.SELECTED: "선정",
    Outcome.RESERVE: "예비 선정",
    Outcome.REJECTED: "미선정",
    Outcome.DECLINED: "포기",
    Outcome.CANCELLED: "선정 취소",
}


class CheckDecision(TextChoices):
    PENDING = "pending", "확인 전"
    CONFIRMED = "confirmed", "자동 판정 확인"
    OVERRULED = "overruled", "자동 판정 변경"


class Charge(TextChoices):
    """How the responsible officer of an application changed."""

    TAKEN = "taken", "맡음"
    GIVEN = "given", "넘김"
    TAKEN_OVER = "taken_over", "가져옴"
    LET_GO = "let_go", "내려놓음"
    DISTRIBUTED = "distributed", "규칙에 따라 배분"
    STAND_IN = "stand_in", "대행자에게 배분"
    ENDED = "ended", "계정 종료로 넘김"


class NoteKind(TextChoices):
    MEMO = "memo", "메모"
    CALL = "call", "통화"


class CallDirection(TextChoices):
    OUT = "out", "건 전화"
    IN = "in", "받은 전화"


class FlagLabel(TextChoices):
    URGENT = "urgent", "긴급"
    CHECK = "check", "추가 확인"
    VISIT = "visit", "현장 확인"
    LEGAL = "legal", "법률 검토"
    COMPLAINT = "complaint", "민원"
    REPORT = "report", "상급자 보고"
    CALL_BACK = "call_back", "다시 연락"


class BonusState(TextChoices):
    CLAIMED = "claimed", "확인 전"
    GRANTED = "granted", "인정"
    REFUSED = "refused", "불인정"


class SupplementState(TextChoices):
    OPEN = "open", "보완 대기"
    ANSWERED = "answered", "보완 제출"
    EXPIRED = "expired", "기한 경과"
    CLOSED = "closed", "신청이 끝나 닫음"
    WITHDRAWN = "withdrawn", "요청 취소"


class SetActKind(TextChoices):
    """What is done to many applications at once."""

    TAKE_UP = "take_up", "요건검토 시작"
    CONFIRM = "confirm", "포털이 판정한 요건 확인"
    QUALIFY = "qualify", "요건 충족(평가로)"
    ASK = "ask", "같은 보완 요청"
    REMIND = "remind", "보완 기한 안내"
    HAND_OVER = "hand_over", "담당자 넘기기"
    CONCLUDE = "conclude", "부처 서명(협약 체결)"
    REQUEST_PAY = "request_pay", "지급 요청"
    PAY = "pay", "지급 승인"
    CLOSE = "close", "협약 종료"


class SetActState(TextChoices):
    RUNNING = "running", "진행 중"
    DONE = "done", "완료"
    CANCELLED = "cancelled", "취소"
    UNDONE = "undone", "되돌림"


class SetOutcome(TextChoices):
    """What became of one application in an act on many."""

    DONE = "done", "처리"
    SKIPPED = "skipped", "건너뜀"


class AgreementState(TextChoices):
    """State of an agreement; papers, signatures, payments and amendments have rows of their own."""

    PREPARING = "preparing", "협약 준비"
    ACTIVE = "active", "수행 중"
    SETTLING = "settling", "완료점검·정산"
    SETTLED = "settled", "정산 확정"
    CLOSED = "closed", "종료"
    ENDED = "ended", "중도 종료"


A = AgreementState
STAFF = (OFFICER, MANAGER)


class AgreementMoves(Moves):
    CONCLUDE = Move("conclude", "협약 체결", (A.PREPARING,), A.ACTIVE, (MANAGER,))
    FINISH = Move("finish", "최종보고서 제출", (A.ACTIVE,), A.SETTLING, (OWNER,))
    WIND_UP = Move("wind_up", "중단·정산 전환", (A.ACTIVE,), A.SETTLING, (MANAGER,), True)
    SETTLE = Move("settle", "정산 승인", (A.SETTLING,), A.SETTLED, (MANAGER,))
    VOID = Move("void", "전액 환수 확정", (A.ACTIVE, A.SETTLING), A.SETTLED, (MANAGER,), True)
    CLOSE = Move("close", "종료", (A.SETTLED,), A.CLOSED, (MANAGER,))
    CLOSE_ENDED = Move("close_ended", "중도 종료 확정", (A.SETTLED,), A.ENDED, (MANAGER,))
    DROP = Move("drop", "협약 전 종료", (A.PREPARING,), A.ENDED, (MANAGER, SYSTEM), True)
    BREAK_OFF = Move("break_off", "지급 전 해지", (A.ACTIVE,), A.ENDED, (MANAGER,), True)
    # Moves that keep the state: checked and logged like the others.
    HAND_IN = Move("hand_in", "협약 서류 제출", (A.PREPARING,), A.PREPARING, (OWNER,))
    CHECK_PAPER = Move("check_paper", "협약 서류 확인", (A.PREPARING,), A.PREPARING, STAFF)
    REISSUE = Move("reissue", "협약서 다시 작성", (A.PREPARING,), A.PREPARING, STAFF, True)
    EXTEND = Move("extend", "협약 기한 연장", (A.PREPARING,), A.PREPARING, (MANAGER,), True)
    SIGN = Move("sign", "기업 서명", (A.PREPARING,), A.PREPARING, (OWNER,))
    REQUEST_PAY = Move("request_pay", "지급 요청", (A.ACTIVE,), A.ACTIVE, (OFFICER,))
    RETURN_PAY = Move("return_pay", "지급 요청 반려", (A.ACTIVE,), A.ACTIVE, (MANAGER,), True)
    PAY = Move("pay", "지급", (A.ACTIVE,), A.ACTIVE, (MANAGER,))
    REPORT = Move("report", "중간보고서 제출", (A.ACTIVE,), A.ACTIVE, (OWNER,))
    MID_CHECK = Move("mid_check", "중간점검", (A.ACTIVE,), A.ACTIVE, STAFF, True)
    ASK_CHANGE = Move("ask_change", "협약변경 신청", (A.ACTIVE,), A.ACTIVE, (OWNER,), True)
    EXAMINE_CHANGE = Move(
        "examine_change", "협약변경 검토", (A.ACTIVE,), A.ACTIVE, (OFFICER,), True
    )
    APPROVE_CHANGE = Move(
        "approve_change", "협약변경 승인", (A.ACTIVE,), A.ACTIVE, (MANAGER,), True
    )
    REFUSE_CHANGE = Move("refuse_change", "협약변경 불승인", (A.ACTIVE,), A.ACTIVE, STAFF, True)
    SIGN_CHANGE = Move("sign_change", "변경협약 기업 서명", (A.ACTIVE,), A.ACTIVE, (OWNER,))
    AMEND = Move("amend", "변경협약 체결", (A.ACTIVE,), A.ACTIVE, (MANAGER,))
    REFILE = Move("refile", "최종보고서 보완 제출", (A.SETTLING,), A.SETTLING, (OWNER,))
    FINAL_CHECK = Move("final_check", "최종점검", (A.SETTLING,), A.SETTLING, STAFF, True)
    HAND_OVER = Move("hand_over", "사용내역 제출", (A.SETTLING,), A.SETTLING, (OWNER,))
    JUDGE_SPENDING = Move("judge_spending", "사용내역 확인", (A.SETTLING,), A.SETTLING, STAFF)
    REOPEN_SPENDING = Move(
        "reopen_spending", "사용내역 보완 요청", (A.SETTLING,), A.SETTLING, STAFF, True
    )
    PROPOSE_SETTLEMENT = Move(
        "propose_settlement", "정산안 작성", (A.SETTLING,), A.SETTLING, (OFFICER,)
    )
    RETURN_SETTLEMENT = Move(
        "return_settlement", "정산안 반려", (A.SETTLING,), A.SETTLING, (MANAGER,), True
    )
    REQUEST_BALANCE = Move("request_balance", "잔금 지급 요청", (A.SETTLED,), A.SETTLED, (OFFICER,))
    RETURN_BALANCE = Move(
        "return_balance", "잔금 지급 요청 반려", (A.SETTLED,), A.SETTLED, (MANAGER,), True
    )
    PAY_BALANCE = Move("pay_balance", "잔금 지급", (A.SETTLED,), A.SETTLED, (MANAGER,))
    RECOVER = Move("recover", "환수금 납부 확인", (A.SETTLED,), A.SETTLED, STAFF)


class Side(TextChoices):
    FIRM = "firm", "주관기업"
    MINISTRY = "ministry", "중소벤처기업부"


class PaperState(TextChoices):
    PENDING = "pending", "확인 전"
    ACCEPTED = "accepted", "확인"
    RETURNED = "returned", "보완 필요"


class InstalmentState(TextChoices):
    PLANNED = "planned", "예정"
    REQUESTED = "requested", "지급 요청"
    PAID = "paid", "지급"
    CANCELLED = "cancelled", "취소"


class PayWhen(TextChoices):
    """The condition under which an instalment may be requested."""

    CONCLUSION = "conclusion", "협약 체결 뒤"
    MID_CHECK = "mid_check", "중간점검 ‘계속’ 뒤"
    SETTLEMENT = "settlement", "정산 승인 뒤"


class AmendmentKind(TextChoices):
    LEAD = "lead", "주관기업"
    SUPPLIER = "supplier", "공급기업"
    SUMS = "sums", "사업비"
    PERIOD = "period", "수행기간"


class AmendmentState(TextChoices):
    ASKED = "asked", "신청"
    EXAMINED = "examined", "검토 완료(승인 전)"
    APPROVED = "approved", "승인"
    REFUSED = "refused", "불승인"


class EndingKind(TextChoices):
    """Why an agreement ends early; the rule for its money follows the kind."""

    DECLINE = "decline", "포기"
    LAPSE = "lapse", "협약 미체결"
    TERMINATE = "terminate", "협약해지"
    CANCEL = "cancel", "선정취소"


class EndingState(TextChoices):
    ASKED = "asked", "승인 전"
    APPROVED = "approved", "승인"
    REFUSED = "refused", "불승인"


class ReportKind(TextChoices):
    PROGRESS = "progress", "중간보고서"
    FINAL = "final", "최종보고서"


class ReportState(TextChoices):
    DRAFT = "draft", "작성 중"
    FILED = "filed", "제출"


class CheckKind(TextChoices):
    MID = "mid", "중간점검"
    FINAL = "final", "최종점검"


class MidOutcome(TextChoices):
    CONTINUE = "continue", "계속"
    STOP = "stop", "중단"
    FINISH = "finish_early", "조기완료"


class FinalOutcome(TextChoices):
    DONE = "done", "완료"
    DILIGENT = "diligent", "성실수행"
    FAILED = "failed", "미완료"
    HELD = "held", "보류"


class SpendingState(TextChoices):
    CLAIMED = "claimed", "확인 전"
    ALLOWED = "allowed", "인정"
    REFUSED = "refused", "불인정"


class SettlementState(TextChoices):
    PROPOSED = "proposed", "승인 전"
    RETURNED = "returned", "반려"
    APPROVED = "approved", "승인"


class RecoveryState(TextChoices):
    DUE = "due", "납부 전"
    RECEIVED = "received", "납부 확인"


class WaitsFor(TextChoices):
    """Who has to act next on an agreement."""

    FIRM = "firm", "기업"
    OFFICER = "officer", "사업 담당자"
    MANAGER = "manager", "결정권자"


class DeliverableState(TextChoices):
    PLANNED = "planned", "예정"
    UNDER_WAY = "under_way", "진행 중"
    HANDED_IN = "handed_in", "확인 대기"
    ACCEPTED = "accepted", "완료"
    STOPPED = "stopped", "조기 종료"


D = DeliverableState


class DeliverableMoves(Moves):
    BEGIN = Move("begin", "시작", (D.PLANNED,), D.UNDER_WAY, (OWNER, OFFICER, MANAGER))
    HAND_IN = Move("hand_in", "제출", (D.UNDER_WAY,), D.HANDED_IN, (OWNER, OFFICER))
    GIVE_BACK = Move(
        "give_back", "되돌려 보내기", (D.HANDED_IN,), D.UNDER_WAY, (OWNER, OFFICER, MANAGER), True
    )
    ACCEPT = Move("accept", "확인(완료)", (D.HANDED_IN,), D.ACCEPTED, (OWNER, OFFICER, MANAGER))
    STOP = Move(
        "stop",
        "조기 종료",
        (D.PLANNED, D.UNDER_WAY, D.HANDED_IN),
        D.STOPPED,
        (OFFICER, MANAGER),
        True,
    )
    # Moves that keep the state.
    ASSIGN = Move("assign", "전문가 배정", (D.PLANNED,), D.PLANNED, (OFFICER, MANAGER))
    REPLACE = Move("replace", "전문가 교체", (D.UNDER_WAY,), D.UNDER_WAY, (OFFICER, MANAGER), True)
    EXTEND = Move("extend", "기간 연장", (D.UNDER_WAY,), D.UNDER_WAY, (OFFICER, MANAGER), True)


class ExpertState(TextChoices):
    APPLIED = "applied", "확인 대기"
    VERIFIED = "verified", "등록"
    REFUSED = "refused", "등록 거절"
    LEFT = "left", "활동 종료"


class InquiryKind(TextChoices):
    """Who asks whom: the firm its officers, these the firm, an assessor the firm through them.

    A firm that was not selected asks its officers once about the result.
    """

    FIRM = "firm", "기업 질의"
    RESULT = "result", "결과 질의"
    OFFICER = "officer", "담당자 질의"
    ASSESSOR = "assessor", "평가위원 질의"


class InquiryState(TextChoices):
    ASKED = "asked", "답변 대기"
    PASSED = "passed", "기업에 전달"
    GIVEN = "given", "답변 확인 대기"
    ANSWERED = "answered", "답변 완료"
    DECLINED = "declined", "전달하지 않음"
    UNANSWERED = "unanswered", "답변 없음"
    CLOSED = "closed", "답변 없이 닫음"


I = InquiryState  # noqa: E741 - one letter as for the other tables


class InquiryMoves(Moves):
    REPLY = Move("reply", "담당자 답변", (I.ASKED,), I.ANSWERED, STAFF)
    ANSWER = Move("answer", "기업 답변", (I.ASKED,), I.ANSWERED, (OWNER,))
    # Questions of assessors: to the firm and back through an officer.
    PASS_ON = Move("pass_on", "기업에 전달", (I.ASKED,), I.PASSED, STAFF)
    DECLINE = Move("decline", "전달하지 않음", (I.ASKED,), I.DECLINED, STAFF, True)
    ANSWER_PANEL = Move("answer_panel", "기업 답변", (I.PASSED,), I.ANSWERED, (OWNER,))
    # In a blind stage an officer checks that the answer names nobody.
    ANSWER_BLIND = Move("answer_blind", "기업 답변", (I.PASSED,), I.GIVEN, (OWNER,))
    RELEASE = Move("release", "평가위원에게 전달", (I.GIVEN,), I.ANSWERED, STAFF)
    EXPIRE = Move("expire", "답변 기한 경과", (I.PASSED,), I.UNANSWERED, (SYSTEM,))
    CLOSE = Move("close", "답변 없이 닫음", (I.ASKED, I.PASSED, I.GIVEN), I.CLOSED, (SYSTEM,))


# Who has to act on an inquiry; nobody on the others.
INQUIRY_WAITS = {
    (InquiryKind.FIRM, I.ASKED): WaitsFor.OFFICER,
    (InquiryKind.RESULT, I.ASKED): WaitsFor.OFFICER,
    (InquiryKind.OFFICER, I.ASKED): WaitsFor.FIRM,
    (InquiryKind.ASSESSOR, I.ASKED): WaitsFor.OFFICER,
    (InquiryKind.ASSESSOR, I.PASSED): WaitsFor.FIRM,
    (InquiryKind.ASSESSOR, I.GIVEN): WaitsFor.OFFICER,
}
TO_OFFICERS = (InquiryKind.FIRM, InquiryKind.RESULT)
OPEN_INQUIRIES = [I.ASKED, I.PASSED, I.GIVEN]
