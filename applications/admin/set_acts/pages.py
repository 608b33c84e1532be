"""Acts on all that a list selects: choose, confirm the exact count, follow, read the results."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from applications.admin.set_acts.lists import ACTING_ROLES, LIST, PICKED
from applications.models import Agreement, Application, SetAct
from applications.queries import set_acts as queries
from applications.queries.officers.charge import eligible_among
from applications.services.set_acts import running
from applications.services.set_acts.acts import ACTS
from applications.services.set_acts.batches import Chosen, Confirmed
from applications.states import SetActKind, SetActState, SetOutcome
from applications.visibility import set_acts_of
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.validators import row_number
from portal.forms.fields import NameField
from portal.forms.people import PersonField
from portal.forms.ranges import within
from portal.paper import tables
from portal.staff.acts import Act
from portal.staff.forms import note_form, text
from portal.staff.jobs import JobProgressAdmin
from portal.staff.list_pages import WHOLE
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from programs.roles import STAFF_READERS

KIND, COUNT, DIGEST = "_act", "confirmed", "chosen"
OWN = {LIST, PICKED, KIND, "p", "e", "o"}
PAGE = 100
CHOOSE = "admin/applications/set_acts/choose.html"
CONFIRM = "admin/applications/set_acts/confirm.html"
K = SetActKind
TONES = {
    SetActState.RUNNING: "info",
    SetActState.DONE: "success",
    SetActState.CANCELLED: "warning",
    SetActState.UNDONE: "neutral",
}
REASON_HELP = "신청마다 처리 이력에 남습니다."
INTRO: Mapping[SetActKind, str] = {
    K.TAKE_UP: "접수된 신청의 요건을 자동으로 판정하고 요건검토를 시작합니다.",
    K.CONFIRM: "포털의 기록이나 계산만으로 판정한 요건 가운데 ‘충족’인 것을 확인합니다. "
    "기업이 답한 내용이나 서류로 판단할 요건은 하나씩 확인해야 합니다.",
    K.QUALIFY: "모든 요건이 ‘충족’으로 확인되고, 답을 기다리는 보완 요청, 확인 전인 가점, 떼지 않은 표시가 "
    "없는 신청만 평가로 넘깁니다. 나머지는 까닭을 남기고 건너뜁니다.",
    K.ASK: "신청마다 같은 보완을 요청하고 신청기업에 이메일로 알립니다.",
    K.REMIND: "답을 기다리는 보완 요청의 기한을 신청기업에 이메일로 다시 알립니다. "
    "신청마다 하루에 한 번만 보냅니다.",
    K.HAND_OVER: "신청의 담당자를 바꿉니다. 담당자는 자기가 맡은 신청만, 결정권자는 모든 신청을 넘길 수 있습니다.",
    K.CONCLUDE: "서류를 모두 확인했고 기업이 서명한 협약서에 부처를 대신해 서명합니다. "
    "확인 화면을 연 뒤에 바뀐 협약서에는 서명하지 않습니다.",
    K.REQUEST_PAY: "지급 조건을 채운 차수의 지급을 요청합니다. 다른 결정권자가 승인해야 지급됩니다. "
    "확인 화면을 연 뒤에 바뀐 차수는 요청하지 않습니다.",
    K.PAY: "다른 사람이 요청한 차수를 지급합니다. 직접 요청한 차수와 확인 화면을 연 뒤에 요청한 차수는 "
    "건너뜁니다.",
    K.CLOSE: "원장과 정산이 맞는 협약을 종료하고 기업에 알립니다.",
}


@dataclass(frozen=True)
class Source:
    """A list whose rows stand for applications: its model and the column with their keys."""

    model: type[Application | Agreement]
    application: str
    kinds: Sequence[SetActKind]


SOURCES: Mapping[str, Source] = {
    "applications": Source(
        Application, "pk", (K.TAKE_UP, K.CONFIRM, K.QUALIFY, K.ASK, K.REMIND, K.HAND_OVER)
    ),
    "agreements": Source(Agreement, "application_id", (K.CONCLUDE, K.REQUEST_PAY, K.PAY, K.CLOSE)),
}


class StartForm(forms.Form):
    """The reason, and what the act needs beside it."""

    reason = text("사유", max_length=500, help_text=REASON_HELP)

    def options(self) -> dict[str, Any]:
        whole = self.cleaned_data.items()
        return {name: value for name, value in whole if name != "reason"}


class AskForm(StartForm):
    message = text(
        "요청 내용",
        max_length=2_000,
        rows=5,
        help_text="신청기업에 그대로 알립니다. 무엇을 어떻게 고쳐야 하는지 적어 주세요.",
    )
    days = forms.IntegerField(
        label="기한(일)",
        required=False,
        help_text="비워 두면 내역사업마다 정한 기한을 따릅니다.",
        validators=[within("supplement_days")],
    )
    field_order = ["message", "requirements", "days", "reason"]

    def options(self) -> dict[str, Any]:
        return {"requirements": [], **super().options()}


class SignForm(StartForm):
    name = NameField(
        label="서명(이름)", max_length=50, help_text="계정의 이름과 똑같이 입력하세요."
    )
    agreed = forms.BooleanField(
        label="동의합니다", help_text="고른 협약서의 내용을 모두 확인하고 부처를 대신해 서명합니다."
    )
    field_order = ["name", "agreed", "reason"]


class HandOverForm(StartForm):
    """The officer who is to have the files; kept by key."""

    field_order = ["officer", "reason"]

    def options(self) -> dict[str, Any]:
        return {"officer": self.cleaned_data["officer"].pk}


def hand_over_form(chosen: QuerySet[Application]) -> type[StartForm]:
    programs = chosen.order_by().values("sub_program").distinct()
    people = eligible_among(programs)
    field = PersonField(label="넘겨받을 담당자", queryset=people)
    return type("HandOverToForm", (HandOverForm,), {"officer": field})


def form_of(kind: SetActKind, chosen: QuerySet[Application]) -> type[StartForm]:
    if kind == K.CONCLUDE:
        return SignForm
    if kind == K.HAND_OVER:
        return hand_over_form(chosen)
    if kind != K.ASK:
        return StartForm
    documents = queries.common_documents(chosen)
    if not documents:
        return AskForm
    field = forms.MultipleChoiceField(
        label="다시 받을 서류",
        required=False,
        choices=list(documents.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    return type("AskDocumentsForm", (AskForm,), {"requirements": field})


def cancel(request: HttpRequest, act: SetAct, data: dict[str, Any], at: datetime) -> None:
    running.cancel(act, by=person(request), now=at)


def undo(request: HttpRequest, act: SetAct, data: dict[str, Any], at: datetime) -> SetAct:
    return running.undo(act, reason=data["reason"], by=person(request), now=at)


def acts_now(request: HttpRequest, act: SetAct) -> bool:
    return bool(roles_of(person(request)) & set(ACTS[SetActKind(act.kind)].roles))


@admin.register(SetAct)
class SetActAdmin(JobProgressAdmin):
    read_roles = STAFF_READERS
    page_template = "admin/applications/set_acts/page.html"
    list_display = ["name", "state_label", "figures", "requested_by", "requested"]
    list_filter = ["state", "kind"]
    list_select_related = ["requested_by"]
    acts = [
        Act(
            "cancel",
            "처리 취소",
            cancel,
            done="다음 묶음부터 처리하지 않습니다. 이미 처리한 신청은 그대로입니다.",
            show=lambda request, act: (
                acts_now(request, act) and act.state == SetActState.RUNNING
            ),
            intro="지금 처리하고 있는 묶음까지만 처리하고 멈춥니다. 이미 처리한 신청은 그대로 둡니다.",
            danger=True,
        ),
        Act(
            "undo",
            "처리 되돌리기",
            undo,
            done=lambda made: f"{made.count:,}건을 되돌리기 시작했습니다. {made}에서 볼 수 있습니다.",
            form=note_form("reason", max_length=500, help_text=REASON_HELP),
            show=lambda request, act: (
                acts_now(request, act) and running.undoable(act) and act.done > 0
                and not act.undone_by.exclude(state=SetActState.CANCELLED).exists()
            ),
            intro="처리한 신청을 하나씩 살펴, 그 뒤에 다른 처리가 없는 것만 되돌립니다. "
            "되돌리지 못한 신청은 까닭을 남깁니다.",
            danger=True,
        ),
    ]  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        start = self.admin_site.admin_view(self.start_view)
        results = self.admin_site.admin_view(self.results_view)
        return [
            path("start/", start, name="applications_setact_start"),
            path("<int:pk>/results/", results, name="applications_setact_results"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SetAct]:
        rows = set_acts_of(person(request))
        return rows.select_related("job", "requested_by", "ended_by", "undoes")

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Choose the act for what a list selects, then confirm the exact count and start it."""
        source = SOURCES.get(request.GET.get(LIST, "applications"))
        held = roles_of(person(request))
        if source is None or not held & ACTING_ROLES:
            raise Http404
        listed = self._list(request, source)
        chosen = _chosen(request, source, listed)
        offered = [kind for kind in source.kinds if held & set(ACTS[kind].roles)]
        kind = next((row for row in offered if row == request.GET.get(KIND)), None)
        selection = _selection(request, source, listed)
        context = {
            "selection": selection["words"],
            "list_url": _list_url(request, source),
            "choose_url": _with(request, None),
        }
        if kind is None:
            rows = [
                {"label": row.label, "intro": INTRO[row], "estimate": _estimate(row, chosen)}
                | {"url": _with(request, row)}
                for row in offered
            ]
            return self.render(request, None, CHOOSE, title="함께 처리", rows=rows, **context)
        # First, so that nothing on the page is older than what the button confirms.
        shown = running.choose(kind, chosen)
        estimate = _estimate(kind, chosen)
        form = form_of(kind, chosen)(request.POST or None)
        return self.start_page(
            request,
            form,
            lambda data, at: running.start(
                kind,
                chosen,
                confirmed=_confirmed(request),
                selection=selection,
                options=form.options(),
                reason=data["reason"],
                by=person(request),
                now=at,
            ),
            template=CONFIRM,
            title=kind.label,
            done="처리를 시작했습니다. 진행 상황이 이 화면에 나타납니다.",
            intro=INTRO[kind],
            estimate=estimate,
            confirmed=shown.confirmed,
            money=_money(request, kind, shown),
            undoable=ACTS[kind].undo is not None,
            most=running.MOST,
            too_many=estimate.count > running.MOST,
            **context,
        )

    def page(self, request: HttpRequest, act: SetAct) -> dict[str, Any]:
        shown = request.GET.get("show", "")
        counts: dict[str, int] = {SetOutcome.DONE: act.done, SetOutcome.SKIPPED: act.skipped}
        total = counts.get(shown, act.done + act.skipped)
        pages = Paginator(range(total), PAGE)
        page = pages.get_page(row_number(request.GET.get("p", "1")) or 1)
        first = (page.number - 1) * PAGE
        return {
            "title": str(act),
            "state_badge": state_badge(act),
            "words": act.selection.get("words", []),
            "rows": queries.results(act, shown)[first : first + PAGE],
            "reasons": queries.reasons(act),
            "shown": shown,
            "numbers": page,
            "undone": act.undone_by.order_by("pk"),
            **self.job_context(act),
        }

    def results_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Return every result as CSV, or those of one outcome."""
        act = self.get_or_404(request, pk)
        shown = request.GET.get("show", "")
        name = f"일괄처리{act.pk}_결과"
        rows = queries.lines(act, shown)
        return tables.table(request, SetAct, name, queries.HEADER, rows, at=now())

    def _list(self, request: HttpRequest, source: Source) -> Any:
        """Return the list as this person's request for its page selects it, with every row."""
        asked: Any = copy(request)
        asked.method, asked.GET, asked.POST = "GET", _filter_of(request), QueryDict()
        asked.__dict__[WHOLE] = True
        screen: Any = self.admin_site._registry[source.model]
        try:
            return screen.get_changelist_instance(asked)
        except IncorrectLookupParameters as unknown:
            raise Http404 from unknown

    @admin.display(description="처리")
    def name(self, act: SetAct) -> str:
        return str(act)

    @admin.display(description="상태")
    def state_label(self, act: SetAct) -> SafeString:
        return state_badge(act)

    @admin.display(description="결과")
    def figures(self, act: SetAct) -> str:
        return f"{act.count:,}건 가운데 처리 {act.done:,}건, 건너뜀 {act.skipped:,}건"

    @admin.display(description="시작 시각")
    def requested(self, act: SetAct) -> str:
        return kst(act.requested_at)


def _chosen(request: HttpRequest, source: Source, listed: Any) -> QuerySet[Application]:
    """Return the applications of every row that the list selects, or of those ticked."""
    rows = listed.queryset
    if PICKED in request.GET:
        ids = [row_number(part) for part in request.GET[PICKED].split(",")]
        rows = rows.filter(pk__in=[pk for pk in ids if pk is not None])
    keys = rows.order_by().values(source.application)
    return Application.objects.filter(pk__in=keys)


def _selection(request: HttpRequest, source: Source, listed: Any) -> dict[str, Any]:
    """Return the filter as data and in words, as the act keeps it."""
    query = _filter_of(request)
    words = [chip.words for chip in listed.chips()]
    if picked := request.GET.get(PICKED, ""):
        words.append(f"고른 줄: {len(picked.split(',')):,}건")
    label = source.model._meta.label_lower
    return {"list": label, "query": query.urlencode(), "picked": picked, "words": words}


def _estimate(kind: SetActKind, chosen: QuerySet[Application]) -> queries.Estimate:
    spec = ACTS[kind]
    return queries.estimate(chosen, spec.states, of_agreements=spec.of_agreements)


def _confirmed(request: HttpRequest) -> Confirmed:
    count = row_number(request.POST.get(COUNT, "")) or 0
    return Confirmed(count, request.POST.get(DIGEST, ""))


def _money(request: HttpRequest, kind: SetActKind, shown: Chosen) -> queries.Money | None:
    """Return the sums of an act on instalments, None for other acts."""
    if kind not in {K.PAY, K.REQUEST_PAY}:
        return None
    return queries.money(shown.facts.values(), reader=person(request))


def _filter_of(request: HttpRequest) -> QueryDict:
    """Return the parameters of the list alone."""
    found = request.GET.copy()
    for name in OWN:
        found.pop(name, None)
    return found


def _with(request: HttpRequest, kind: SetActKind | None) -> str:
    query = request.GET.copy()
    query.pop(KIND, None)
    if kind is not None:
        query[KIND] = kind
    return f"?{query.urlencode()}"


def _list_url(request: HttpRequest, source: Source) -> str:
    name = f"admin:{source.model._meta.app_label}_{source.model._meta.model_name}_changelist"
    query = _filter_of(request).urlencode()
    return reverse(name) + (f"?{query}" if query else "")


def state_badge(act: SetAct) -> SafeString:
    return badge(act.get_state_display(), tone=TONES[SetActState(act.state)])
