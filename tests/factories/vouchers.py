"""Suppliers, services, panels and people for tests; people have no ties by default."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from portal.core.validators import check_digit
from portal.models import User
from portal.paper.tables import csv_lines
from portal.records import snapshot
from portal.records.workflow import move
from tests.factories.applications import NOW, UserFactory
from vouchers.models import (
    CatalogueImport,
    CoveredService,
    Monitor,
    PanelApplication,
    PanelCriterion,
    PanelKind,
    PanelRound,
    SaleSuspension,
    Service,
    Supplier,
)
from vouchers.roles import AGENCY, MINISTRY, MODERATOR, PANEL_OPERATOR
from vouchers.rules import catalogue
from vouchers.services import recruitment, selection
from vouchers.services.catalogue import importing, rows, sale
from vouchers.states import Category, ImportKind, MemberKind, PanelApplicationState, ServiceMoves

KINDS = list(MemberKind)
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"
    b"\x00\x00\x00\x0cIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\r\xefF\xb8\x00\x00\x00\x00IEND\xaeB`\x82"
)
WHOLE = {
    "kind": "sme",
    "name": "김국민",
    "phone": "01012345678",
    "address": "대전광역시 서구 둔산로 100",
    "affiliation": "한밭상사",
    "business_number": "124-81-00998",
    "categories": ["meeting", "care"],
    "expertise": "화상회의를 세 해 동안 날마다 쓰며 동료를 가르쳤습니다.",
    "interest": "돌봄서비스와 화상회의를 회사에서 함께 써 보고 싶습니다.",
    "independent": "on",
    "consented": "on",
}
_places = count(1)


def number(place: int) -> str:
    first = f"{100 + place // 1_000_000:03d}81{1 + place % 9_000:04d}"
    return first + str(check_digit(first))


def staff(role: str) -> User:
    return UserFactory(email=f"{role}{next(_places)}@panel.example", roles=[role], is_staff=True)


def operator() -> User:
    return staff(PANEL_OPERATOR)


def agency() -> User:
    return staff(AGENCY)


def ministry() -> User:
    return staff(MINISTRY)


def moderator() -> User:
    return staff(MODERATOR)


def person(**fields: Any) -> User:
    place = next(_places)
    return UserFactory(
        **{
            "email": f"person{place}@home{place}.example",
            "name": f"국민 {place}",
            "phone": f"010-7{place % 1000:03d}-{place:04d}",
            **fields,
        }
    )


def supplier(**fields: Any) -> Supplier:
    place = next(_places)
    return Supplier.objects.create(
        **{
            "business_number": number(place),
            "name": f"공급기업 {place}",
            "address": f"서울특별시 구로구 디지털로 {place}",
            "phone": f"02-8{place % 100:02d}-{place:04d}",
            "email": f"info@supplier{place}.example",
            **fields,
        }
    )


def service(*, on_sale: bool = True, **fields: Any) -> Service:
    place = next(_places)
    owner = fields.pop("supplier", None) or supplier()
    name = fields.pop("name", f"화상회의 서비스 {place}")
    found = importing.searchable(name, owner.name, fields.get("summary", ""))
    made = Service.objects.create(
        **{
            "supplier": owner,
            "code": f"T-{place:06d}",
            "category": Category.MEETING,
            "name": name,
            "price_won": 1_000 * place,
            "search": found,
            "grams": catalogue.grams(found),
            **fields,
        }
    )
    if on_sale:
        move(made, ServiceMoves.SELL, by=None, now=NOW)
    return made


def suspended(service: Service, reason: str = "시정하지 않음") -> SaleSuspension:
    """Suspend a sale by two people of the agency."""
    made = sale.propose_suspension(service, reason=reason, by=agency(), now=NOW)
    sale.confirm_suspension(made, by=agency(), now=NOW)
    service.refresh_from_db()
    return made


def panel(**fields: Any) -> PanelRound:
    """Make an announced panel that is open now, with its kinds and criteria."""
    place = next(_places)
    made = PanelRound.objects.create(
        **{
            "code": f"panel-{place}",
            "year": 2021,
            "name": f"모니터링단 {place}",
            "announced": True,
            "opens_at": NOW - timedelta(days=5),
            "closes_at": NOW + timedelta(days=5),
            "wishes_until": NOW + timedelta(days=15),
            "active_until": NOW + timedelta(days=60),
            "target_count": 6,
            "reserve_count": 2,
            "consents": [
                {"code": "privacy", "version": "1", "label": "개인정보 동의", "text": "받습니다."}
            ],
            **fields,
        }
    )
    for order, kind in enumerate(KINDS):
        PanelKind.objects.create(
            round=made, code=kind, guide=kind.label, evidence="증명서", least_members=1, order=order
        )
    for order, (code, label, weight) in enumerate(
        [("expertise", "전문성", 60), ("interest", "관심도", 40)]
    ):
        PanelCriterion.objects.create(
            round=made, code=code, label=label, max_points=50, weight=weight, order=order
        )
    return made


def cover(round: PanelRound, services: Iterable[Service]) -> None:
    for one in services:
        CoveredService.objects.create(round=round, service=one, added_at=NOW)


def application(
    round: PanelRound, *, state: str = PanelApplicationState.SUBMITTED, **fields: Any
) -> PanelApplication:
    """Make a filed application (or a draft) without the checks of the services."""
    user = fields.pop("user", None) or person()
    filed = state != PanelApplicationState.DRAFT
    content = {"name": user.name}
    return PanelApplication.objects.create(
        round=round,
        user=user,
        state=state,
        **{
            "kind": MemberKind.SME,
            "name": user.name,
            "phone": user.phone,
            "address": "",
            "expertise": "원격 근무를 3년 동안 맡았습니다.",
            "interest": "화상회의를 써 보고 싶습니다.",
            "independent": True,
            "consented": True,
            "submitted_at": NOW if filed else None,
            "content": content if filed else None,
            "sha256": snapshot.sha256(content) if filed else "",
            **fields,
        },
    )


def whole_draft(round: PanelRound | None = None, **changes: object) -> PanelApplication:
    """Write a complete application by the real services."""
    user = person()
    draft = recruitment.start(round or panel(), by=user, now=NOW)
    upload = SimpleUploadedFile("재직증명서.png", PNG)
    recruitment.attach(draft, upload=upload, by=user, now=NOW)
    return recruitment.save(draft, data={**WHOLE, **changes}, version=1, by=user, now=NOW)


def marked(round: PanelRound, by: User, count: int = 9) -> list[PanelApplication]:
    """File and mark applications of the three kinds in turn, the earlier the better."""
    filed = [application(round, kind=KINDS[place % 3]) for place in range(count)]
    for place, row in enumerate(filed):
        points = {"expertise": 50 - place, "interest": 40}
        selection.mark(row, points=points, reason="경력이 뚜렷함", by=by, now=NOW)
    return filed


def monitor(round: PanelRound, *, kind: str = MemberKind.SME, **fields: Any) -> Monitor:
    filed = fields.pop("application", None) or application(
        round, kind=kind, state=PanelApplicationState.SELECTED, **fields.pop("filed", {})
    )
    return Monitor.objects.create(
        round=round,
        user=filed.user,
        application=filed,
        kind=kind,
        number=Monitor.objects.filter(round=round).count() + 1,
        **{"load": round.load, "joined_at": NOW, **fields},
    )


def members(round: PanelRound, count: int) -> list[Monitor]:
    return [monitor(round, kind=KINDS[place % 3]) for place in range(count)]


def table(
    header: Sequence[str], lines: Iterable[Sequence[object]], name: str
) -> SimpleUploadedFile:
    """Write a CSV file as staff upload it."""
    text = "".join(csv_lines(header, lines, counted=False))
    return SimpleUploadedFile(name, text.encode(), content_type="text/csv")


def imported(
    kind: ImportKind, upload: SimpleUploadedFile, by: User | None = None
) -> CatalogueImport:
    """Upload a table, look at its preview, and confirm it if anything would change."""
    by = by or operator()
    file = importing.start(kind, upload=upload, by=by, now=NOW)
    importing.preview(file, now=NOW)
    if file.basis and file.created + file.changed:
        importing.confirm(file, basis=file.basis, emptying=True, by=by, now=NOW)
        importing.apply(file, now=NOW)
    file.refresh_from_db()
    return file


def suppliers_csv(count: int, **changes: str) -> SimpleUploadedFile:
    header = list(rows.SUPPLIER_COLUMNS)
    lines = [
        [
            number(place),
            changes.get("name", "주식회사 가온") + str(place),
            "대표",
            f"서울 강남구 테헤란로 {place}",
            f"02-555-{place:04d}",
            f"info@gaon{place}.example",
            "",
            f"협력{place}/{number(place + 500)}",
            f"김담당/kim@gaon{place}.example/010-1111-{place:04d}",
        ]
        for place in range(1, count + 1)
    ]
    return table(header, lines, "공급기업.csv")


def services_csv(count: int, *, of: int, **changes: str) -> SimpleUploadedFile:
    header = list(rows.SERVICE_COLUMNS)
    labels = Category.labels
    lines = [
        [
            f"KV-{place:06d}",
            number(1 + place % of),
            changes.get("category", labels[place % 6]),
            f"서비스 {place}",
            10_000 + place,
            "월 1인",
            "중소기업",
            "어디서나 함께 일합니다.",
            "기능과 지원",
            "판매 중",
        ]
        for place in range(1, count + 1)
    ]
    return table(header, lines, "서비스.csv")
