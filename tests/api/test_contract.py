"""The OpenAPI document is valid, complete, in Korean, and true."""

import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator

from portal.api import docs
from portal.api.errors import ErrorShape
from tests.api.calling import Caller, Story

HANGUL = re.compile(r"[가-힣]")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, calls in docs.document()["paths"].items():
        for method, call in calls.items():
            yield path, method, call


CALLS = [pytest.param(*row, id=row[2]["operationId"]) for row in operations()]


def schema_of(part: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that finds the components it refers to."""
    return {**part, "components": docs.document()["components"]}


def bodies(call: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every JSON body of an operation, asked and answered."""
    parts = {"request": call.get("requestBody", {}), **call["responses"]}
    for name, part in parts.items():
        if content := part.get("content", {}).get("application/json"):
            yield name, content


def examples(content: dict[str, Any]) -> list[Any]:
    named = [one["value"] for one in content.get("examples", {}).values()]
    return named + ([content["example"]] if "example" in content else [])


def test_the_document_is_valid_and_gives_no_warning() -> None:
    said = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=said)
    assert "openapi: 3.1.0" in said.getvalue()


def test_the_address_serves_the_very_document(client: Client, db: None) -> None:
    answer = client.get("/api/v1/schema/")
    assert answer.status_code == 200
    assert json.loads(answer.content) == json.loads(json.dumps(docs.document(), default=str))


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        whole = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield whole
        else:
            yield from routes(entry, whole)


def test_every_route_of_the_api_is_documented() -> None:
    names = re.compile(r"<(?:\w+:)?(\w+)>")
    own = {
        "/" + names.sub(r"{\1}", route).replace("{pk}", "{id}")
        for route in routes(get_resolver())
        if route.startswith("api/v1/")
    }
    assert own - set(docs.document()["paths"]) == {"/api/v1/schema/", "/api/v1/docs/"}


@pytest.mark.parametrize(("path", "method", "call"), CALLS)
def test_an_operation_says_all_there_is_to_know(path: str, method: str, call: dict) -> None:
    assert HANGUL.search(call["summary"])
    assert HANGUL.search(call["description"])
    assert call["tags"][0] in {tag["name"] for tag in docs.document()["tags"]}
    assert call["security"] in ([{}], [{"token": []}])
    for row in call.get("parameters", ()):
        assert HANGUL.search(row["description"]), row["name"]
    assert {"400", "401", "429"} <= set(call["responses"])
    if "{" in path:
        assert "404" in call["responses"]
    if method != "get":
        assert {"413", "415"} <= set(call["responses"])
        assert ("403" in call["responses"]) == (call["security"] != [{}])
    for status, said in call["responses"].items():
        assert HANGUL.search(said["description"]), status
        if status == "204":  # says all by its status
            assert "content" not in said
            continue
        content = said["content"]["application/json"]
        assert examples(content), status
        if status >= "400":
            assert content["schema"]["$ref"].endswith(ErrorShape.__name__)


@pytest.mark.parametrize(("path", "method", "call"), CALLS)
def test_every_example_fits_its_schema(path: str, method: str, call: dict) -> None:
    for name, content in bodies(call):
        for example in examples(content):
            faults = list(Draft202012Validator(schema_of(content["schema"])).iter_errors(example))
            assert faults == [], name


@pytest.mark.parametrize(("path", "method", "call"), CALLS)
def test_every_field_is_explained_in_korean(path: str, method: str, call: dict) -> None:
    (shown,) = [
        one
        for group in docs.contract()
        for one in group.operations
        if one.anchor == call["operationId"]
    ]
    fields = [*shown.body, *(field for answer in shown.answers for field in answer.fields)]
    assert [field.path for field in fields if not HANGUL.search(field.help)] == []


PUBLIC = [(path, method, call) for path, method, call in operations() if call["security"] == [{}]]


@pytest.mark.parametrize(
    ("path", "method", "call"),
    [row for row in PUBLIC if "receipts" not in row[0]],
    ids=lambda value: value.get("operationId") if isinstance(value, dict) else "",
)
def test_the_examples_of_the_public_api_are_true(
    story: Story, visitor: Caller, path: str, method: str, call: dict
) -> None:
    code = next((p for p in call.get("parameters", ()) if p["in"] == "path"), None)
    if code:
        path = path.replace(f"{{{code['name']}}}", next(iter(code["examples"].values()))["value"])
    asked = examples(call.get("requestBody", {}).get("content", {}).get("application/json", {}))
    answer = visitor.send(method, path.removeprefix("/api/v1/"), asked[0] if asked else None)
    (example,) = examples(call["responses"]["200"]["content"]["application/json"])
    assert answer.status_code == 200
    assert_part_of(example, answer.json())


OF_THE_DAY = {
    *("open", "opens_at", "closes_at", "published_at", "total", "next", "previous"),
    *("id", "sha256", "used_from", "used_to", "at", "asked_at", "due_at"),
}


def assert_part_of(example: Any, real: Any, where: str = "") -> None:
    """Check that the example is the real answer, with shorter lists perhaps."""
    if isinstance(example, dict):
        for name, value in example.items():
            if name not in OF_THE_DAY:
                assert_part_of(value, real[name], f"{where}.{name}")
    elif isinstance(example, list) and example and isinstance(example[0], dict):
        key = next((k for k in ("code", "fact", "label") if k in example[0]), None)
        rows = {row.get(key): row for row in real}
        for row in example:
            assert_part_of(row, rows[row.get(key)], f"{where}[{row.get(key)}]")
    else:
        assert example == real, where


# --- The page for people --------------------------------------------------------------------------


@pytest.fixture
def page(client: Client, db: None) -> str:
    answer = client.get("/api/v1/docs/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_every_operation_without_a_script(page: str) -> None:
    for path, method, call in operations():
        assert f'id="{call["operationId"]}"' in page
        assert f"<code>{path}</code>" in page
        assert call["summary"] in page
        assert method.upper() in page
    own = set(re.findall(r'<script[^>]*src="[^"]*/js/(\w+)\.js"', page))
    assert own <= {
        "menu",
        "countdown",
        "upload",
        "autosave",
        "keep",
        "job",
        "count",
        "industry",
        "leaving",
    }


@pytest.mark.parametrize(
    "words",
    [
        "원 단위 정수",
        "2021-02-16T18:00:00+09:00",
        "null",
        "Authorization: Bearer",
        'href="/account/tokens/"',
        "Idempotency-Key",
        "Retry-After",
        "page_size",
        "rule_broken",
        'href="/api/v1/schema/"',
    ],
)
def test_the_page_begins_with_the_common_rules(page: str, words: str) -> None:
    assert words in page


def test_the_page_names_nested_fields_and_their_choices(page: str) -> None:
    assert "results[].balance.available_won" in page
    assert "results[].tracks[].cap_won" in page
    assert "at_least" in page
    assert "정수 또는 null" in page


def test_the_page_tells_that_a_self_check_takes_facts_of_many_names(page: str) -> None:
    assert "self_check에 있는 항목" in page


def test_the_page_gives_calls_that_can_be_tried(page: str) -> None:
    assert "curl -X POST &#x27;http://testserver/api/v1/programs/robot/preview/&#x27;" in page
    assert "700000000" in page
    assert "Authorization: Bearer $TOKEN" in page


def test_the_document_is_made_once(client: Client, db: None, monkeypatch) -> None:
    client.get("/api/v1/docs/")
    monkeypatch.setattr(docs, "SchemaGenerator", None)
    assert client.get("/api/v1/docs/").status_code == 200
    assert client.get("/api/v1/schema/").status_code == 200
