"""Staff screens of services and of catalogue imports."""

from datetime import datetime
from typing import Any

from auditlog.registry import auditlog
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path

from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.errors import PortalError
from portal.core.money import won
from portal.models import JobState
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from vouchers.models import CatalogueImport, Service, SupplierMember
from vouchers.queries import catalogue
from vouchers.roles import EDITORS
from vouchers.services.catalogue import importing, rows, sale
from vouchers.states import ImportKind, ImportOutcome, ServiceMoves, ServiceState
from vouchers.visibility import DESK, STAFF

REASON = note_form("reason", max_length=300)
SHOWN_ROWS = 200
EMPTIED = "emptied"
LONGEST_VALUE = 160  # characters of a value shown around what differs
TONES = {
    ServiceState.REGISTERED: "neutral",
    ServiceState.ON_SALE: "success",
    ServiceState.SUSPENDED: "danger",
}


def sell(request: HttpRequest, service: Service, data: dict[str, Any], at: datetime) -> None:
    sale.sell(service, by=person(request), now=at)


def propose_suspension(
    request: HttpRequest, service: Service, data: dict[str, Any], at: datetime
) -> None:
    sale.propose_suspension(service, by=person(request), now=at, **data)


def resume(request: HttpRequest, service: Service, data: dict[str, Any], at: datetime) -> None:
    sale.resume(service, by=person(request), now=at, **data)


@admin.register(Service)
class ServiceAdmin(WorkflowAdmin):
    read_roles = sorted(STAFF)
    list_display = ["code", "name", "supplier", "category", "price", "badge"]
    list_filter = ["state", "category"]
    list_select_related = ["supplier"]
    fields = [
        "code",
        "name",
        "supplier",
        "category",
        "state",
        "price_won",
        "price_basis",
        "target",
        "summary",
        "contents",
        "promoted_at",
    ]
    search_fields = ["search"]
    search_help_text = "서비스명, 공급기업, 소개에서 두 글자부터"
    ordering = ["-pk"]
    sorts = [Sort("code"), Sort("price", ["price_won", "pk"])]
    acts = [
        Act("sell", "판매 시작", sell, done="판매를 시작했습니다.", move=ServiceMoves.SELL),
        Act(
            "suspend",
            "판매 중지 제안",
            propose_suspension,
            done="판매 중지를 제안했습니다. 다른 사람이 확정하기 전에는 판매가 이어집니다.",
            move=ServiceMoves.SUSPEND,
            form=REASON,
            danger=True,
        ),
        Act(
            "resume",
            "판매 재개",
            resume,
            done="판매를 다시 시작했습니다.",
            move=ServiceMoves.RESUME,
            form=REASON,
        ),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Service], search_term: str
    ) -> tuple[QuerySet[Service], bool]:
        try:
            return catalogue.containing(queryset, search_term), False
        except PortalError as refused:
            messages.info(request, refused.message)
            return queryset.none(), False

    @admin.display(description="가격", ordering="price_won")
    def price(self, service: Service) -> str:
        return won(service.price_won)

    @admin.display(description="상태")
    def badge(self, service: Service) -> str:
        return badge(service.get_state_display(), tone=TONES[ServiceState(service.state)])


auditlog.register(SupplierMember)


class ImportForm(forms.Form):
    kind = forms.ChoiceField(label="종류", choices=ImportKind.choices)
    file = forms.FileField(
        label="파일",
        allow_empty_file=True,
        help_text=f"CSV(UTF-8 또는 CP949) {settings.TABLE_MAX_BYTES // 1024**2} MB까지, "
        f"XLSX {settings.UPLOAD_MAX_BYTES // 1024**2} MB까지",
    )


def apply_import(
    request: HttpRequest, file: CatalogueImport, data: dict[str, Any], at: datetime
) -> None:
    importing.confirm(
        file,
        basis=data["basis"],
        emptying=data.get("emptying", False),
        by=person(request),
        now=at,
    )


def is_ready(_request: HttpRequest, file: CatalogueImport) -> bool:
    return bool(file.basis and not file.imported_at and file.created + file.changed)


def confirm_form(_request: HttpRequest, file: CatalogueImport) -> type[forms.Form]:
    """Return a form that carries the preview the person saw."""
    fields: dict[str, forms.Field] = {
        "basis": forms.CharField(
            max_length=64, initial=file.basis, widget=forms.HiddenInput(), required=True
        )
    }
    if file.emptied:
        fields["emptying"] = forms.BooleanField(
            label=f"지금 있는 값이 비워지는 {file.emptied:,}줄을 확인했습니다.",
            error_messages={"required": "비워지는 값을 확인하고 표시해 주세요."},
        )
    return type("ConfirmForm", (forms.Form,), fields)


def what_changes(file: CatalogueImport) -> str:
    said = f"새로 등록 {file.created:,}줄, 변경 {file.changed:,}줄, 그대로 {file.unchanged:,}줄"
    return f"{said}\n지금 있는 값이 비워지는 줄 {file.emptied:,}줄" if file.emptied else said


@admin.register(CatalogueImport)
class CatalogueImportAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
    change_list_template = "admin/vouchers/catalogue/imports.html"
    page_template = "admin/vouchers/catalogue/import.html"
    list_display = ["name", "kind", "asked", "requested_by", "outcome"]
    list_filter = ["kind"]
    list_select_related = ["requested_by", "job"]
    ordering = ["-pk"]
    sorts = [Sort("asked")]
    acts = [
        Act(
            "apply",
            "반영",
            apply_import,
            done="반영을 시작했습니다. 그 사이 목록이 바뀌었으면 반영하지 않고 다시 보여 드립니다.",
            roles=sorted(EDITORS),
            form=confirm_form,
            show=is_ready,
            intro=what_changes,
        )
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.start_view)
        return [path("start/", page, name="vouchers_catalogueimport_start"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = bool(roles_of(request.user) & EDITORS)
        return super().changelist_view(request, {"may_start": may, **(extra_context or {})})

    def start_view(self, request: HttpRequest) -> HttpResponse:
        if not roles_of(request.user) & EDITORS:
            raise Http404
        return self.start_page(
            request,
            ImportForm(request.POST or None, request.FILES or None),
            lambda data, at: importing.start(
                data["kind"], upload=data["file"], by=person(request), now=at
            ),
            template="admin/vouchers/catalogue/import_start.html",
            title="일괄 등록",
            done="파일을 받았습니다. 줄마다 검토하고, 무엇이 바뀌는지 보여 드립니다.",
            columns=[
                ("공급기업", ", ".join(rows.SUPPLIER_COLUMNS)),
                ("서비스", ", ".join(rows.SERVICE_COLUMNS)),
            ],
        )

    def page(self, request: HttpRequest, file: CatalogueImport) -> dict[str, Any]:
        chosen = request.GET.get("outcome", "")
        if chosen not in (*ImportOutcome.values, EMPTIED):
            chosen = ""
        outcome = chosen or _first_shown(file)
        results = file.rows.order_by("line")
        if outcome == EMPTIED:
            results = results.filter(emptied=True)
        elif outcome:
            results = results.filter(outcome=outcome)
        after = request.GET.get("after", "")
        if after.isascii() and after.isdecimal() and len(after) < 9:
            results = results.filter(line__gt=int(after))
        shown = list(results[: SHOWN_ROWS + 1])
        ready = is_ready(request, file) and not _is_working(file)
        apply = next((url for act, url in super().buttons(request, file)), "") if ready else ""
        return {
            "buttons": [],  # the form stands below what it confirms
            "apply_url": apply,
            "seen": self.token_for(request, file, "apply") if apply else "",
            "form": confirm_form(request, file)() if apply else None,
            "working": _is_working(file),
            "mine": file.job is not None and file.job.requested_by_id == request.user.pk,
            "rows": [(row, _windows(row.changes)) for row in shown[:SHOWN_ROWS]],
            "following": shown[SHOWN_ROWS - 1].line if len(shown) > SHOWN_ROWS else "",
            "outcome": outcome,
            "counts": [
                (value, label, getattr(file, value)) for value, label in ImportOutcome.choices
            ],
        }

    @admin.display(description="요청 시각")
    def asked(self, file: CatalogueImport) -> str:
        return kst(file.requested_at)

    @admin.display(description="결과")
    def outcome(self, file: CatalogueImport) -> str:
        if file.imported_at:
            return "반영함"
        if file.judged_at and file.refused:
            return f"반영하지 않음(오류 {file.refused:,}줄)"
        if file.fault or (file.judged_at and not file.confirmed_at):
            return file.fault or "미리 보기(반영하지 않음)"
        return file.job.get_state_display() if file.job else ""


def _is_working(file: CatalogueImport) -> bool:
    return file.job is not None and file.job.state in (JobState.QUEUED, JobState.RUNNING)


def _first_shown(file: CatalogueImport) -> str:
    """Return which lines are shown first: what is wrong, else what becomes empty, else what changes."""
    for value in (ImportOutcome.REFUSED, EMPTIED, ImportOutcome.CHANGED, ImportOutcome.CREATED):
        if getattr(file, str(value)):
            return str(value)
    return ""


def _windows(changes: list[list[str]]) -> list[tuple[str, str, str]]:
    return [(column, *_window(old, new)) for column, old, new in changes]


def _window(old: str, new: str) -> tuple[str, str]:
    """Cut two long values around the place where they begin to differ."""
    start = 0
    if max(len(old), len(new)) > LONGEST_VALUE:
        same = next(
            (at for at, (one, two) in enumerate(zip(old, new, strict=False)) if one != two),
            min(len(old), len(new)),
        )
        start = max(0, same - 30)
    return _cut(old, start), _cut(new, start)


def _cut(text: str, start: int) -> str:
    part = text[start : start + LONGEST_VALUE]
    before, after = "…" if start and part else "", "…" if start + LONGEST_VALUE < len(text) else ""
    return f"{before}{part}{after}"
