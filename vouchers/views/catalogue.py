"""The public service catalogue: search, one service, comparison."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from portal.access.decorators import may_be_older, public, same_for_strangers
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
from vouchers.forms.catalogue import SearchForm
from vouchers.queries import catalogue
from vouchers.states import ServiceState, SuspensionState
from vouchers.views.panel import panel_cards
from vouchers.visibility import public_services, services_of

PAGE = 20
LIMIT = 1_000  # rows reachable by paging; the total is not counted
MOST_COMPARED = 4
TONES = {
    ServiceState.REGISTERED: "neutral",
    ServiceState.ON_SALE: "success",
    ServiceState.SUSPENDED: "danger",
}


@public
@same_for_strangers("page")
@may_be_older
@require_safe
def service_list(request: HttpRequest) -> HttpResponse:
    at = now()
    form = SearchForm(request.GET or None)
    rows, following, page = [], "", _page(request)
    if not form.is_bound or form.is_valid():
        search = form.search() if form.is_bound else catalogue.Search()
        order = form.cleaned_data.get("order", "") if form.is_bound else ""
        try:
            matching = catalogue.matching(public_services(), search)
        except PortalError as refused:
            refuse(form, refused, fields={refused.code: "q"})
        else:
            start = (page - 1) * PAGE
            listed = catalogue.with_supplier(catalogue.ordered(matching, order))
            rows = list(listed[start : start + PAGE + 1])
            following = "" if len(rows) <= PAGE else _address(request, page + 1)
            rows = rows[:PAGE]
    last = page * PAGE >= LIMIT
    context = {
        "now": at,
        "form": form,
        "searched": bool(request.GET),
        "rows": [{"service": row, "tone": TONES[ServiceState(row.state)]} for row in rows],
        "previous": _address(request, page - 1) if page > 1 else "",
        "next": "" if last else following,
        "more": bool(following) and last,
        "limit": LIMIT,
        "quoted": catalogue.quoted(),
        "panels": panel_cards(at),
    }
    return render(request, "vouchers/catalogue/list.html", context)


@public
@same_for_strangers()
@may_be_older
@require_safe
def service_detail(request: HttpRequest, code: str) -> HttpResponse:
    rows = catalogue.history(services_of(request.user))
    service = get_object_or_404(rows, code=code)
    suspended = next((row for row in service.moves.all() if row.move == "suspend"), None)
    context = {
        "service": service,
        "tone": TONES[ServiceState(service.state)],
        "suspended": suspended if service.state == ServiceState.SUSPENDED else None,
        "contested": service.suspensions.filter(
            state=SuspensionState.IN_FORCE, objected_at__isnull=False, decided_at=None
        ).exists(),
    }
    return render(request, "vouchers/catalogue/detail.html", context)


@public
@may_be_older
@require_safe
def service_compare(request: HttpRequest) -> HttpResponse:
    codes = list(dict.fromkeys(request.GET.getlist("s")))
    if len(codes) > MOST_COMPARED:
        messages.info(request, f"{MOST_COMPARED}개까지 비교합니다. 먼저 고른 것만 보여 드립니다.")
    codes = codes[:MOST_COMPARED]
    by_code = {
        row.code: row for row in public_services().select_related("supplier").filter(code__in=codes)
    }
    services = [by_code[code] for code in codes if code in by_code]
    if len(services) < 2:
        messages.info(request, "비교할 서비스를 두 개 이상 고르세요.")
        return redirect("service_list")
    context = {
        "services": services,
        "badges": [(row, TONES[ServiceState(row.state)]) for row in services],
        "without": [
            (row, urlencode([("s", code) for code in codes if code != row.code]))
            for row in services
        ],
        "may_drop": len(services) > 2,
    }
    return render(request, "vouchers/catalogue/compare.html", context)


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1
    return min(max(number, 1), LIMIT // PAGE)


def _address(request: HttpRequest, page: int) -> str:
    params = request.GET.copy()
    params["page"] = str(page)
    return f"?{params.urlencode()}"
