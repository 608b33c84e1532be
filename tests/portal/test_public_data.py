"""Registries in the common form of data.go.kr: a server that follows it, and every way it can fail."""

from collections.abc import Iterator
from typing import Any

import pytest

from bench.agency import Agency, agency
from portal.models import Failure, RegistryAnswer, RegistryRecord
from portal.registries import calling, gateway, public_data
from portal.registries.answers import NotAnswered, Question
from portal.registries.declared import connected, naming, registries, wording, wordings

pytestmark = pytest.mark.django_db
FIRM, OTHER = "1018100016", "1018100020"
COMMON = [code for code, row in registries().items() if row.contract]
ROWS: dict[str, list[dict[str, Any]]] = {
    "national_tax": [{"npymYn": "N", "vldTrmEndYmd": "20210331"}],
    "local_tax": [{"npymYn": "Y", "vldTrmEndYmd": ""}],
    "sme_certificate": [{"entScaleNm": "소기업", "vldTrmEndYmd": "20220331"}],
    "insured_employees": [{"sangsiInwonCnt": 31}],
    "factory_registration": [
        {"cmpnyNm": "한빛정밀", "rprsntvIndutyCode": "25924"},
        {"cmpnyNm": "한빛정밀 2공장", "rprsntvIndutyCode": "29299"},
    ],
    "medical_products": [
        {"ITEM_NAME": "한빛마스크", "ITEM_SEQ": "202100001", "CANCEL_NAME": "정상"},
        {"ITEM_NAME": "옛마스크", "ITEM_SEQ": "201900001", "CANCEL_NAME": "취하"},
    ],
}


@pytest.fixture
def server(settings: Any) -> Iterator[Agency]:
    with agency() as one:
        settings.REGISTRIES = {}
        for code in COMMON:
            settings.REGISTRIES |= one.public(code)
            one.rows[code] = {FIRM: ROWS[code]}
        yield one


def ask(code: str, *numbers: str) -> gateway.Tally:
    questions = [Question(number) for number in numbers or (FIRM,)]
    return gateway.ask(registries()[code], questions, sleep=lambda seconds: None)


def known(code: str, number: str = FIRM) -> RegistryRecord:
    return RegistryRecord.objects.select_related("answer").get(registry=code, subject=number)


@pytest.mark.parametrize("code", COMMON)
def test_an_answer_is_read_as_its_contract_says(server: Agency, code: str) -> None:
    assert ask(code).answered == 1
    answer = known(code).answer
    assert answer is not None
    assert answer.found
    contract = registries()[code].contract
    assert contract is not None
    expected = [
        {name: str(row[column]) for name, column in contract.facts.items()} for row in ROWS[code]
    ]
    told = answer.facts["rows"] if contract.many else [answer.facts]
    assert sorted(told, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize("code", COMMON)
def test_a_firm_that_a_registry_does_not_know_is_an_answer(server: Agency, code: str) -> None:
    assert ask(code, OTHER).answered == 1
    answer = known(code, OTHER).answer
    assert answer is not None
    assert (answer.found, answer.facts) == (False, {})


@pytest.mark.parametrize("code", COMMON)
@pytest.mark.parametrize(
    ("fault", "failure", "calls"),
    [
        ("key", Failure.KEY, 1),
        ("limit", Failure.LIMIT, 1),
        ("down", Failure.DOWN, 3),
        ("cut", Failure.DOWN, 3),
        ("garbled", Failure.UNREADABLE, 3),
    ],
)
def test_no_failure_is_taken_for_an_answer(
    server: Agency, code: str, fault: str, failure: Failure, calls: int
) -> None:
    server.fault = fault
    tally = ask(code)
    assert (tally.calls, tally.answered, dict(tally.failed)) == (calls, 0, {failure: 1})
    row = known(code)
    assert (row.failure, row.answer, row.confirmed_at) == (failure, None, None)
    assert not RegistryAnswer.objects.exists()


def test_a_slow_answer_is_none(server: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    server.fault, server.slow_seconds = "slow", 0.3
    monkeypatch.setattr(calling, "ANSWER_SECONDS", 0.1)
    assert dict(ask("national_tax").failed) == {Failure.SLOW: 1}


def test_of_half_an_answer_nothing_is_taken(server: Agency) -> None:
    server.fault = "half"
    assert dict(ask("factory_registration").failed) == {Failure.PARTIAL: 1}
    assert known("factory_registration").answer is None


def test_a_changed_answer_is_kept_beside_the_one_before(server: Agency) -> None:
    ask("national_tax")
    server.rows["national_tax"][FIRM] = [{"npymYn": "Y", "vldTrmEndYmd": ""}]
    assert ask("national_tax").changed == 1
    [new] = RegistryAnswer.objects.filter(changed=True)
    assert new.previous is not None
    assert (new.previous.facts["arrears"], new.facts["arrears"]) == ("N", "Y")


def test_rows_of_another_firm_are_no_answer(server: Agency) -> None:
    contract = registries()["national_tax"].contract
    assert contract is not None
    server.rows["national_tax"][FIRM] = [{contract.number: OTHER, **ROWS["national_tax"][0]}]
    assert dict(ask("national_tax").failed) == {Failure.UNREADABLE: 1}


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"[]",
        b"{}",
        b'{"response": 1}',
        b'{"header": {"resultCode": "00"}, "body": {"items": "", "totalCount": "x"}}',
        b'{"header": {"resultCode": "00"}, "body": {"items": ["a"], "totalCount": 1}}',
        b'{"header": {"resultCode": "00"}, "body": null}',
    ],
)
def test_what_cannot_be_read_is_no_answer(told: bytes) -> None:
    with pytest.raises(NotAnswered) as refusal:
        public_data.rows_of(200, told)
    assert refusal.value.failure == Failure.UNREADABLE


@pytest.mark.parametrize(
    ("items", "count"),
    [
        (b"null", 0),
        (b'""', 0),
        (b'[{"a": 1}]', 1),
        (b'{"item": {"a": 1}}', 1),
        (b'{"item": [{"a": 1}, {"a": 2}]}', 2),
    ],
)
def test_rows_come_in_any_of_the_published_shapes(items: bytes, count: int) -> None:
    body = b'{"items": %s, "totalCount": %d}' % (items, count)
    rows, total = public_data.rows_of(200, b'{"header":{"resultCode":"00"},"body":%s}' % body)
    assert (len(rows), total) == (count, count)
    assert public_data.rows_of(200, b'{"header":{"resultCode":"03"}}') == ([], 0)


@pytest.mark.parametrize(("code", "failure"), [("05", "slow"), ("31", "key"), ("99", "unreadable")])
def test_refusals_in_the_header_are_told_apart(code: str, failure: str) -> None:
    with pytest.raises(NotAnswered) as refusal:
        public_data.rows_of(200, b'{"header":{"resultCode":"%s"}}' % code.encode())
    assert refusal.value.failure == failure


def test_the_key_stands_in_no_error(server: Agency) -> None:
    server.fault = "cut"
    service = public_data.Service(
        "local_tax", server.public("local_tax")["local_tax"]["address"], "secret"
    )
    with pytest.raises(NotAnswered) as refusal:
        service.ask([Question(FIRM)])
    assert "secret" not in repr(refusal.value.__cause__) + repr(refusal.value)
    assert refusal.value.__suppress_context__


def test_a_wording_names_every_registry_that_is_asked_by_it(settings: Any) -> None:
    settings.REGISTRIES = {"business_status": {}}
    assert wording().version == "2021-1"
    settings.REGISTRIES = {code: {} for code in registries()}
    assert set(connected()) <= set(wording().registries)
    assert naming("business_status") == list(wordings())
    assert naming("local_tax") == ["2021-2"]
    for row in wordings().values():
        for code in row.registries:
            assert registries()[code].agency in row.text.replace("\n", " ")
