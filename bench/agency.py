"""An agency for tests and benchmarks: a server that follows the published contract of the registry.

It answers from its own table, counts its calls, and fails as the real one does when it is told to.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from portal.registries.declared import registries

Answering = Callable[[str, Mapping[str, list[str]], bytes, str], tuple[int, bytes]]
KEY = "key+of/the=agency"  # with the characters that a URL has to encode
MOST = 100
JSON = "application/json; charset=UTF-8"
TAX = "부가가치세 일반과세자"
UNKNOWN = "국세청에 등록되지 않은 사업자등록번호입니다."


@dataclass
class Agency:
    """The table of an agency: `closed` numbers with their day, `unknown` ones; the rest goes on.

    `rows` are those of the registries in the common form of data.go.kr, by code and number.
    `fault` is what the next calls meet: "key", "limit", "half", "slow", "down", "cut" or "garbled";
    `until` the number of calls after which it passes.
    """

    address: str = ""
    closed: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    owners: dict[str, tuple[str, str]] = field(default_factory=dict)
    rows: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    fault: str = ""
    until: int = 0
    slow_seconds: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    def options(self, operation: str) -> dict[str, dict[str, str]]:
        """Return an entry of `settings.REGISTRIES` for "BusinessStatus" or "BusinessIdentity"."""
        code = {"BusinessStatus": "business_status", "BusinessIdentity": "business_identity"}
        adapter = f"portal.registries.nts.{operation}"
        return {code[operation]: {"adapter": adapter, "address": self.address, "key": KEY}}

    def public(self, code: str) -> dict[str, dict[str, str]]:
        """Return an entry of `settings.REGISTRIES` for a registry in the common form."""
        address = f"{urlsplit(self.address)._replace(path='').geturl()}/public/{code}"
        adapter = "portal.registries.public_data.Service"
        return {code: {"adapter": adapter, "registry": code, "address": address, "key": KEY}}

    def public_rows(self, code: str, number: str) -> list[dict[str, Any]]:
        """Return what a registry has of a firm, in the fields of its contract."""
        self.asked[number] += 1
        named = registries()[code].contract
        name = named.number if named else ""
        return [{name: number, **row} for row in self.rows.get(code, {}).get(number, ())]

    def failing(self) -> str:
        """Return the fault of this call."""
        return self.fault if not self.until or sum(self.calls.values()) <= self.until else ""

    def status(self, number: str) -> dict[str, str]:
        self.asked[number] += 1
        row = {"b_no": number, "b_stt": "계속사업자", "b_stt_cd": "01", "tax_type": TAX}
        row |= {"tax_type_cd": "01", "end_dt": "", "utcc_yn": "N", "tax_type_change_dt": ""}
        row |= {"invoice_apply_dt": "", "rbf_tax_type": "해당없음", "rbf_tax_type_cd": "99"}
        if number in self.unknown:
            row |= {"b_stt": "", "b_stt_cd": "", "tax_type": UNKNOWN, "tax_type_cd": ""}
        elif number in self.closed:
            row |= {"b_stt": "폐업자", "b_stt_cd": "03", "end_dt": self.closed[number]}
        return row

    def identity(self, asked: Mapping[str, str]) -> dict[str, Any]:
        number = asked["b_no"]
        if self.owners.get(number) == (asked["p_nm"], asked["start_dt"]):
            return {"b_no": number, "valid": "01", "status": self.status(number)}
        return {"b_no": number, "valid": "02", "valid_msg": "확인할 수 없습니다."}


class Handler(BaseHTTPRequestHandler):
    agency: Agency
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve(b"", self._public)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._serve(body, self._answer)

    def _serve(self, body: bytes, answer: Answering) -> None:
        parts = urlsplit(self.path)
        operation = parts.path.rpartition("/")[2]
        self.agency.calls[operation] += 1
        fault = self.agency.failing()
        if fault == "slow":
            time.sleep(self.agency.slow_seconds)
        if fault == "cut":
            self.close_connection = True
            return
        status, told = answer(operation, parse_qs(parts.query), body, fault)
        self.send_response(status)
        self.send_header("Content-Type", "text/xml" if told.startswith(b"<") else JSON)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def _answer(
        self, operation: str, query: Mapping[str, list[str]], body: bytes, fault: str
    ) -> tuple[int, bytes]:
        if fault == "garbled":
            return 200, b"<html>"
        if fault == "down":
            return 500, _json({"status_code": "INTERNAL_ERROR"})
        if fault == "limit":
            return 400, _json({"code": -10, "msg": "트래픽 허용 횟수를 초과하였습니다."})
        if fault == "key" or query.get("serviceKey") != [KEY]:
            return 400, _json({"code": -4, "msg": "등록되지 않은 인증키 입니다."})
        asked = json.loads(body)["b_no" if operation == "status" else "businesses"]
        if len(asked) > MOST:
            return 413, _json({"status_code": "TOO_LARGE_REQUEST"})
        answer = self.agency.status if operation == "status" else self.agency.identity
        rows = [answer(one) for one in asked]
        told = rows[: len(rows) // 2] if fault == "half" else rows
        whole = {"status_code": "OK", "request_cnt": len(asked), "match_cnt": len(told)}
        return 200, _json({**whole, "data": told})

    def _public(
        self, code: str, query: Mapping[str, list[str]], body: bytes, fault: str
    ) -> tuple[int, bytes]:
        """Answer as data.go.kr does: its own refusals are XML with status 200."""
        if fault == "garbled":
            return 200, b"<html>"
        if fault == "down":
            return 500, b"Unexpected errors"
        if fault == "limit":
            return 200, _refusal("22", "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR")
        if fault == "key" or query.get("serviceKey") != [KEY]:
            return 200, _refusal("30", "SERVICE_KEY_IS_NOT_REGISTERED_ERROR")
        contract = registries()[code].contract
        asked = query.get(contract.asks, []) if contract else []
        if len(asked) != 1:
            return 200, _refusal("10", "INVALID_REQUEST_PARAMETER_ERROR")
        rows = self.agency.public_rows(code, asked[0])
        told = rows[: len(rows) // 2] if fault == "half" else rows
        header = {"resultCode": "00", "resultMsg": "NORMAL SERVICE."}
        items = {"item": told} if told else ""
        body_of = {"items": items, "numOfRows": 100, "pageNo": 1, "totalCount": len(rows)}
        return 200, _json({"response": {"header": header, "body": body_of}})

    def log_message(self, *args: object) -> None:
        pass


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _refusal(code: str, message: str) -> bytes:
    return (
        "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg>"
        f"<returnAuthMsg>{message}</returnAuthMsg><returnReasonCode>{code}</returnReasonCode>"
        "</cmmMsgHeader></OpenAPI_ServiceResponse>"
    ).encode()


@contextmanager
def agency() -> Iterator[Agency]:
    """Run an agency on a port of this machine."""
    one = Agency()
    handler = type("OwnHandler", (Handler,), {"agency": one})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    one.address = f"http://127.0.0.1:{server.server_port}/api/nts-businessman/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
