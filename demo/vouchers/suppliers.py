"""Synthetic suppliers and services, marked as such."""

from collections.abc import Iterator

from portal.core.particles import with_particle
from portal.core.validators import check_digit
from vouchers.states import Category

MARK = "(가상)"
STEMS = (
    "가온", "누리", "다솜", "라온", "마루", "미르", "바름", "보담", "새론", "세움", "슬기", "아라",
    "여울", "온새", "우리내", "이든", "지음", "참빛", "큰솔", "타래", "푸름", "하람", "한결", "해든",
)  # fmt: skip
KINDS = (
    "소프트", "네트웍스", "테크", "랩", "시스템즈", "클라우드", "솔루션", "데이터", "커넥트", "웍스",
)  # fmt: skip
CITIES = ("서울특별시 구로구 디지털로", "경기도 성남시 분당구 판교로", "대전광역시 유성구 대학로")
GOODS = {
    Category.MEETING: ("화상회의", "웨비나", "온라인 면접"),
    Category.REMOTE: ("협업 도구", "전자결재", "원격 근태 관리"),
    Category.SECURITY: ("원격접속 보안", "문서 보안", "악성코드 차단"),
    Category.EDUTECH: ("직무교육", "외국어 교육", "안전교육"),
    Category.CARE: ("심리 상담", "아이 돌봄", "건강 관리"),
    Category.CONSULTING: ("재택근무 도입 컨설팅", "비대면 전환 진단", "근무제도 설계"),
}
GRADES = ("기본형", "확장형", "맞춤형")
BASES = ("월, 10명", "연, 20명", "1회", "월, 무제한")
FIRST_NUMBER = 300_000


def business_number(place: int) -> str:
    """Return the n-th well-formed business number of the sample catalogue."""
    serial = FIRST_NUMBER + place
    first = f"{200 + serial // 9_999 % 700:03d}87{serial % 9_999 + 1:04d}"
    return f"{first}{check_digit(first)}"


def supplier_name(place: int) -> str:
    """Return the name of a supplier; after the first 240 a number is added."""
    name = f"{STEMS[place % len(STEMS)]}{KINDS[place // len(STEMS) % len(KINDS)]}"
    turn = place // (len(STEMS) * len(KINDS))
    return f"{name}{turn + 1 if turn else ''}{MARK}"


def suppliers(count: int) -> Iterator[list[object]]:
    """Yield lines of the table of suppliers; every tenth has a partner firm."""
    for place in range(count):
        host = f"shelf{place}.example"
        partner = (
            f"협력 {place}{MARK}/{business_number(1_000_000 + place)}" if place % 10 == 0 else ""
        )
        yield [
            business_number(place),
            supplier_name(place),
            f"대표 {place}",
            f"{CITIES[place % 3]} {place + 1}",
            f"02-{3_000 + place // 10_000 % 6_000}-{place % 10_000:04d}",
            f"info@{host}",
            f"https://{host}/",
            partner,
            f"담당 {place}/sales@{host}/070-{4_000 + place // 10_000}-{place % 10_000:04d}",
        ]


def services(count: int, *, suppliers: int) -> Iterator[list[object]]:
    """Yield lines of the table of services, spread over the categories and the suppliers."""
    fields = list(Category)
    for place in range(count):
        field = fields[place % 6]
        owner = place % suppliers
        good = GOODS[field][place // 6 % 3]
        grade = GRADES[place // 18 % 3]
        yield [
            f"KV-{place + 1:06d}",
            business_number(owner),
            field.label,
            f"{STEMS[owner % len(STEMS)]} {good} {grade}",
            30_000 + place * 7_919 % 1_200 * 1_000,
            BASES[place % len(BASES)],
            "중소기업" if place % 4 else "상시 근로자 50명 미만 중소기업",
            f"{with_particle(good, '을/를')} 처음 쓰는 회사도 바로 시작할 수 있습니다.",
            f"{good} {grade}의 기본 기능과 설치 안내, 평일 상담을 제공합니다. 시연을 위해 지어낸 내용입니다.",
            "판매 중",
        ]
