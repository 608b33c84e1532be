"""The public catalogue: search, one service, several side by side."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from portal.access.decorators import public
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
from vouchers.forms.catalogue import SearchForm
from vouchers.queries import catalogue
from vouchers.queries.reports import publication
from vouchers.states import ServiceState
from vouchers.views.panel import panel_cards
from vouchers.visibility import public_services, services_of

PAGE = 20
LIMIT = 1_000  # rows that a list leads through; nobody counts the rest
MOST_COMPARED = 4
TONES = {
    ServiceState.REGISTERED: "neutral",
    ServiceState.ON_SALE: "success",
    ServiceState.SUSPENDED: "danger",
}


@public
@require_safe
def service_list(request: HttpRequest) -> HttpResponse:
    """Search the services; the first page also says what the panel is and when it recruits."""
    at = now()
    form = SearchForm(request.GET or None)
    rows, following, place = [], "", _page(request)
    if not form.is_bound or form.is_valid():
        asked = form.asked() if form.is_bound else catalogue.Asked()
        order = form.cleaned_data.get("order", "") if form.is_bound else ""
        try:
            matching = catalogue.found(public_services(), asked)
        except PortalError as refused:
            refuse(form, refused, fields={refused.code: "q"})
        else:
            start = (place - 1) * PAGE
            listed = catalogue.with_supplier(catalogue.ordered(matching, order))
            rows = list(listed[start : start + PAGE + 1])
            following = "" if len(rows) <= PAGE else _address(request, place + 1)
            rows = rows[:PAGE]
    last = place * PAGE >= LIMIT
    context = {
        "now": at,
        "form": form,
        "searched": bool(request.GET),
        "rows": [{"service": row, "tone": TONES[ServiceState(row.state)]} for row in rows],
        "previous": _address(request, place - 1) if place > 1 else "",
        "next": "" if last else following,
        "more": bool(following) and last,
        "limit": LIMIT,
        "place": place,
        "quoted": catalogue.quoted(),
        "panels": panel_cards(at),
    }
    return render(request, "vouchers/catalogue/list.html", context)


@public
@require_safe
def service_detail(request: HttpRequest, code: str) -> HttpResponse:
    """Tell everything about one service, and what the panel says of it."""
    rows = catalogue.history(services_of(request.user))
    service = get_object_or_404(rows, code=code)
    stopped = next((row for row in service.moves.all() if row.move == "suspend"), None)
    context = {
        "service": service,
        "tone": TONES[ServiceState(service.state)],
        "stopped": stopped if service.state == ServiceState.SUSPENDED else None,
    }
    return render(request, "vouchers/catalogue/detail.html", context)


@public
@require_safe
def service_compare(request: HttpRequest) -> HttpResponse:
    """Put up to four services side by side."""
    codes = list(dict.fromkeys(request.GET.getlist("s")))
    if len(codes) > MOST_COMPARED:
        messages.info(request, f"{MOST_COMPARED}개까지 비교합니다. 먼저 고른 것만 보여 드립니다.")
    codes = codes[:MOST_COMPARED]
    there = {
        row.code: row for row in public_services().select_related("supplier").filter(code__in=codes)
    }
    services = [there[code] for code in codes if code in there]
    if len(services) < 2:
        messages.info(request, "비교할 서비스를 두 개 이상 고르세요.")
        return redirect("service_list")
    spoken = publication.spoken_of(services)
    context = {
        "services": services,
        "badges": [(row, TONES[ServiceState(row.state)]) for row in services],
        "spoken": [(row, *spoken[row.pk]) for row in services],
        "without": [
            (row, urlencode([("s", code) for code in codes if code != row.code]))
            for row in services
        ],
        "may_drop": len(services) > 2,
    }
    return render(request, "vouchers/catalogue/compare.html", context)


def _page(request: HttpRequest) -> int:
    wanted = request.GET.get("page", "")
    number = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 6 else 1
    return min(max(number, 1), LIMIT // PAGE)


def _address(request: HttpRequest, page: int) -> str:
    words = request.GET.copy()
    words["page"] = str(page)
    return f"?{words.urlencode()}"
