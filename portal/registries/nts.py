"""The registry of businesses of the National Tax Service (국세청), as data.go.kr publishes it.

Contract: dataset 15081808, version 1.1. `POST /status` and `POST /validate`, at most 100 numbers a
call, the key in the query. The gateway in front of it reports its own refusals as `{"code", "msg"}`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.models import Failure
from portal.registries import calling
from portal.registries.answers import Answer, NotAnswered, Question

REFUSALS = {-4: Failure.KEY, -401: Failure.KEY, -10: Failure.LIMIT}
CONTINUING, SUSPENDED, CLOSED = "01", "02", "03"
MATCHES = "01"


class Service:
    """One operation of the agency: `path` below the address, `body` what it is sent."""

    path: str

    def __init__(self, address: str, key: str) -> None:
        self.address, self.key = address.rstrip("/"), key

    def ask(self, questions: Sequence[Question]) -> Mapping[str, Answer]:
        rows = self._post(self.body(questions))
        try:
            return {str(row["b_no"]): self.answer(row) for row in rows}
        except (KeyError, TypeError) as fault:
            raise NotAnswered(Failure.UNREADABLE) from fault

    def body(self, questions: Sequence[Question]) -> dict[str, Any]:
        raise NotImplementedError

    def answer(self, row: Mapping[str, Any]) -> Answer:
        raise NotImplementedError

    def _post(self, body: dict[str, Any]) -> list[Mapping[str, Any]]:
        params = {"serviceKey": self.key, "returnType": "JSON"}
        return rows_of(
            *calling.call("POST", f"{self.address}/{self.path}", params=params, body=body)
        )


def rows_of(status: int, told: bytes) -> list[Mapping[str, Any]]:
    """Return the rows of an answer of the agency. Raises NotAnswered."""
    whole = calling.read(told)
    if whole.get("code") in REFUSALS:
        raise NotAnswered(REFUSALS[whole["code"]])
    if status >= 500:
        raise NotAnswered(Failure.DOWN)
    rows = whole.get("data")
    if status != 200 or whole.get("status_code") != "OK" or not isinstance(rows, list):
        raise NotAnswered(Failure.UNREADABLE)
    return rows


class BusinessStatus(Service):
    """Whether a business goes on, rests or is closed, and how it is taxed."""

    path = "status"

    def body(self, questions: Sequence[Question]) -> dict[str, Any]:
        return {"b_no": [question.subject for question in questions]}

    def answer(self, row: Mapping[str, Any]) -> Answer:
        if not row["b_stt_cd"]:
            return Answer(found=False, facts={})
        facts = {"status": row["b_stt_cd"], "tax": row["tax_type"], "closed_on": row["end_dt"]}
        return Answer(found=True, facts=facts)


class BusinessIdentity(Service):
    """Whether number, representative and opening date belong together; the agency tells no more."""

    path = "validate"

    def body(self, questions: Sequence[Question]) -> dict[str, Any]:
        return {
            "businesses": [
                {
                    "b_no": question.subject,
                    "start_dt": question.details["opened_on"],
                    "p_nm": question.details["representative"],
                }
                for question in questions
            ]
        }

    def answer(self, row: Mapping[str, Any]) -> Answer:
        return Answer(found=True, facts={"matches": row["valid"] == MATCHES})
