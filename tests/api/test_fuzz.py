"""Generated calls of every operation, by everybody: never a 5xx, never an answer off the contract.

`PORTAL_TEST_FUZZ=2000` makes that many calls of each operation instead, other ones in every run.
"""

import hashlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.api import docs
from portal.api.throttling import MemberLimit, VisitorLimit
from portal.wsgi import application
from programs.models import SubProgram, Track
from tests.api.calling import Caller, Story
from tests.factories.agreements import sample

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PAPER, PAPER_FILE = "business_registration", sample("사업자등록증")
PAPER_SHA256 = hashlib.sha256(PAPER_FILE).hexdigest()
MOSTLY = some.sampled_from([True, True, True, False])
DEEPER = int(os.environ.get("PORTAL_TEST_FUZZ", "0"))
CONTRACT = schemathesis.openapi.from_dict(docs.document())
CONTRACT.app = application
OPERATIONS = [found.ok() for found in CONTRACT.get_all_operations()]
# What takes nothing can be sent nothing wrong.
CALLS = [
    pytest.param(one, mode, id=f"{one.label} {mode.value}")
    for one in OPERATIONS
    for mode in GenerationMode
    if mode == GenerationMode.POSITIVE or one.definition.raw.keys() & {"parameters", "requestBody"}
]


@pytest.fixture
def same_connection() -> Iterator[None]:
    """Keep the test's connection, which every real request would give back at its end."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in (VisitorLimit, MemberLimit):
        monkeypatch.setattr(limit, "THROTTLE_RATES", {"anon": None, "user": None})


@pytest.fixture
def callers(visitor: Caller, owner: Caller, stranger: Caller, officer: Caller) -> dict[str, Caller]:
    return {"visitor": visitor, "owner": owner, "stranger": stranger, "officer": officer}


def made_real(case: Case, data: some.DataObject, story: Story) -> None:
    """Let most of the calls be about rows that exist."""
    real: dict[str, list[Any]] = {
        "id": [story.filed.pk, story.filed.pk, story.draft.pk, story.foreign.pk],
        "code": list(SubProgram.objects.values_list("code", flat=True)),
        "number": [story.filed.number],
        "file": [story.paper.pk],
    }
    for name, values in real.items():
        if name in (case.path_parameters or {}) and data.draw(MOSTLY):
            case.path_parameters[name] = data.draw(some.sampled_from(values))
    if case.path.endswith("/submit/"):  # answers with the receipt again
        case.path_parameters["id"] = story.filed.pk
    if case.path.endswith("/files/"):
        case.path_parameters["id"] = story.draft.pk
        case.body = {"document": PAPER, "sha256": PAPER_SHA256, "file": PAPER_FILE}
    if isinstance(case.body, dict) and "site" in case.body and data.draw(MOSTLY):
        case.body = {"site": story.site.pk, "program": data.draw(some.sampled_from(real["code"]))}
    if isinstance(case.body, dict) and "track" in case.body and data.draw(MOSTLY):
        code = (case.path_parameters or {}).get("code")
        tracks = list(Track.objects.filter(sub_program__code=code).values_list("code", flat=True))
        case.body = {**case.body, "track": data.draw(some.sampled_from(tracks or ["none"]))}


def fuzz(story: Story, callers: dict[str, Caller], operation: Any, mode: Any, times: int) -> None:
    """Call one operation with made-up data as all these people, each call undone after."""
    negative = mode == GenerationMode.NEGATIVE
    statuses = set()
    checks = [*CHECKS, negative_data_rejection] if negative else CHECKS

    @settings(
        max_examples=DEEPER or times,
        derandomize=not DEEPER,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data=some.data())
    def call(data: some.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        who = data.draw(some.sampled_from([*sorted(callers), *["owner"] * 3]))
        if not negative:
            made_real(case, data, story)
        headers = {"Authorization": f"Bearer {callers[who].token}"} if callers[who].token else {}
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        case.validate_response(response, checks=checks, headers=headers)
        statuses.add(response.status_code // 100)

    call()
    # Calls that never get in would prove nothing; what gets in there is in `test_files.py`.
    assert negative or 2 in statuses or operation.path.endswith("/files/")


@pytest.mark.parametrize(("operation", "mode"), CALLS)
def test_no_call_breaks_the_contract(
    story: Story,
    callers: dict[str, Caller],
    unlimited: None,
    same_connection: None,
    operation: Any,
    mode: Any,
) -> None:
    fuzz(story, callers, operation, mode, times=25)


@pytest.mark.postgres
@pytest.mark.parametrize(("operation", "mode"), CALLS)
def test_no_call_breaks_postgres(
    story: Story,
    callers: dict[str, Caller],
    unlimited: None,
    same_connection: None,
    operation: Any,
    mode: Any,
) -> None:
    fuzz(story, callers, operation, mode, times=25)
