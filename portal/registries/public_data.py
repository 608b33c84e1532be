"""Registries that answer in the common form of data.go.kr, one firm a call.

A right answer is JSON: header with `resultCode` "00", body with `items` and `totalCount`. Refusals of
the gateway come as XML with status 200 whatever was asked for: `returnReasonCode` says why. What is
sent and read of each registry is its `contract` in `registries.yaml`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from portal.models import Failure
from portal.registries import calling
from portal.registries.answers import Answer, NotAnswered, Question
from portal.registries.declared import Contract, registries

RIGHT, NOTHING = "00", "03"
REFUSALS = {
    "20": Failure.KEY,  # access denied
    "22": Failure.LIMIT,
    "30": Failure.KEY,  # not registered
    "31": Failure.KEY,  # expired
    "32": Failure.KEY,  # not from this address
    "33": Failure.KEY,  # not signed
    "1": Failure.DOWN,
    "01": Failure.DOWN,
    "02": Failure.DOWN,
    "04": Failure.DOWN,
    "05": Failure.SLOW,
}
REASON = re.compile(rb"<returnReasonCode>\s*(\d{1,2})\s*</returnReasonCode>")
MOST_ROWS = 100


class Service:
    """One registry at its address; `registry` is its code."""

    def __init__(self, registry: str, address: str, key: str) -> None:
        contract = registries()[registry].contract
        if contract is None:
            raise ValueError(f"{registry} has no contract")
        self.contract: Contract = contract
        self.address, self.key = address, key

    def ask(self, questions: Sequence[Question]) -> Mapping[str, Answer]:
        """Return the answers by business number; one of more rows than fit is left out."""
        found = {question.subject: self._answer(question.subject) for question in questions}
        return {subject: answer for subject, answer in found.items() if answer is not None}

    def _answer(self, subject: str) -> Answer | None:
        params = {
            "serviceKey": self.key,
            "type": "json",
            "pageNo": 1,
            "numOfRows": MOST_ROWS,
            self.contract.asks: subject,
        }
        rows, total = rows_of(*calling.call("GET", self.address, params=params))
        if total != len(rows):
            return None  # a part of an answer is none
        try:
            return self._read(subject, rows)
        except (KeyError, TypeError) as fault:
            raise NotAnswered(Failure.UNREADABLE) from fault

    def _read(self, subject: str, rows: Sequence[Mapping[str, Any]]) -> Answer:
        about = {str(row[self.contract.number]).replace("-", "") for row in rows}
        if about - {subject}:
            raise NotAnswered(Failure.UNREADABLE)  # of another firm
        facts = [
            {name: _plain(row[column]) for name, column in self.contract.facts.items()}
            for row in rows
        ]
        if not facts:
            return Answer(found=False, facts={})
        if self.contract.many:
            return Answer(found=True, facts={"rows": sorted(facts, key=lambda row: str(row))})
        return Answer(found=True, facts=facts[0])


def rows_of(status: int, told: bytes) -> tuple[list[Mapping[str, Any]], int]:
    """Return the rows of an answer, and how many there are in all. Raises NotAnswered."""
    if refused := REASON.search(told):
        raise NotAnswered(REFUSALS.get(refused[1].decode(), Failure.UNREADABLE))
    if status >= 500:
        raise NotAnswered(Failure.DOWN)
    whole = calling.read(told)
    whole = whole.get("response", whole)
    try:
        code = whole["header"]["resultCode"]
        if code == NOTHING:
            return [], 0
        if code != RIGHT or status != 200:
            raise NotAnswered(REFUSALS.get(code, Failure.UNREADABLE))
        body = whole["body"]
        rows, total = _items(body.get("items")), int(body["totalCount"])
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise NotAnswered(Failure.UNREADABLE) from fault
    return rows, total


def _items(items: Any) -> list[Mapping[str, Any]]:
    """Return the rows in whichever of the published shapes they come."""
    if isinstance(items, Mapping):
        items = items.get("item", [])
    if isinstance(items, Mapping):  # a single row
        items = [items]
    rows = list(items or [])
    if not all(isinstance(row, Mapping) for row in rows):
        raise TypeError("rows are objects")
    return rows


def _plain(value: Any) -> str:
    return "" if value is None else str(value).strip()
