"""Strict parsing of one line of an imported table into a supplier or a service."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from portal.core import money, ranges, validators
from portal.core import text as texts
from portal.core.errors import BadInput
from portal.core.particles import particle
from vouchers.states import Category, ServiceState

SUPPLIER_COLUMNS = {
    "사업자등록번호": True,
    "기업명": True,
    "대표자": False,
    "주소": False,
    "대표 전화": False,
    "대표 전자우편": False,
    "누리집": False,
    "협력사": False,
    "임직원": False,
}
SERVICE_COLUMNS = {
    "서비스 번호": True,
    "공급기업 사업자등록번호": True,
    "분야": True,
    "서비스명": True,
    "가격(원)": True,
    "가격 기준": False,
    "이용 대상": False,
    "한 줄 소개": False,
    "제공 내용": False,
    "상태": False,
}
# Fields of a supplier and of a service, each with the column that holds it.
SUPPLIER_FIELDS = {
    "name": "기업명",
    "representative": "대표자",
    "address": "주소",
    "phone": "대표 전화",
    "email": "대표 전자우편",
    "homepage": "누리집",
    "partners": "협력사",
    "contacts": "임직원",
}
SERVICE_FIELDS = {
    "category": "분야",
    "name": "서비스명",
    "price_won": "가격(원)",
    "price_basis": "가격 기준",
    "target": "이용 대상",
    "summary": "한 줄 소개",
    "contents": "제공 내용",
}
At = Callable[[str], str]
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CATEGORIES = {label.replace(" ", ""): value for value, label in Category.choices}
_STATES = {
    "": ServiceState.REGISTERED,
    ServiceState.REGISTERED.label: ServiceState.REGISTERED,
    ServiceState.ON_SALE.label: ServiceState.ON_SALE,
    "판매중": ServiceState.ON_SALE,
}
_PARTS = re.compile("[;；\n]")


@dataclass(frozen=True)
class SupplierRow:
    """A supplier; partners are (name, business number), contacts (name, e-mail, phone)."""

    business_number: str
    name: str
    representative: str
    address: str
    phone: str
    email: str
    homepage: str
    partners: tuple[tuple[str, str], ...]
    contacts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class ServiceRow:
    """A service; `on_sale` requests the start of its sale."""

    code: str
    supplier: str
    category: str
    name: str
    price_won: int
    price_basis: str
    target: str
    summary: str
    contents: str
    on_sale: bool


class _Line:
    """Reads the cells of a line and collects all its faults, each with the cell it is in."""

    def __init__(self, cells: Mapping[str, str], at: At) -> None:
        self.cells, self.at = cells, at
        self.faults: list[str] = []

    def refuse(self, column: str, why: str) -> None:
        place = self.at(column)
        self.faults.append(f"{place} {column}: {why}" if place else f"{column}: {why}")

    def text(
        self, column: str, most: int, *, needed: bool = False, paragraphs: bool = False
    ) -> str:
        value = self.cells.get(column, "")
        if needed and not value:
            self.refuse(column, "비어 있습니다.")
        if len(value) > most:
            self.refuse(column, f"{most}자까지 적을 수 있습니다.")
        if "\n" in value and not paragraphs:
            self.refuse(column, "줄이 나뉘어 있습니다. 한 줄로 적어 주세요.")
        return value

    def read(self, column: str, how: Callable[[str], Any], value: str) -> Any:
        if not value:
            return ""
        try:
            return how(value)
        except BadInput as refused:
            self.refuse(column, refused.message)
        except ValidationError:
            self.refuse(
                column, f"‘{value[:40]}’{particle(value[:40], '은/는')} 쓸 수 없는 값입니다."
            )
        return ""

    def parts(self, column: str) -> list[str]:
        whole = _PARTS.split(self.cells.get(column, ""))
        return [part.strip() for part in whole if part.strip()]

    def end(self) -> None:
        if self.faults:
            raise BadInput(" ".join(self.faults)[:500], code="import_row")


def _nowhere(_column: str) -> str:
    return ""


def supplier(cells: Mapping[str, str], at: At = _nowhere) -> SupplierRow:
    """Parse a line of suppliers; `at` names the cell of a column.

    Raises BadInput (`import_row`) with every fault of the line.
    """
    line = _Line(cells, at)
    number = line.text("사업자등록번호", 20, needed=True)
    row = SupplierRow(
        business_number=line.read("사업자등록번호", validators.business_number, number),
        name=texts.name(line.text("기업명", 100, needed=True)),
        representative=texts.name(line.text("대표자", 50)),
        address=line.text("주소", 200),
        phone=line.read("대표 전화", validators.phone, line.text("대표 전화", 30)),
        email=line.read("대표 전자우편", validators.email, line.text("대표 전자우편", 254)),
        homepage=line.read("누리집", _url, line.text("누리집", 200)),
        partners=tuple(sorted({_partner(line, part) for part in line.parts("협력사")})),
        contacts=tuple(sorted({_contact(line, part) for part in line.parts("임직원")})),
    )
    line.end()
    return row


def service(cells: Mapping[str, str], at: At = _nowhere) -> ServiceRow:
    """Parse a line of services; `at` names the cell of a column.

    Raises BadInput (`import_row`) with every fault of the line.
    """
    line = _Line(cells, at)
    owner = line.text("공급기업 사업자등록번호", 20, needed=True)
    row = ServiceRow(
        code=line.read("서비스 번호", _code, line.text("서비스 번호", 20, needed=True)),
        supplier=line.read("공급기업 사업자등록번호", validators.business_number, owner),
        category=line.read("분야", _category, line.text("분야", 30, needed=True)),
        name=texts.name(line.text("서비스명", 100, needed=True)),
        price_won=line.read("가격(원)", _price, line.text("가격(원)", 20, needed=True)),
        price_basis=line.text("가격 기준", 60),
        target=line.text("이용 대상", 200),
        summary=line.text("한 줄 소개", 200),
        contents=line.text("제공 내용", 5_000, paragraphs=True),
        on_sale=line.read("상태", _state, line.text("상태", 20)) == ServiceState.ON_SALE,
    )
    line.end()
    return row


def _code(text: str) -> str:
    code = texts.compact(text)
    if _DATE.fullmatch(code):
        raise BadInput(
            f"‘{text}’: 번호가 날짜로 바뀌어 저장되었습니다. 칸 서식을 ‘텍스트’로 바꾸어 다시 적어 주세요."
        )
    return code


def _url(text: str) -> str:
    URLValidator(schemes=["http", "https"])(text)
    return text


def _price(text: str) -> int:
    price = money.read(text, label="가격")
    ranges.check("price_won", price, today=date.max, code="bad_input")
    return price


def _category(text: str) -> str:
    found = _CATEGORIES.get(texts.compact(text))
    if found is None:
        raise BadInput(f"여섯 분야 가운데 하나여야 합니다: {', '.join(Category.labels)}")
    return found


def _state(text: str) -> str:
    if (text := texts.name(text)) not in _STATES:
        raise BadInput("‘등록’ 또는 ‘판매 중’으로 적어 주세요. 판매 중지는 전담기관이 합니다.")
    return _STATES[text]


def _partner(line: _Line, part: str) -> tuple[str, str]:
    name, _, number = part.partition("/")
    found = line.read("협력사", validators.business_number, number.strip())
    if not name.strip() or len(name) > 100:
        line.refuse("협력사", "‘기업명/사업자등록번호’로 적고 쌍반점(;)으로 나누세요.")
    return texts.name(name), found


def _contact(line: _Line, part: str) -> tuple[str, str, str]:
    name, email, phone = ([cell.strip() for cell in part.split("/")] + ["", ""])[:3]
    if not name or len(name) > 50 or part.count("/") > 2:
        line.refuse("임직원", "‘이름/전자우편/연락처’로 적고 쌍반점(;)으로 나누세요.")
    return (
        texts.name(name),
        line.read("임직원", validators.email, email),
        line.read("임직원", validators.phone, phone),
    )
