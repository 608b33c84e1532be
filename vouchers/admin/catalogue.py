"""Staff screens of services and of catalogue imports."""

from datetime import datetime
from typing import Any

from auditlog.registry import auditlog
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import show_error
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form
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
TONES = {
    ServiceState.REGISTERED: "neutral",
    ServiceState.ON_SALE: "success",
    ServiceState.SUSPENDED: "danger",
}


def sell(request: HttpRequest, service: Service, data: dict[str, Any], at: datetime) -> None:
    sale.sell(service, by=person(request), now=at)


def suspend(request: HttpRequest, service: Service, data: dict[str, Any], at: datetime) -> None:
    sale.suspend(service, by=person(request), now=at, **data)


def resume(request: HttpRequest, service: Service, data: dict[str, Any], at: datetime) -> None:
    sale.resume(service, by=person(request), now=at, **data)


@admin.register(Service)
class ServiceAdmin(WorkflowAdmin):
    read_roles = sorted(STAFF)
    list_display = ["code", "name", "supplier", "category", "price_won", "badge"]
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
    acts = [
        Act("sell", "판매 시작", sell, done="판매를 시작했습니다.", move=ServiceMoves.SELL),
        Act(
            "suspend",
            "판매 중지",
            suspend,
            done="판매를 중지했습니다. 사유는 서비스 화면에 공개됩니다.",
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


@admin.register(CatalogueImport)
class CatalogueImportAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
    change_list_template = "admin/vouchers/catalogue/imports.html"
    page_template = "admin/vouchers/catalogue/import.html"
    list_display = ["name", "kind", "asked", "requested_by", "outcome"]
    list_filter = ["kind"]
    list_select_related = ["requested_by", "job"]
    ordering = ["-pk"]

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
        form = ImportForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                made = importing.start(
                    form.cleaned_data["kind"],
                    upload=form.cleaned_data["file"],
                    by=person(request),
                    now=now(),
                )
            except PortalError as error:
                show_error(request, error)
            else:
                messages.success(
                    request, "파일을 받았습니다. 줄마다 검토한 뒤 한꺼번에 반영합니다."
                )
                return redirect("admin:vouchers_catalogueimport_change", made.pk)
        return self.render(
            request,
            None,
            "admin/vouchers/catalogue/import_start.html",
            title="일괄 등록",
            form=form,
            columns=[
                ("공급기업", ", ".join(rows.SUPPLIER_COLUMNS)),
                ("서비스", ", ".join(rows.SERVICE_COLUMNS)),
            ],
        )

    def page(self, request: HttpRequest, file: CatalogueImport) -> dict[str, Any]:
        chosen = request.GET.get("outcome", "")
        if chosen not in ImportOutcome.values:
            chosen = ""
        outcome = chosen or (ImportOutcome.REFUSED if file.refused else "")
        results = file.rows.order_by("line")
        if outcome:
            results = results.filter(outcome=outcome)
        after = request.GET.get("after", "")
        if after.isascii() and after.isdecimal() and len(after) < 9:
            results = results.filter(line__gt=int(after))
        shown = list(results[: SHOWN_ROWS + 1])
        return {
            "mine": file.requested_by_id == request.user.pk,
            "rows": shown[:SHOWN_ROWS],
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
        if file.judged_at:
            return f"반영하지 않음(오류 {file.refused:,}줄)" if file.refused else file.fault
        return file.job.get_state_display() if file.job else ""
