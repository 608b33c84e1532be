"""What changed between two contents of an application, in words and by section."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from applications.forms.intake.questions import answer_text
from applications.models import PreparedFiling
from applications.queries.intake import questions
from applications.rules.registries import papers_told
from applications.rules.screening import document_labels
from applications.states import PartnerState
from portal.core.money import won
from portal.core.validators import format_business_number
from portal.templatetags.values import file_size
from programs.rules.calendar import stamp

NOTHING = "없음"
TOLD = "기관 조회로 갈음"
OLD_RULE, NEW_RULE = "이전 기준", "바뀐 기준"
PROGRAM, FORM = "내역사업", "공고 내용"
COMPANY, PLAN, COST = "기업 정보", "사업 계획", "사업비"
PARTNERS, DOCUMENTS, DECLARATIONS = "참여기관", "첨부 서류", "확인과 동의"
GRANT, ELIGIBILITY = "지원금 미리보기", "신청 자격"
SECTIONS = (
    PROGRAM, COMPANY, PLAN, COST, PARTNERS, DOCUMENTS, DECLARATIONS, ELIGIBILITY, GRANT, FORM,
)  # fmt: skip

Line = tuple[str, str, str, str]  # section, key, label, text


@dataclass(frozen=True)
class Difference:
    """One line that changed; a line that is new, or is gone, has `NOTHING` on one side."""

    section: str
    label: str
    before: str
    after: str


def differences(before: PreparedFiling, after: PreparedFiling) -> list[Difference]:
    """Return what differs between what somebody was shown and what is prepared now."""
    old, new = _words(before), _words(after)
    found = []
    for key in [*new, *(key for key in old if key not in new)]:
        was, now = (words.get(key, ("", ""))[1] or NOTHING for words in (old, new))
        if was != now:
            label = (new.get(key) or old[key])[0]
            found.append(Difference(key[0], label, was, now))
    found += _rules(before.form.content, after.form.content, {row.label for row in found})
    found = found or [Difference(FORM, "그 밖의 내용", OLD_RULE, NEW_RULE)]
    return sorted(found, key=lambda row: SECTIONS.index(row.section))


def lines(prepared: PreparedFiling) -> list[Line]:
    """Return what would be filed, in words."""
    content, form = prepared.content, prepared.form.content
    return [
        *_about(content, form),
        *_answered(content, form),
        *_cost(content, form),
        *_partners(content, form),
        *_files(content, form),
        *_judged(content),
    ]


def _words(prepared: PreparedFiling) -> dict[tuple[str, str], tuple[str, str]]:
    """Return label and text by section and key."""
    rules = [
        (FORM, f"{kind}:{code}", label, text)
        for kind, code, label, text in _form(prepared.form.content)
    ]
    return {(section, key): (label, text) for section, key, label, text in lines(prepared) + rules}


def _about(content: Mapping[str, Any], form: Mapping[str, Any]) -> Iterator[Line]:
    company, site, track = content["company"], content["site"], content["track"]
    yield PROGRAM, "program", "내역사업", content["program"]["name"]
    yield COMPANY, "name", "기업명", company["name"]
    number = format_business_number(company["business_number"])
    yield COMPANY, "number", "사업자등록번호", number
    yield COMPANY, "representative", "대표자", company["representative"]
    yield COMPANY, "address", "주소", company["address"]
    yield COMPANY, "phone", "전화번호", company["phone"]
    yield COMPANY, "site", "사업장", site["name"]
    yield COMPANY, "site_region", "사업장 지역", _region(site["region"], form)
    yield COMPANY, "site_address", "사업장 주소", site["address"]
    for row in form["profile"]:
        yield (
            COMPANY,
            f"q:{row['code']}",
            row["label"],
            answer_text(row, content["profile"].get(row["code"])),
        )
    yield PLAN, "track", "지원유형", track["name"] if track else ""


def _instant(text: str | None) -> str:
    return stamp(datetime.fromisoformat(text)) if text else ""


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _region(code: str, form: Mapping[str, Any]) -> str:
    row = next((row for row in form["profile"] if row["code"] == "region"), None)
    return answer_text(row, code) if row else code


def _answered(content: Mapping[str, Any], form: Mapping[str, Any]) -> Iterator[Line]:
    for row in form["questions"]:
        declared = row.get("section") == questions.DECLARATIONS
        text = answer_text(row, content["answers"].get(row["code"]))
        yield DECLARATIONS if declared else PLAN, f"q:{row['code']}", row["label"], text
    labels = {row["code"]: row["label"] for row in form["consents"]}
    for row in content["consents"]:
        given = "동의함" if row["given"] else "동의하지 않음"
        label = f"동의: {labels.get(row['code'], row['code'])}"
        text = f"{given} · {_instant(row['at'])} · 문구 {row['version']}"
        yield DECLARATIONS, f"c:{row['code']}", label, text


def _cost(content: Mapping[str, Any], form: Mapping[str, Any]) -> Iterator[Line]:
    cost = content["cost"]
    for row in (*form["cost_items"], questions.REQUESTED_QUESTION):
        amount = cost.get(row["code"])
        yield COST, row["code"], row["label"], won(amount) if amount else ""
    total = content["preview"]["total_cost_won"]
    yield COST, "total", "총사업비", won(total) if total else ""
    shares = content["shares"] or {}
    for key, label in (("applicant_won", "신청기업 부담금"), ("partners_won", "참여기관 부담금")):
        yield COST, key, label, won(shares[key]) if shares.get(key) is not None else ""


def _partners(content: Mapping[str, Any], form: Mapping[str, Any]) -> Iterator[Line]:
    labels = {row["role"]: row["label"] for row in form["partner_roles"]}
    for row in content["partners"]:
        words = [
            row["company_name"],
            PartnerState(row["state"]).label,
            _instant(row["answered_at"]),
        ]
        terms = row["terms"]
        if terms:
            words.append(f"맡은 일: {terms['part']}")
            for key, label in (("share_won", "부담금"), ("quote_won", "견적금액")):
                if terms[key] is not None:
                    words.append(f"{label} {won(terms[key])}")
            answered = _instant(terms["confirmed_at"])
            words.append(f"조건에 답함 {answered}" if answered else "조건에 답하기 전")
        number = format_business_number(row["business_number"])
        label = f"{labels.get(row['role'], row['role'])} ({number})"
        yield PARTNERS, f"{row['role']}:{row['business_number']}", label, _joined(*words)


def _files(content: Mapping[str, Any], form: Mapping[str, Any]) -> Iterator[Line]:
    labels = document_labels(form)
    for row in content["attachments"]:
        key = f"{row['requirement']}:{row['sha256']}"
        label = labels.get(row["requirement"], row["requirement"])
        yield DOCUMENTS, key, label, f"{row['name']} ({file_size(row['size'])})"
    for row in papers_told(content, form):
        key = f"{row['requirement']}:{row['registry']}"
        yield DOCUMENTS, key, row["label"], f"{TOLD} · {row['says']}"


def _judged(content: Mapping[str, Any]) -> Iterator[Line]:
    for code, message, blocking in content["eligibility"]["findings"]:
        yield ELIGIBILITY, code, "제출을 막는 사유" if blocking else "알려 드릴 사항", message
    preview = content["preview"]
    for label, amount, reason in preview["rows"]:
        yield GRANT, label, label, f"{won(amount)} · {reason}"
    own = preview["own_won"]
    yield GRANT, "own", "기업부담금", won(own) if own is not None else ""


def _form(form: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield kind, code, label and words of each row of the form; the words tell a changed label too."""
    for row in form["conditions"]:
        text = _joined(row.get("label", ""), row["message"])
        yield "conditions", row["code"], f"신청 요건: {row.get('label', '')}", text
    for row in form["documents"]:
        need = "필수" if row["required"] else "선택"
        formats = f"{', '.join(row['formats'])} 파일 {row['max_files']}개까지"
        text = _joined(row["label"], need, row["guide"], formats)
        yield "documents", row["code"], f"제출서류: {row['label']}", text
    for row in form["consents"]:
        parts = (row.get(key, "") for key in ("purpose", "items", "period", "refusal"))
        text = _joined(row["label"], *parts, f"문구 {row['version']}")
        yield "consents", row["code"], f"동의 문구: {row['label']}", text
    for kind in ("profile", "questions"):
        for row in form[kind]:
            choices = ", ".join(choice["label"] for choice in row.get("choices", ()))
            need = "필수" if row.get("required") else "선택"
            text = _joined(row["label"], need, row.get("help", ""), choices)
            yield kind, row["code"], f"질문: {row['label']}", text
    for row in form["cost_items"]:
        text = _joined(row["label"], row.get("help", ""))
        yield "cost_items", row["code"], f"비목: {row['label']}", text
    for row in form["partner_roles"]:
        text = _joined(row["label"], f"{row['minimum']}곳 이상", row.get("guide", ""))
        yield "partner_roles", row["role"], f"참여 역할: {row['label']}", text
    for row in form["bonus_items"]:
        text = _joined(row["label"], f"{row['points']}점", row["guide"])
        yield "bonus_items", row["code"], f"가점: {row['label']}", text


def _rules(
    before: Mapping[str, Any], after: Mapping[str, Any], told: set[str]
) -> Iterator[Difference]:
    """Yield the rows of the form that changed in a part that no words of theirs show."""
    if before == after:
        return
    old, new = _rows(before), _rows(after)
    for kind, code, label, _ in _form(after):
        changed = old.get((kind, code)) != new[kind, code]
        if changed and (kind, code) in old and label not in told:
            yield Difference(FORM, label, OLD_RULE, NEW_RULE)


def _rows(form: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    return {(kind, row.get("code") or row.get("role")): row for kind in form for row in form[kind]}
