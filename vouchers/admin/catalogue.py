"""The catalogue's desk: services and their sale, suppliers and their people, imports."""

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

from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import show_error
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from vouchers.models import CatalogueImport, Service, SupplierMember
from vouchers.queries import catalogue as queries
from vouchers.roles import AGENCY, PANEL_OPERATOR
from vouchers.services.catalogue import importing, sale
from vouchers.states import ImportKind, ImportOutcome, ServiceMoves, ServiceState
from vouchers.visibility import STAFF

READERS = sorted(STAFF)


ARRANGERS = (PANEL_OPERATOR, AGENCY)


SHOWN_ROWS = 200


TONES = {
    ServiceState.REGISTERED: "neutral",
    ServiceState.ON_SALE: "success",
    ServiceState.SUSPENDED: "danger",
}


ReasonForm = note_form("reason", max_length=300)


def sell(request: HttpRequest, thing: Service, data: dict[str, Any], at: datetime) -> str:
    """Begin the sale."""
    sale.sell(thing, by=request.user, now=at)
    return "판매를 시작했습니다."


def suspend(request: HttpRequest, thing: Service, data: dict[str, Any], at: datetime) -> str:
    """Stop the sale."""
    sale.suspend(thing, by=request.user, now=at, **data)
    return "판매를 중지했습니다. 사유는 서비스 화면에 공개됩니다."


def resume(request: HttpRequest, thing: Service, data: dict[str, Any], at: datetime) -> str:
    """Let the sale go on."""
    sale.resume(thing, by=request.user, now=at, **data)
    return "판매를 다시 시작했습니다."


@admin.register(Service)
class ServiceAdmin(WorkflowAdmin):
    """Services: found by the same index as on the public page."""

    read_roles = READERS
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
        Act("sell", "판매 시작", sell, move=ServiceMoves.SELL),
        Act(
            "suspend", "판매 중지", suspend, move=ServiceMoves.SUSPEND, form=ReasonForm, danger=True
        ),
        Act("resume", "판매 재개", resume, move=ServiceMoves.RESUME, form=ReasonForm),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Service], search_term: str
    ) -> tuple[QuerySet[Service], bool]:
        """Search by pairs of letters; a single letter finds nothing."""
        try:
            return queries.holding(queryset, search_term), False
        except PortalError as refused:
            messages.info(request, refused.message)
            return queryset.none(), False

    @admin.display(description="상태")
    def badge(self, thing: Service) -> str:
        """The state as a badge."""
        return badge(thing.get_state_display(), tone=TONES[ServiceState(thing.state)])


auditlog.register(SupplierMember)


class ImportForm(forms.Form):
    """A table of suppliers or services."""

    kind = forms.ChoiceField(label="종류", choices=ImportKind.choices)
    file = forms.FileField(
        label="파일",
        allow_empty_file=True,
        help_text=f"CSV(UTF-8 또는 CP949) {settings.TABLE_MAX_BYTES // 1024**2} MB까지, "
        f"XLSX {settings.UPLOAD_MAX_BYTES // 1024**2} MB까지",
    )


@admin.register(CatalogueImport)
class CatalogueImportAdmin(WorkflowAdmin):
    """Imports: all of a file or nothing, told line by line."""

    read_roles = sorted({*READERS} - {"moderator"})
    change_list_template = "admin/vouchers/catalogue/imports.html"
    page_template = "admin/vouchers/catalogue/import.html"
    list_display = ["name", "kind", "asked", "requested_by", "outcome"]
    list_filter = ["kind"]
    list_select_related = ["requested_by", "job"]
    ordering = ["-pk"]

    def get_urls(self) -> list[URLPattern]:
        """Add the page that starts an import."""
        page = self.admin_site.admin_view(self.start_view)
        return [path("start/", page, name="vouchers_catalogueimport_start"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Offer to start an import to those who may."""
        may = bool(roles_of(request.user) & set(ARRANGERS))
        return super().changelist_view(request, {"may_start": may, **(extra_context or {})})

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file and ask for its import."""
        if not roles_of(request.user) & set(ARRANGERS):
            raise Http404
        form = ImportForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                made = importing.start(
                    form.cleaned_data["kind"],
                    upload=form.cleaned_data["file"],
                    by=request.user,
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
                ("공급기업", ", ".join(importing.rows.SUPPLIER_COLUMNS)),
                ("서비스", ", ".join(importing.rows.SERVICE_COLUMNS)),
            ],
        )

    def page(self, request: HttpRequest, thing: CatalogueImport) -> dict[str, Any]:
        """Progress, sums and what became of each line, the faulty ones first."""
        wanted = request.GET.get("outcome", "")
        chosen = wanted if wanted in ImportOutcome.values else ""
        outcome = chosen or (ImportOutcome.REFUSED if thing.refused else "")
        rows = thing.rows.order_by("line")
        if outcome:
            rows = rows.filter(outcome=outcome)
        after = request.GET.get("after", "")
        if after.isascii() and after.isdecimal() and len(after) < 9:
            rows = rows.filter(line__gt=int(after))
        shown = list(rows[: SHOWN_ROWS + 1])
        return {
            "mine": thing.requested_by_id == request.user.pk,
            "rows": shown[:SHOWN_ROWS],
            "following": shown[SHOWN_ROWS - 1].line if len(shown) > SHOWN_ROWS else "",
            "outcome": outcome,
            "counts": [
                (value, label, getattr(thing, value)) for value, label in ImportOutcome.choices
            ],
        }

    @admin.display(description="요청 시각")
    def asked(self, thing: CatalogueImport) -> str:
        """When."""
        return kst(thing.requested_at)

    @admin.display(description="결과")
    def outcome(self, thing: CatalogueImport) -> str:
        """In a word."""
        if thing.imported_at:
            return "반영함"
        if thing.judged_at:
            return f"반영하지 않음(오류 {thing.refused:,}줄)" if thing.refused else thing.fault
        return thing.job.get_state_display() if thing.job else ""
