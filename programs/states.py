"""Closed lists of the programmes: what a catalogue file may contain."""

from django.db import models


class Ground(models.TextChoices):
    """Why the dates of an announced round may move."""

    OUTAGE = "outage", "포털 장애(기록된 시간)"
    LEGAL = "legal", "그 밖의 법적 사유"


class Intake(models.TextChoices):
    """How applications are taken."""

    WINDOW = "window", "기간 접수"
    ROLLING = "rolling", "상시 접수(예산 소진 시까지)"


class QuotaKind(models.TextChoices):
    """The notice's wording of how many are selected."""

    ABOUT = "about", "내외"
    AT_LEAST = "at_least", "이상"
    EXACT = "exact", "정확히"
    NONE = "none", "정함 없음"


class GrantKind(models.TextChoices):
    """How a track pays."""

    SHARE = "share", "비율 지원"
    FLAT = "flat", "정액 지원"
    IN_KIND = "in_kind", "현물(서비스) 지원"
    REQUESTED = "requested", "신청금액 심사"


class EntryKind(models.TextChoices):
    """What an entry does to its pot; the arithmetic is in `rules.ledger.DELTAS`."""

    APPROPRIATE = "appropriate", "예산 배정"
    REDUCE = "reduce", "예산 감액"
    RESERVE = "reserve", "선정 예약"
    RELEASE = "release", "예약 해제"
    COMMIT = "commit", "협약 확정"
    DECOMMIT = "decommit", "협약 해제"
    PAY = "pay", "지급"
    RECOVER = "recover", "환수"


class CompanyKind(models.TextChoices):
    """What an applicant is."""

    COMPANY = "company", "기업"
    ASSOCIATION = "association", "협회·단체"


class CompanySize(models.TextChoices):
    """Size classes of Korean law; associations have none."""

    SMALL = "small", "소기업"
    MEDIUM = "medium", "중기업"
    MID = "mid", "중견기업"
    NONE = "none", "해당 없음(협·단체)"


class Region(models.TextChoices):
    """The seventeen provinces and cities."""

    SEOUL = "seoul", "서울"
    BUSAN = "busan", "부산"
    DAEGU = "daegu", "대구"
    INCHEON = "incheon", "인천"
    GWANGJU = "gwangju", "광주"
    DAEJEON = "daejeon", "대전"
    ULSAN = "ulsan", "울산"
    SEJONG = "sejong", "세종"
    GYEONGGI = "gyeonggi", "경기"
    GANGWON = "gangwon", "강원"
    CHUNGBUK = "chungbuk", "충북"
    CHUNGNAM = "chungnam", "충남"
    JEONBUK = "jeonbuk", "전북"
    JEONNAM = "jeonnam", "전남"
    GYEONGBUK = "gyeongbuk", "경북"
    GYEONGNAM = "gyeongnam", "경남"
    JEJU = "jeju", "제주"


class QuestionKind(models.TextChoices):
    """Kinds of questions a form can ask; `yes_no`, `integer`… are also the kinds of facts."""

    TEXT = "text", "짧은 글"
    LONG_TEXT = "long_text", "긴 글"
    INTEGER = "integer", "정수"
    WON = "won", "금액(원)"
    DATE = "date", "날짜"
    CHOICE = "choice", "하나 고르기"
    MULTI = "multi", "여럿 고르기"
    YES_NO = "yes_no", "예/아니요"
    ROWS = "rows", "표"


# What the portal knows of every company and site: fact -> (kind, allowed values or None).
# A catalogue may word these questions, and may not add to them without a model field.
PROFILE_FACTS: dict[str, tuple[str, frozenset[str] | None]] = {
    "company_kind": (QuestionKind.CHOICE, frozenset(CompanyKind.values)),
    "company_size": (QuestionKind.CHOICE, frozenset(CompanySize.values)),
    "industry_code": (QuestionKind.TEXT, None),
    "founded_on": (QuestionKind.DATE, None),
    "region": (QuestionKind.CHOICE, frozenset(Region.values)),
    "employees": (QuestionKind.INTEGER, None),
}

ROUND_ACTS = {"announce": "공고", "reschedule": "접수 기간 변경", "total": "총예산 변경"}
"""What is done to a round, as its history names it."""
