"""The OpenAPI document, made once per process, and the page that shows it to people."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator

Schema = Mapping[str, Any]

KINDS = {
    "string": "글자",
    "integer": "정수",
    "number": "수",
    "boolean": "참/거짓",
    "array": "목록",
    "object": "객체",
}
FORMATS = {"date-time": "시각(ISO 8601)", "date": "날짜(YYYY-MM-DD)", "uri": "주소(URL)"}
LOCATIONS = {"path": "경로", "query": "조건", "header": "헤더"}
MAPPED = "{…}"
"""Stands in a path for a key that is data, such as the name of a section."""


FORM = "multipart/form-data"


@dataclass(frozen=True)
class Field:
    """A value of a call or an answer; `path` is dotted, members of a list follow `[]`."""

    path: str
    kind: str
    help: str
    required: bool = False
    nullable: bool = False
    choices: tuple[str, ...] = ()
    location: str = ""


@dataclass(frozen=True)
class Answer:
    status: str
    description: str
    fields: tuple[Field, ...]
    example: str


@dataclass(frozen=True)
class Operation:
    anchor: str
    method: str
    path: str
    summary: str
    description: str
    who: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answers: tuple[Answer, ...]
    errors: tuple[Answer, ...]
    curl: str


@dataclass(frozen=True)
class Group:
    name: str
    description: str
    operations: tuple[Operation, ...]


@cache
def document() -> dict[str, Any]:
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@cache
def as_json() -> bytes:
    # JSON is valid YAML too.
    return json.dumps(document(), ensure_ascii=False, indent=1, default=str).encode()


@cache
def contract() -> tuple[Group, ...]:
    """Return the operations of the document in groups, in the order of its tags."""
    whole = document()
    operations = [
        (call["tags"][0], _operation(method.upper(), path, call))
        for path, calls in whole["paths"].items()
        for method, call in calls.items()
    ]
    return tuple(
        Group(
            tag["name"],
            tag.get("description", ""),
            tuple(one for name, one in operations if name == tag["name"]),
        )
        for tag in whole["tags"]
    )


def _operation(method: str, path: str, call: Schema) -> Operation:
    body = _content(call.get("requestBody", {}))
    answers = [_answer(status, answer) for status, answer in call["responses"].items()]
    return Operation(
        anchor=call["operationId"],
        method=method,
        path=path,
        summary=call["summary"],
        description=call.get("description", ""),
        who=_who(method, call["security"]),
        parameters=tuple(_parameter(row) for row in call.get("parameters", ())),
        body=tuple(_fields(body.get("schema", {}))),
        answers=tuple(one for one in answers if one.status < "400"),
        errors=tuple(one for one in answers if one.status >= "400"),
        curl=_curl(method, path, call),
    )


def _who(method: str, security: list[Schema]) -> str:
    if {} in security:
        return "누구나(토큰 없이)"
    return "조회 또는 작성·제출 범위의 토큰" if method == "GET" else "작성·제출 범위의 토큰"


def _parameter(row: Schema) -> Field:
    schema, _ = _resolved(row["schema"])
    return Field(
        path=row["name"],
        kind=_kind(schema),
        help=row.get("description", "").strip(),
        required=row.get("required", False),
        choices=_choices(schema),
        location=LOCATIONS[row["in"]],
    )


def _answer(status: str, answer: Schema) -> Answer:
    content = _content(answer)
    example = _example(content)
    fields = tuple(_fields(content.get("schema", {}))) if status < "400" else ()
    return Answer(status, answer["description"], fields, _written(example))


def _content(message: Schema) -> Schema:
    by_type: Schema = message.get("content", {})
    content: Schema = by_type.get("application/json") or by_type.get(FORM, {})
    return content


def _example(content: Schema) -> Any:
    named: Schema = next(iter(content.get("examples", {}).values()), {})
    return named.get("value", content.get("example"))


def _written(example: Any) -> str:
    return "" if example is None else json.dumps(example, ensure_ascii=False, indent=2)


def _resolved(schema: Schema) -> tuple[Schema, bool]:
    """Follow references and remove null; return the schema and whether it was nullable."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        target, nullable = _resolved(document()["components"]["schemas"][name])
        return {**target, **_words(schema)}, nullable
    for word in ("oneOf", "anyOf", "allOf"):
        if word in schema:
            parts = [part for part in schema[word] if part.get("type") != "null"]
            target, nullable = _resolved(parts[0])
            return {**target, **_words(schema)}, nullable or len(parts) < len(schema[word])
    kind = schema.get("type")
    if isinstance(kind, list):
        rest = [word for word in kind if word != "null"]
        return {**schema, "type": rest[0] if rest else "null"}, "null" in kind
    return schema, False


def _words(schema: Schema) -> Schema:
    return {key: schema[key] for key in ("description",) if key in schema}


def _fields(schema: Schema, prefix: str = "") -> Iterator[Field]:
    schema, _ = _resolved(schema)
    if schema.get("type") == "array":
        yield from _fields(schema["items"], f"{prefix}[]")
        return
    needed = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        inner, nullable = _resolved(part)
        path = f"{prefix}.{name}" if prefix else name
        yield Field(
            path=path,
            kind=_kind(inner),
            help=inner.get("description", ""),
            required=name in needed,
            nullable=nullable,
            choices=_choices(inner),
        )
        yield from _fields(inner, path)
    mapped = schema.get("additionalProperties")
    if isinstance(mapped, dict) and mapped:
        if not prefix:  # no field above describes the values
            yield Field(path=MAPPED, kind=_kind(mapped), help=mapped.get("description", ""))
        yield from _fields(mapped, f"{prefix}.{MAPPED}")


def _kind(schema: Schema) -> str:
    kind = schema.get("type", "")
    if isinstance(kind, list):
        return ", ".join(KINDS[one] for one in kind if one != "null")
    if kind == "array":
        inner, _ = _resolved(schema["items"])
        return f"{_kind(inner)} 목록"
    return FORMATS.get(schema.get("format", ""), KINDS.get(kind, "아무 값"))


def _choices(schema: Schema) -> tuple[str, ...]:
    return tuple(str(one) for one in schema.get("enum", ()) if one is not None)


def _curl(method: str, path: str, call: Schema) -> str:
    """Return a command that works as it is once $TOKEN is set."""
    values = {row["name"]: _sample(row) for row in call.get("parameters", ())}
    for row in call.get("parameters", ()):
        if row["in"] == "path":
            path = path.replace(f"{{{row['name']}}}", quote(str(values[row["name"]])))
    query = {
        row["name"]: values[row["name"]]
        for row in call.get("parameters", ())
        if row["in"] == "query" and row.get("required")
    }
    url = settings.ORIGIN + path + (f"?{urlencode(query)}" if query else "")
    lines = [f"curl '{url}'" if method == "GET" else f"curl -X {method} '{url}'"]
    if {} not in call["security"]:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    lines += [
        f"-H '{row['name']}: {values[row['name']]}'"
        for row in call.get("parameters", ())
        if row["in"] == "header"
    ]
    example = _example(_content(call.get("requestBody", {})))
    if example is not None and FORM in call["requestBody"]["content"]:
        lines += [f"-F '{name}={value}'" for name, value in example.items()]
    elif example is not None:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d '{json.dumps(example, ensure_ascii=False)}'")
    return " \\\n  ".join(lines)


def _sample(row: Schema) -> Any:
    return _example(row) or row["schema"].get("default", "")
