"""Contexts of every printed document, filled with texts as long as they may be."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace as Row
from typing import Any

from applications.queries.statistics import charts as statistics_charts
from applications.queries.statistics.figures import Table
from applications.queries.statistics.round_report import LINES, LIST
from portal.paper import charts, pdf

AT = datetime(2021, 3, 4, 5, 6, tzinfo=UTC)
DAY = date(2021, 3, 4)
SHA = "0123456789abcdef" * 4
WON = 9_999_999_999_999
QR = pdf.qr_svg("https://portal.example/" + SHA)


class Words:
    """Texts of a length, without a single place to break, or as people write them."""

    def __init__(self, letter: str = "") -> None:
        self.letter = letter

    def __call__(self, length: int) -> str:
        if self.letter:
            return (self.letter * length)[:length]
        return ("설비를 다시 살펴 점검한 내용입니다. " * length)[: min(length, 60)].strip()

    def name(self, length: int = 100) -> str:
        return self(length) if self.letter else "주식회사 한빛정밀공업"


def _filed(w: Words) -> Row:
    return Row(number="2021-ROBOT-000123-7", submitted_at=AT, sha256=SHA)


def _content(w: Words) -> dict[str, Any]:
    return {
        "program": {"name": w.name()},
        "track": {"name": w.name()},
        "company": {"name": w.name(), "business_number": "1248100998"},
        "site": {"name": w.name(), "address": w(200)},
        "preview": {"total_cost_won": WON, "support_won": WON},
    }


def receipt(w: Words, many: int) -> dict[str, Any]:
    terms = {"part": w(300), "share_won": WON, "quote_won": WON}
    partner = {
        "label": w.name(40),
        "company_name": w.name(),
        "business_number": "1248100998",
        "terms": terms,
    }
    paper = {"label": w.name(60), "name": w(160), "sha256": SHA}
    return {
        "filed": _filed(w),
        "content": _content(w),
        "program": Row(round=Row(name=w.name())),
        "attachments": [paper] * many,
        "partners": [partner] * min(many, 3),
        "qr": QR,
    }


def notice(w: Words, many: int) -> dict[str, Any]:
    decision = Row(
        outcome="selected", get_outcome_display="선정", grant_won=WON, reason=w(40 * many)
    )
    return {
        "filed": _filed(w),
        "content": _content(w),
        "decision": decision,
        "changed": True,
        "before": w(40 * many),
        "decided_at": AT,
        "statement": "귀 기업의 과제를 지원 대상으로 선정하였음을 알려 드립니다.",
        "lines": [w(200)] * 3,
    }


def result(w: Words, many: int) -> dict[str, Any]:
    criterion = {"label": w.name(), "core": True, "max_points": 100, "mean": "99.99"}
    released = Row(
        outcome="selected", label="선정", reason=w(300), grant_won=WON, rank=1234, counted=5678,
        released_at=AT, raw="99.99", bonus=10, total="109.99", rubric_sha256=SHA,
        inputs_sha256=SHA, tie_rule=w(300),
        breakdown={
            "rule": w(200), "criteria": [criterion] * min(many, 8), "max_points": 100,
            "bonus": {"cap": 10},
            "sheets": [{"label": f"평가위원 {n}", "total": 99, "dropped": n == 1} for n in range(7)],
        },
        bonuses=[Row(label=w.name(), points=5, get_state_display="인정", reason=w(300))] * many,
        cut={"selected_count": 1234, "cut_total": "99.99", "stopped_by": "budget"},
    )  # fmt: skip
    return {
        "filed": _filed(w),
        "content": _content(w),
        "result": released,
        "distance": "이 신청은 10.11점 높음",
        "opinion": Row(
            withheld="", released_at=AT, corrects_id=1, reason=w(300),
            parts=[{"label": w.name(), "text": w(100 * many)}] * min(many, 8),
        ),
    }  # fmt: skip


def sheets(w: Words, many: int) -> dict[str, Any]:
    mark = {"label": w.name(), "max_points": 100, "points": "해당 없음", "reason": w(25 * many)}
    sheet = {
        "label": "평가위원 1", "rows": [mark] * 4, "total": 400, "comment": w(25 * many),
        "locked_at": AT, "sha256": SHA, "withdrawn": True,
    }  # fmt: skip
    return {"filed": _filed(w), "content": _content(w), "sheets": [sheet] * 3}


def agreement(w: Words, many: int) -> dict[str, Any]:
    firm = {"name": w.name(), "business_number": "1248100998", "representative": w.name(50)}
    number = "2021-ROBOT-000123-7-A"
    content = {
        "number": number, "version": 12, "application": {"number": "2021-ROBOT-000123-7"},
        "program": {"round": w.name(), "name": w.name()}, "track": w.name(), "ministry": w.name(),
        "lead": firm, "partners": [{**firm, "label": w.name(40)}] * 2,
        "money": {
            "grant_won": WON, "total_won": WON, "own_won": WON,
            "items": [{"label": w.name(), "won": WON}] * min(many, 6),
        },
        "instalments": [{"label": w.name(40), "percent": 100, "won": WON}] * 3,
        "clauses": [w(400)] * many,
    }  # fmt: skip
    signed = Row(get_side_display="중소벤처기업부", name=w.name(50), at=AT, wording=3)
    return {
        "agreement": Row(starts_on=DAY, ends_on=DAY),
        "text": Row(sha256=SHA),
        "c": content,
        "signatures": [signed] * 2,
        "wording": w(400),
        "qr": QR,
    }


def level_certificate(w: Words, many: int) -> dict[str, Any]:
    step = Row(label=w.name(), result=Row(label=w.name()), finished_at=AT)
    issued = Row(number="L-2021-000123", level_label=w.name(), issued_on=DAY, valid_until=DAY)
    return {
        "certificate": issued,
        "content": _content(w),
        "filed": _filed(w),
        "steps": [step] * many,
        "qr": QR,
    }


def pledge(w: Words, many: int) -> dict[str, Any]:
    firm = {"name": w.name(), "business_number": "1248100998"}
    content = {
        "program": w.name(),
        "applicant": firm,
        "partner": firm,
        "role": w.name(40),
        "paragraphs": [w(400)] * (3 + many),
    }
    row = Row(content=content, name=w(50), signed_at=AT, sha256=SHA)
    return {"filed": _filed(w), "pledges": [row] * (1 + many // 4)}


def settlement(w: Words, many: int) -> dict[str, Any]:
    line = {
        "label": w.name(), "planned_won": WON, "claimed_won": WON, "eligible_won": WON,
        "reason": w(300),
    }  # fmt: skip
    settled = Row(
        settled_won=WON, decided_at=AT, paid_won=WON, balance_won=WON, recover_won=WON,
        release_won=WON, sha256=SHA,
    )  # fmt: skip
    lead = Row(name=w.name(), business_number="1248100998")
    return {
        "number": "2021-ROBOT-000123-7-S",
        "agreement": Row(number="2021-ROBOT-000123-7-A", company=lead, starts_on=DAY, ends_on=DAY),
        "settlement": settled,
        "recovery": Row(due_at=AT),
        "c": {"grant_won": WON, "lines": [line] * many, "reasons": [(w.name(), WON, w(300))] * 3},
        "qr": QR,
    }


def round_report(w: Words, many: int) -> dict[str, Any]:
    money = tuple((f"{w.name()}{n}", (400_200_000_000,) * 5) for n in range(4))
    levels = tuple((f"{w.name(30)}{n}", (None, 5, None, 123_456)) for n in range(6))
    columns = ("신청: 지금 수준", "신청: 목표 수준", "선정: 지금 수준", "선정: 목표 수준")
    tables = [
        Table("money", "사업별 예산", ("배정", "선정", "협약", "지급", "남음"), money, "원", False),
        Table("levels", "스마트화 수준: 지원 전과 목표", columns, levels, note=w(200)),
        Table("size", "기업 규모별 신청과 선정", ("신청", "선정"), (("중기업", (None, None)),)),
    ]
    goals = [Row(label=w.name(), value=30_000, unit="개", as_of=DAY)] * 2
    line = (
        w.name(), "1,234건", "1,234건", "1,234건", "109.99점", "기준점수 이상 모두", "2021. 12. 31.",
        "1,234건", "400,200,000,000원",
    )  # fmt: skip
    row = (
        w.name(), "1234", "2021-ROBOT-000123-7", w.name(), "세종", w.name(), "9,999,999,999,999원",
    )  # fmt: skip
    figures = Row(
        drawn=statistics_charts.drawn(tables), goals=goals, lines=[line] * 3, total_won=WON
    )
    return {
        "round": Row(name=w.name(), total_won=WON),
        "now": AT,
        "figures": figures,
        "goals_chart": statistics_charts.goals(goals),  # type: ignore[arg-type]
        "rows": [row] * many,
        "more": True,
        "most": 1_000,
        "list_header": LIST,
        "lines_header": LINES,
        "rule": w(400),
    }


def commendation(w: Words, many: int) -> dict[str, Any]:
    monitor = Row(get_kind_display="전문가")
    return {
        "document_number": "2021-표창-0001",
        "organisation": "창업진흥원",
        "award": Row(label="최우수", monitor=monitor, score="100.00", rank=1),
        "name": w.name(50),
        "round": Row(name=w.name()),
        "breakdown": {"accepted": 12},
        "results_sha256": SHA,
        "on": DAY,
    }


def book(w: Words, many: int) -> dict[str, Any]:
    labels = ("기능", "전반적 만족도", "가격 적정성", "편리함", "사업 목적 적합성")
    cell = Row(count=12, mean="4.5", spread="1–5")
    kinds = ("전문가", "중소기업", "소상공인", "일반 국민")
    scales = [
        Row(code=str(n), label=label, whole=cell, kinds=[(kind, cell) for kind in kinds])
        for n, label in enumerate(labels)
    ]
    summary = Row(
        scales=scales, reports=1234, excluded=1, counted=3, by_kind=[(kind, 3) for kind in kinds]
    )
    service = Row(
        name=w.name(), supplier=Row(name=w.name()), price_won=WON, price_basis=w.name(60),
        get_state_display="판매 중",
    )  # fmt: skip
    content = {
        "kind": "sme", "used_from": "2021-03-01", "used_to": "2021-03-08",
        "ratings": [{"label": label, "value": 5} for label in labels],
        "sections": [{"label": label, "text": w(25 * many)} for label in labels],
    }  # fmt: skip
    filed = Row(content=content, sha256=SHA)
    report = Row(
        filed=filed, published_at=AT, fee=Row(amount_won=50_000), comment=Row(text=w(25 * many))
    )
    case = Row(get_kind_display="개선", get_state_display="시정함", finding=w(300))
    chapter = {
        "service": service, "summary": summary, "overall": 4.5,
        "reports": [{"report": report, "counted": False}] * 2, "corrections": [case],
    }  # fmt: skip
    chart = charts.bars("서비스별 전반적 만족도 평균", [w.name()] * 3, {"만족도": [4.5, None, 1]})
    return {
        "document_number": "panel-2021-meeting-1",
        "organisation": "K-비대면 서비스 바우처 국민 모니터링단",
        "book": Row(get_category_display="온라인 회의", number=1, reports=1234),
        "round": Row(name=w.name()),
        "whole": summary,
        "chapters": [chapter] * 2,
        "chart": chart,
        "kinds_chart": charts.bars("없음", ["가"], {"전문가": [0]}),
        "on": AT,
    }


def inspection_report(w: Words, many: int) -> dict[str, Any]:
    dataset = Row(name=w.name(), workspace=Row(name=w.name()))
    model = Row(
        is_synthetic=True, dataset=dataset, version=12, get_state_display="승인함",
        artefact_sha256=SHA, manifest_sha256=SHA,
    )  # fmt: skip
    row = {
        "serial": w(60), "verdict": "미지 의심", "score": "123.45", "decision": "불량", "note": w(300),
    }  # fmt: skip
    return {
        "report": Row(requested_at=AT),
        "model": model,
        "workspace": dataset.workspace,
        "total": 1234,
        "left_out": True,
        "tally": [("정상", 1234), ("불량", 12), ("미지 의심", 3), ("판정 보류", 4)],
        "miss": "1.2% (12/1000)",
        "false_reject": "1.2% (12/1000)",
        "accuracy": "98.8%",
        "charts": [charts.bars("혼동", [w.name()], {"정상": [5], "불량": [3]})],
        "rows": [row] * many,
    }


def showcase(w: Words, many: int) -> dict[str, Any]:
    metric = Row(name=w.name(), definition=w(200), get_origin_display="포털에서 측정")
    case = Row(
        title=w.name(), summary=w(400), company=w.name(), industry=w.name(), edition=1,
        get_process_display="용접", get_purpose_display="품질 검사", get_data_kind_display="영상",
        data_note=w(200), label_note=w(200), method_before=w(200), method_after=w(200),
        caveat=w(200), source_name=w.name(),
    )  # fmt: skip
    figure = Row(metric=metric, before=w(20), after=w(20), change=w(40), sample=w(20))
    return {
        "case": case,
        "figures": [figure] * 3,
        "steps": [Row(title=w.name(), text=w(300))] * many,
        "url": f"https://portal.example/kamp/{w(60)}/",
        "qr": QR,
    }


Maker = Callable[[Words, int], dict[str, Any]]
DOCUMENTS: dict[str, Maker] = {
    "applications/receipt.html": receipt,
    "applications/notice.html": notice,
    "applications/result.html": result,
    "applications/sheets.html": sheets,
    "applications/agreement.html": agreement,
    "applications/certificate.html": level_certificate,
    "applications/pledge.html": pledge,
    "applications/settlement.html": settlement,
    "applications/round_report.html": round_report,
    "vouchers/certificate.html": commendation,
    "vouchers/book.html": book,
    "kamp/report.html": inspection_report,
    "kamp/showcase.html": showcase,
}


def title(w: Words) -> str:
    return f"문서 {w.name()}"
