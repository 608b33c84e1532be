"""Read a catalogue file strictly and report everything that is wrong with it at once."""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from portal.core.errors import BadInput, Finding, RuleBroken
from portal.core.particles import particle, with_particle
from programs.rules import eligibility
from programs.rules.calendar import Window
from programs.rules.grants import ceilings
from programs.states import PROFILE_FACTS

FOLDER = Path(__file__).resolve().parents[2] / "catalogue"
ASSESSMENT = (
    "rounding_won",
    "assessors",
    "minimum_sheets",
    "trim_from",
    "decimals",
    "floor",
    "bonus_cap",
    "blind",
    "fit_program",
    "fit_industry",
    "fit_region",
    "fit_load",
    "supplement_days",
    "objection_days",
    "objection_answer_days",
)
TRACK_FIGURES = (
    "cap_won",
    "share_percent",
    "flat_won",
    "planning_won",
    "days",
    "months",
    "previous_cap_won",
)
AGREEMENT_FIGURES = (
    "papers_days",
    "sign_months",
    "period_months",
    "progress_percent",
    "report_days",
    "spending_days",
    "staff_days",
    "change_months",
    "recovery_days",
    "remind_days",
    "labour_percent",
    "overrun_percent",
    "done_percent",
    "diligent_percent",
    "failed_percent",
)
PERIOD_PARTS = 3  # value, origin, policy
PARTS = ("questions", "conditions", "documents", "consents", "steps")
Document = Mapping[str, Any]


class StrictLoader(yaml.SafeLoader):
    """YAML in which a key occurs once and a date stays text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        merge = "tag:yaml.org,2002:merge"
        own = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != merge]
        for key, count in Counter(own).items():
            if count > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"‘{key}’ 항목이 두 번 있습니다.", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)


StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def files() -> list[Path]:
    return sorted(FOLDER.glob("20*.yaml"))


def read(path: Path) -> Document:
    """Read a file. Raises BadInput (`catalogue`) naming the line that cannot be read."""
    try:
        document = yaml.load(path.read_text("utf-8"), Loader=StrictLoader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: 파일을 읽을 수 없습니다.", code="catalogue") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{path}: YAML 형식이 아닙니다. {error}", code="catalogue") from error
    if not isinstance(document, dict):
        raise BadInput(f"{path}: 항목과 값의 짝이 아닙니다.", code="catalogue")
    return document


def check(document: Document) -> None:
    """Raise RuleBroken (`catalogue`) with every fault of a document, each naming its place.

    The schema comes first; sums, codes and references are checked only in a document that fits it.
    """
    faults = list(shape_faults(document, _validator())) or list(_content_faults(document))
    if faults:
        raise RuleBroken([Finding("catalogue", fault) for fault in faults], code="catalogue")


def program_parts(document: Document, program: Document) -> dict[str, list[dict[str, Any]]]:
    """Merge the common parts with the programme's own; its own steps replace the common ones.

    Own questions and conditions come first, the common declarations last.
    """
    common, skipped = document["common"], set(program.get("skip", ()))
    joined: dict[str, list[dict[str, Any]]] = {}
    for part in PARTS:
        shared = [row for row in common.get(part, ()) if row["code"] not in skipped]
        own = list(program.get(part, ()))
        match part:
            case "steps":
                joined[part] = own or shared
            case "questions":
                joined[part] = [{"section": "plan", **row} for row in [*own, *shared]]
            case "conditions":
                joined[part] = [*own, *shared]
            case _:
                joined[part] = [*shared, *own]
    return joined


def assessment(document: Document, program: Document) -> dict[str, list[Any]]:
    """Return the figures of the assessment: common ones, overridden by the programme's own."""
    return {**document["common"]["assessment"], **program.get("assessment", {})}


def agreement(document: Document, program: Document) -> dict[str, Any]:
    """Return the terms of agreements: common ones, replaced part by part by the programme's own."""
    common, own = document["common"]["agreement"], program.get("agreement", {})
    joined = {**common, **own}
    for part in ("figures", "instalments", "reports"):
        joined[part] = {**common[part], **own.get(part, {})}
    return joined


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- Schema -----------------------------------------------------------------------------------


@cache
def _validator() -> Draft202012Validator:
    return validator_of(FOLDER / "schema.yaml")


def validator_of(schema: Path) -> Draft202012Validator:
    return Draft202012Validator(yaml.safe_load(schema.read_text("utf-8")))


def shape_faults(document: Document, validator: Draft202012Validator) -> Iterator[str]:
    """Yield, place by place, where a document does not fit its schema."""
    errors = validator.iter_errors(document)
    for error in sorted(errors, key=lambda error: [str(step) for step in error.absolute_path]):
        yield f"{_place(error.absolute_path)}: {_message(error)}"


def _place(path: Iterable[str | int]) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "문서"


def _message(error: ValidationError) -> str:
    value, expected = error.instance, error.validator_value
    quoted = re.findall(r"'([^']*)'", error.message)
    match error.validator:
        case "required":
            return f"필수 항목 {with_particle(quoted[-1], '이/가')} 없습니다."
        case "additionalProperties":
            return f"알 수 없는 항목입니다: {', '.join(sorted(set(value) - _declared(error)))}"
        case "type":
            names = expected if isinstance(expected, list) else [expected]
            return f"{value!r}의 종류가 맞지 않습니다. {', '.join(names)}이어야 합니다."
        case "enum":
            return f"{value!r}{particle(value, '은/는')} 쓸 수 없습니다. {', '.join(map(str, expected))} 가운데 하나."
        case "pattern":
            return f"{value!r}의 형식이 맞지 않습니다."
        case "minimum" | "maximum":
            return f"{value!r}{particle(value, '은/는')} 범위를 벗어났습니다. ({error.validator} {expected})"
        case "minItems" | "maxItems" | "items":
            if len(error.schema.get("prefixItems", ())) == PERIOD_PARTS:
                return "기한은 [값, 출처, 끝나는 때]여야 합니다."
            return "[값, 출처]의 짝 또는 비어 있지 않은 목록이어야 합니다."
        case "anyOf":
            return f"{value!r}{particle(value, '은/는')} 0 이상의 정수 또는 null이어야 합니다."
    return f"{value!r}{particle(value, '은/는')} 쓸 수 없습니다. ({error.validator})"


def _declared(error: ValidationError) -> set[str]:
    return set(error.schema.get("properties", ()))


# --- Sums, codes and references ----------------------------------------------------------------


def _content_faults(document: Document) -> Iterator[str]:
    programs = document["sub_programs"]
    yield from _dates(document)
    yield from _profile(document)
    yield from _duplicates("sub_programs", "code", programs)
    yield from _duplicates("sub_programs", "short", programs)
    yield from _duplicates("goals", "code", document.get("goals", ()))
    yield from _duplicates("pools", "code", document.get("pools", ()))
    yield from _duplicates("limits", "code", document.get("limits", ()))
    yield from _duplicates(
        "sub_programs.budget", "code", [program["budget"] for program in programs]
    )
    total = document["round"]["total_won"][0]
    planned = sum(program["budget"]["won"][0] for program in programs)
    if planned != total:
        yield (
            f"round.total_won: 사업 예산의 합 {planned:,}원이 총예산 {total:,}원과 다릅니다."
            f" (차이 {planned - total:+,}원)"
        )
    for place, program in enumerate(programs):
        where = f"sub_programs[{place}]({program['code']})"
        yield from (f"{where}.{fault}" for fault in _program(document, program))


def _dates(document: Document) -> Iterator[str]:
    rows = [("round", document["round"]), *((p["code"], p) for p in document["sub_programs"])]
    opens: datetime | None = None
    closes: datetime | None = None
    for name, row in rows:
        try:
            starts = instant(row["opens_at"][0]) if "opens_at" in row else opens
            ends = instant(row["closes_at"][0]) if "closes_at" in row else closes
            if starts and ends:
                Window(starts, ends)
        except ValueError:
            yield f"{name}: 달력에 없는 시각입니다."
            return
        except BadInput as error:
            yield f"{name}: {error.message}"
            return
        opens, closes = opens or starts, closes or ends


def _profile(document: Document) -> Iterator[str]:
    yield from _duplicates("profile", "code", document["profile"])
    for row in document["profile"]:
        known = PROFILE_FACTS.get(row["code"])
        if known is None:
            yield f"profile.{row['code']}: 쓸 수 있는 항목은 {', '.join(PROFILE_FACTS)}입니다."
            continue
        codes = {choice["code"] for choice in row.get("choices", ())}
        if known[1] is None and codes:
            yield f"profile.{row['code']}: 보기가 없는 항목입니다."
        elif known[1] is not None and (not codes or codes - known[1]):
            yield f"profile.{row['code']}: 보기는 {', '.join(sorted(known[1]))} 가운데 고릅니다."


def _duplicates(where: str, key: str, rows: Iterable[Document]) -> Iterator[str]:
    for value, count in Counter(row[key] for row in rows).items():
        if count > 1:
            yield f"{where}.{key}: {with_particle(value, '이/가')} 두 번 쓰였습니다."


def _program(document: Document, program: Document) -> Iterator[str]:
    parts = program_parts(document, program)
    for part in PARTS:
        yield from _duplicates(part, "code", parts[part])
    for part in ("tracks", "criteria", "cost_items", "bonus_items"):
        yield from _duplicates(part, "code", program.get(part, ()))
    yield from _duplicates("partner_roles", "role", program.get("partner_roles", ()))
    yield from _delivery(document, program)
    yield from _tracks(document, program)
    yield from _scoring(document, program, parts)
    quota = program["quota"]
    if (quota["count"] is None) != (quota["kind"] == "none"):
        yield "quota: count와 kind가 서로 맞지 않습니다."
    yield from _questions(parts["questions"])
    yield from _agreement(agreement(document, program))
    yield from _references(document, program, parts)
    common = {row["code"] for part in PARTS for row in document["common"].get(part, ())}
    for code in sorted(set(program.get("skip", ())) - common):
        yield f"skip: 공통 항목에 {with_particle(code, '이/가')} 없습니다."


def _delivery(document: Document, program: Document) -> Iterator[str]:
    rows, pools = program.get("delivery", ()), {row["code"] for row in document.get("pools", ())}
    yield from _duplicates("delivery", "code", rows)
    before: set[str] = set()
    for row in rows:
        where = f"delivery({row['code']})"
        if (row["by"] == "expert") != ("pool" in row):
            yield f"{where}.pool: 전문가가 하는 일에만 필요합니다."
        elif row.get("pool", "") not in {"", *pools}:
            yield f"{where}.pool: {row['pool']} 풀이 없습니다."
        if row.get("after", "") not in {"", *before}:
            yield f"{where}.after: 앞에 {with_particle(row['after'], '이/가')} 없습니다."
        before.add(row["code"])


def _tracks(document: Document, program: Document) -> Iterator[str]:
    rounding = assessment(document, program)["rounding_won"][0]
    for row in program["tracks"]:
        figures = {name: row[name][0] for name in TRACK_FIGURES[:4] if name in row}
        try:
            ceilings.Terms(kind=row["grant_kind"][0], rounding_won=rounding, **figures)
        except BadInput as error:
            yield f"tracks({row['code']}): {error.message}"


def _scoring(
    document: Document, program: Document, parts: Mapping[str, list[dict[str, Any]]]
) -> Iterator[str]:
    points = sum(row["points"] for row in program["criteria"])
    if points != 100:
        yield f"criteria: 배점의 합은 100이어야 합니다. 지금은 {points}입니다."
    if sum(bool(row.get("core")) for row in program["criteria"]) != 1:
        yield "criteria: 핵심 항목(core)은 하나여야 합니다."
    for row in program["criteria"]:
        if row.get("core") and row.get("skippable"):
            yield f"criteria({row['code']}): 핵심 항목은 해당 없음(skippable)을 둘 수 없습니다."
    figures = {name: pair[0] for name, pair in assessment(document, program).items()}
    if not 1 <= figures["minimum_sheets"] <= figures["assessors"]:
        yield "assessment.minimum_sheets: 1 이상, 평가위원 수 이하여야 합니다."
    codes = {row["code"] for row in parts["questions"]}
    for row in program.get("bonus_items", ()):
        if row.get("question") and row["question"] not in codes:
            yield f"bonus_items({row['code']}).question: {row['question']} 질문이 없습니다."


def _agreement(terms: Mapping[str, Any]) -> Iterator[str]:
    missing = [name for name in AGREEMENT_FIGURES if name not in terms["figures"]]
    if missing:
        yield f"agreement.figures: {with_particle(', '.join(missing), '이/가')} 없습니다."
    for kind in ceilings.KINDS:
        rows = terms["instalments"].get(kind)
        if rows is None:
            yield f"agreement.instalments: {kind}의 지급 계획이 없습니다."
        elif rows and sum(row["percent"] for row in rows) != 100:
            yield f"agreement.instalments.{kind}: 지급 비율의 합은 100이어야 합니다."
        elif [row["after"] for row in rows].count("settlement") > 1:
            yield f"agreement.instalments.{kind}: 정산 뒤 지급은 한 번입니다."
    yield from _duplicates("agreement.papers", "code", terms["papers"])
    for kind in ("progress", "final"):
        if kind not in terms["reports"]:
            yield f"agreement.reports: {kind} 보고서의 질문이 없습니다."
            continue
        yield from (f"agreement.reports.{fault}" for fault in _questions(terms["reports"][kind]))


def _questions(rows: Iterable[Document]) -> Iterator[str]:
    for row in rows:
        if (row["kind"] in ("choice", "multi")) != ("choices" in row):
            yield f"questions({row['code']}).choices: choice와 multi에만 필요합니다."
        if (row["kind"] == "rows") != ("columns" in row):
            yield f"questions({row['code']}).columns: rows에만 필요합니다."
        if row["code"] in PROFILE_FACTS or row["code"] == "track":
            yield f"questions({row['code']}).code: 기업정보나 지원유형과 이름이 같습니다."


def _references(
    document: Document, program: Document, parts: Mapping[str, list[dict[str, Any]]]
) -> Iterator[str]:
    try:
        conditions = eligibility.parse(parts["conditions"])
    except BadInput as error:
        yield f"conditions: {error.message}"
        return
    offered = _offered(document, program, parts["questions"])
    for condition in conditions:
        where = f"conditions({condition.code})"
        for fact in filter(None, (condition.fact, condition.other)):
            yield from _reference_faults(where, f"{where}.values", offered, fact, condition.values)
    rows = [
        *((f"questions({row['code']})", row) for row in parts["questions"]),
        *((f"conditions({row['code']})", row) for row in parts["conditions"]),
        *((f"documents({row['code']})", row) for row in parts["documents"]),
        *((f"partner_roles({row['role']})", row) for row in program.get("partner_roles", ())),
    ]
    rows += [(f"delivery({row['code']})", row) for row in program.get("delivery", ())]
    for where, row in rows:
        for fact, values in row.get("when", {}).items():
            yield from _reference_faults(f"{where}.when", f"{where}.when", offered, fact, values)


def _reference_faults(
    fact_place: str,
    values_place: str,
    offered: Mapping[str, set[Any] | None],
    fact: str,
    values: Iterable[Any],
) -> Iterator[str]:
    if fact not in offered:
        yield f"{fact_place}: {with_particle(fact, '을/를')} 묻는 질문이 없습니다."
    elif (choices := offered[fact]) and (unknown := set(values) - choices):
        yield f"{values_place}: {fact}의 보기가 아닙니다: {unknown}"


def _offered(
    document: Document, program: Document, questions: Iterable[Document]
) -> dict[str, set[Any] | None]:
    """Return each fact that is asked with its choices, None where the answer is free."""
    offered: dict[str, set[Any] | None] = {
        row["code"]: {choice["code"] for choice in row["choices"]} if "choices" in row else None
        for row in (*document["profile"], *questions)
    }
    offered["track"] = {row["code"] for row in program["tracks"]}
    return offered
