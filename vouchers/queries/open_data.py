"""Open data sets at stable addresses, with the meaning of every field.

Each set is read through `visibility`, like the pages. Averages of few reports are published: every
report is public with its ratings and its author's kind, so hiding averages would protect nobody;
the count is given beside every average.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core.clock import KST
from vouchers.models import ConsumerReport, ReportPlan
from vouchers.queries.reports import publication, ratings
from vouchers.states import MemberKind
from vouchers.visibility import public_corrections, public_reports, public_services

LICENCE = "공공누리 제1유형(출처 표시)"
CHUNK = 500


@dataclass(frozen=True)
class Field:
    name: str
    meaning: str


@dataclass(frozen=True)
class DataSet:
    """A data set; `name` is part of its address."""

    name: str
    label: str
    about: str
    described: Callable[[], tuple[Field, ...]]
    rows: Callable[[], Iterator[Sequence[object]]]

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.described()


def services() -> Iterator[Sequence[object]]:
    rows = public_services().select_related("supplier").order_by("pk")
    for row in rows.iterator(CHUNK):
        yield (
            row.code,
            row.name,
            row.get_category_display(),
            row.supplier.name,
            row.price_won,
            row.price_basis,
            row.get_state_display(),
            row.promoted_at is not None and row.state == "on_sale",
        )


def rating_rows() -> Iterator[Sequence[object]]:
    """Yield the averages by service, scale and kind of member, without those of no rating."""
    for group in _by_service():
        code = group[0].assignment.service.code
        for scale in ratings.summary_of(group).scales:
            for label, summary in (("전체", scale.whole), *scale.kinds):
                if summary.count:
                    yield (
                        code,
                        scale.label,
                        label,
                        summary.count,
                        ratings.as_number(summary.mean),
                        summary.lowest,
                        summary.highest,
                        ratings.as_number(summary.deviation),
                    )


@dataclass(frozen=True)
class Asked:
    """A scale or a section that the forms of the rounds ask for."""

    code: str
    label: str


def asked(part: str) -> list[Asked]:
    """Return the `scales` or `sections` of all forms, each once, those of the first form first."""
    found: dict[str, Asked] = {}
    for form in ReportPlan.objects.order_by("round__opens_at", "pk").values_list("form", flat=True):
        for row in form[part]:
            found.setdefault(row["code"], Asked(row["code"], row["label"]))
    return list(found.values())


def report_fields() -> tuple[Field, ...]:
    """Return the columns of the reports: one for each scale and each section."""
    scales = (
        Field(f"rating_{row.code}", f"‘{row.label}’ 점수. 판단하지 않았으면 빈칸")
        for row in asked("scales")
    )
    sections = (Field(f"text_{row.code}", f"‘{row.label}’에 쓴 글") for row in asked("sections"))
    return (*REPORT, *scales, *sections, *REPORT_END)


def report_rows() -> Iterator[Sequence[object]]:
    rows = (
        public_reports()
        .select_related("filed", "comment", "fee", "assignment__monitor", "assignment__service")
        .order_by("pk")
    )
    scales, sections = asked("scales"), asked("sections")
    for row in rows.iterator(CHUNK):
        version = row.submitted_version()
        content = version.content
        given = {part["code"]: part["value"] for part in content["ratings"]}
        texts = {part["code"]: part["text"] for part in content["sections"]}
        comment = getattr(row, "comment", None)
        yield (
            row.pk,
            row.assignment.service.code,
            MemberKind(content["kind"]).label,
            _day(row.published_at),
            *(given.get(scale.code) for scale in scales),
            *(texts.get(section.code, "") for section in sections),
            ratings.counted(row),
            row.fee.amount_won,
            publication.disclosure(row),
            comment.text if comment else "",
            version.sha256,
        )


def correction_rows() -> Iterator[Sequence[object]]:
    rows = public_corrections().select_related("service").order_by("pk")
    for row in rows.iterator(CHUNK):
        yield (
            row.pk,
            row.service.code,
            row.get_kind_display(),
            row.get_state_display(),
            row.finding,
            row.request,
            _day(row.asked_at),
            _day(row.due_at),
            _day(row.answered_at),
            _day(row.closed_at),
            row.suspended_service,
        )


def _by_service() -> Iterator[list[ConsumerReport]]:
    rows = (
        public_reports()
        .select_related("filed", "assignment__monitor", "assignment__service")
        .order_by("assignment__service", "pk")
    )
    group: list[ConsumerReport] = []
    for row in rows.iterator(CHUNK):
        if group and group[0].assignment.service_id != row.assignment.service_id:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _day(instant: Any) -> str | None:
    return instant.astimezone(KST).date().isoformat() if instant else None


def _named(*rows: tuple[str, str]) -> tuple[Field, ...]:
    return tuple(Field(name, meaning) for name, meaning in rows)


def _fields(*rows: tuple[str, str]) -> Callable[[], tuple[Field, ...]]:
    fields = _named(*rows)
    return lambda: fields


SERVICE_CODE = ("service_code", "서비스 번호")
REPORT = _named(
    ("report_id", "보고서 번호"),
    SERVICE_CODE,
    ("kind", "쓴 사람의 구분"),
    ("published_on", "공개한 날"),
)
REPORT_END = _named(
    ("counted", "평균에 넣었는지"),
    ("fee_won", "채택된 보고서에 쓴 사람이 받는 원고료(원)"),
    ("disclosure", "쓴 사람이 무료로 써 보았고 원고료를 받는다는 안내"),
    ("supplier_comment", "공급기업 의견"),
    ("sha256", "제출본의 SHA-256"),
)
SETS = {
    row.name: row
    for row in (
        DataSet(
            "services",
            "서비스",
            "판매 중이거나 판매가 중지된 서비스 전부입니다.",
            _fields(
                SERVICE_CODE,
                ("name", "서비스명"),
                ("category", "분야(여섯 가지)"),
                ("supplier", "공급기업"),
                ("price_won", "가격(원)"),
                ("price_basis", "가격의 기준"),
                ("state", "상태"),
                ("good_case", "우수 사례인지"),
            ),
            services,
        ),
        DataSet(
            "ratings",
            "평점",
            "서비스와 평가 척도마다 전체와 구분별 평균. 판단한 사람이 없으면 줄이 없습니다.",
            _fields(
                SERVICE_CODE,
                ("scale", "평가 척도"),
                ("kind", "단원 구분. 전체는 모든 구분"),
                ("count", "평균에 넣은 보고서 수"),
                ("mean", "평균(소수 첫째 자리)"),
                ("lowest", "가장 낮은 점수"),
                ("highest", "가장 높은 점수"),
                ("deviation", "표준편차(소수 둘째 자리)"),
            ),
            rating_rows,
        ),
        DataSet(
            "reports",
            "보고서",
            "공개된 소비자 보고서를 하나씩 전문으로 싣습니다. 척도와 항목마다 열이 하나입니다. 쓴 사람은 구분만 밝힙니다.",
            report_fields,
            report_rows,
        ),
        DataSet(
            "corrections",
            "시정",
            "전담기관이 확인한 문제와 시정 결과입니다.",
            _fields(
                ("correction_id", "시정 번호"),
                SERVICE_CODE,
                ("kind", "구분"),
                ("state", "상태"),
                ("finding", "전담기관이 확인한 내용"),
                ("request", "시정 요청"),
                ("asked_on", "요청한 날"),
                ("due_on", "시정 기한"),
                ("answered_on", "공급기업이 답한 날"),
                ("closed_on", "마친 날"),
                ("suspended", "이 일로 판매가 중지되어 있는지"),
            ),
            correction_rows,
        ),
    )
}
