"""The pages beside a staff list: its columns, its saved views, its download."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import label_for_field
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR, ChangeList
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode

from portal.access.requests import person
from portal.access.roles import declared
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import show_error
from portal.models import SavedView
from portal.paper import workbooks
from portal.staff import exports, saved, sorting
from portal.staff.sorting import Sort

WHOLE = "every_row"
OWN = (sorting.SORT, saved.VIEW, workbooks.KIND)
"""Parameters of a list's address that are no filters."""


def wants_every_row(request: HttpRequest) -> bool:
    """Tell whether all that a search finds is asked for, not only what pages can show."""
    return bool(request.__dict__.get(WHOLE))


class ColumnsForm(forms.Form):
    columns = forms.MultipleChoiceField(
        label="보일 열", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, offered: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["columns"].choices = list(offered.items())  # type: ignore[attr-defined]


class ViewForm(forms.Form):
    name = forms.CharField(label="이름", max_length=40)
    shared = forms.ChoiceField(
        label="함께 쓸 사람",
        required=False,
        help_text="고른 역할을 맡은 사람 모두의 목록에 나타납니다.",
    )
    query = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, roles: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shared"].choices = [  # type: ignore[attr-defined]
            ("", "나만 쓰기"),
            *((name, f"{label} 모두") for name, label in roles),
        ]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if len(data.get("query", "")) > saved.LONGEST:
            raise forms.ValidationError(
                "조건이 너무 길어 보기로 저장할 수 없습니다. 조건을 줄여 주세요.", code="query"
            )
        return data


class ListPages(admin.ModelAdmin):
    """A list whose columns can be chosen, whose views can be saved and whose rows downloaded."""

    sorts: ClassVar[Sequence[Sort]] = ()
    more_columns: ClassVar[Sequence[str]] = ()
    """Columns that are shown to those who choose them."""
    exported: ClassVar[bool] = True

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("columns/", wrap(self.columns_view), name=f"{name}_columns"),
            path("views/", wrap(self.views_view), name=f"{name}_views"),
            path("views/<int:pk>/", wrap(self.open_view), name=f"{name}_view"),
            path("views/<int:pk>/remove/", wrap(self.remove_view), name=f"{name}_view_remove"),
            path("export/", wrap(self.list_export), name=f"{name}_export"),
            *super().get_urls(),
        ]

    def list_url(self, page: str = "changelist", *args: object) -> str:
        """Return the address of the list, or of a page beside it."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args)

    # --- Columns ---------------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> Any:
        usual = [str(name) for name in super().get_list_display(request)]
        kept = saved.of_list(request, self.opts.label_lower)
        view = kept.view(request.GET.get(saved.VIEW, ""))
        wanted = (view.columns if view else None) or kept.columns
        rest = [*usual[1:], *self.more_columns]
        shown = [name for name in wanted if name in rest]
        return [usual[0], *(shown or usual[1:])]

    def offered_columns(self) -> dict[str, str]:
        """Return the columns that a person may show or hide, with their headings."""
        names = [*map(str, self.list_display[1:]), *self.more_columns]
        return {name: str(label_for_field(name, self.model, self)) for name in names}

    def columns_view(self, request: HttpRequest) -> HttpResponse:
        """Let a person choose columns; "처음대로" takes the list's own."""
        self._must_see(request)
        shown = self.get_list_display(request)[1:]
        posted = request.POST if request.method == "POST" else None
        form = ColumnsForm(posted, offered=self.offered_columns(), initial={"columns": shown})
        back = f"{self.list_url()}?{self._plain(request.GET)}"
        if request.method == "POST" and form.is_valid():
            usual = "usual" in request.POST
            columns = [] if usual else form.cleaned_data["columns"]
            if usual or columns:
                saved.choose_columns(person(request), self.opts.label_lower, columns)
                messages.success(request, "목록에 보일 열을 바꾸었습니다.")
                return redirect(back)
            form.add_error("columns", "하나 이상 골라 주세요.")
        context = {"title": "보일 열 고르기", "form": form, "back": back}
        return self._frame(request, "admin/list_columns.html", **context)

    # --- Saved views -----------------------------------------------------------------------------

    def views_view(self, request: HttpRequest) -> HttpResponse:
        """Show the saved views of the list; save the one that the address describes."""
        self._must_see(request)
        posted = request.POST if request.method == "POST" else None
        query = self._plain(
            QueryDict(posted.get("query", "")[: saved.LONGEST])
            if posted is not None
            else request.GET
        )
        form = ViewForm(
            posted,
            roles=saved.shared_with(person(request)),
            initial={"query": query},
        )
        words = self._words(request, query)
        if request.method == "POST" and form.is_valid():
            try:
                view = self._save(request, form.cleaned_data, query, words)
            except PortalError as error:
                show_error(request, error)
            else:
                messages.success(request, f"보기를 저장했습니다: {view.name}")
                return redirect(self.list_url("view", view.pk))
        kept = saved.views_of(person(request), self.opts.label_lower)
        context = {
            "title": "저장한 보기",
            "form": form,
            "words": list(words.values()),
            "views": [self._view_row(row) for row in kept],
            "back": f"{self.list_url()}?{query}",
        }
        return self._frame(request, "admin/list_views.html", **context)

    def _save(
        self, request: HttpRequest, data: Mapping[str, str], query: str, words: Mapping[str, str]
    ) -> SavedView:
        return saved.save_view(
            person(request),
            self.opts.label_lower,
            name=data["name"],
            query=dict(QueryDict(query).lists()),
            words=words,
            columns=self.get_list_display(request)[1:],
            shared=data["shared"],
            now=now(),
        )

    def _view_row(self, view: SavedView) -> tuple[SavedView, str, str, str, str]:
        words = " · ".join(dict.fromkeys(view.words.values())) or "조건 없음"
        role = declared().get(view.shared_with)
        addresses = self.list_url("view", view.pk), self.list_url("view_remove", view.pk)
        return view, words, role.label if role else "", *addresses

    def open_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lead to the list as it was saved, without conditions that no longer exist, and say so."""
        self._must_see(request)
        view = saved.views_of(person(request), self.opts.label_lower).filter(pk=pk).first()
        if view is None:
            raise Http404
        valid = self._valid(request, view.query)
        gone = [view.words.get(name, "정렬") for name in view.query if name not in valid]
        if gone:
            messages.warning(
                request,
                f"보기 ‘{view.name}’의 조건 가운데 지금은 없는 것을 뺐습니다: {', '.join(gone)}",
                extra_tags="view_outdated",
            )
        if not set(view.columns) <= set(self.offered_columns()):
            messages.warning(
                request,
                f"보기 ‘{view.name}’의 열 가운데 지금은 없는 것을 뺐습니다.",
                extra_tags="view_outdated",
            )
        query = urlencode({**valid, saved.VIEW: [str(pk)]}, doseq=True)
        return redirect(f"{self.list_url()}?{query}")

    def remove_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._must_see(request)
        removed = request.method == "POST" and saved.remove_view(
            person(request), self.opts.label_lower, pk
        )
        if not removed:
            raise Http404
        messages.success(request, "보기를 지웠습니다.")
        return redirect(self.list_url("views"))

    def _valid(self, request: HttpRequest, query: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Return the parameters of a saved view that the list still understands."""
        valid = {
            name: values
            for name, values in query.items()
            if name == SEARCH_VAR
            or (name == sorting.SORT and sorting.chosen(self.sorts, values[-1]))
            or (name not in OWN and self.lookup_allowed(name, values[-1], request))
        }
        try:
            cl = self._list_of(request, valid)
        except (IncorrectLookupParameters, DisallowedModelAdminLookup, OverflowError):
            return {}
        unknown = set(_unknown_choices(cl))
        return {name: values for name, values in valid.items() if name not in unknown}

    def _list_of(self, request: HttpRequest, query: Mapping[str, list[str]]) -> ChangeList:
        asked = HttpRequest()
        asked.__dict__.update({**request.__dict__, "GET": QueryDict(urlencode(query, doseq=True))})
        return self.get_changelist_instance(asked)

    def _words(self, request: HttpRequest, query: str) -> dict[str, str]:
        """Return what each parameter of an address says; those that the list does not know are left out."""
        try:
            cl: Any = self._list_of(request, dict(QueryDict(query).lists()))
        except (IncorrectLookupParameters, DisallowedModelAdminLookup, OverflowError):
            return {}
        words = {
            name: chip.words for chip in cl.chips() for name in chip.names if name in cl.params
        }
        if sort := cl.sort_words():
            words[sorting.SORT] = sort
        return words

    # --- Download --------------------------------------------------------------------------------

    def export_table(self, cl: ChangeList) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
        """Return headings and rows of the download; override to give more than the columns."""
        return exports.table(cl)

    def list_export(self, request: HttpRequest) -> HttpResponseBase:
        """Give every row of the list as its address describes it, streamed as CSV or XLSX."""
        self._must_see(request)
        if not self.exported:
            raise Http404
        request.__dict__[WHOLE] = True
        try:
            cl = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return redirect(self.list_url())
        header, rows = self.export_table(cl)
        name = f"{self.opts.verbose_name_plural}_목록"
        return workbooks.table(request, self.model, name, header, rows, at=now())

    # --- What they share -------------------------------------------------------------------------

    def _must_see(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise Http404

    def _plain(self, query: QueryDict) -> str:
        """Return an address's parameters without the page and the view they came from."""
        kept = query.copy()
        for name in (PAGE_VAR, saved.VIEW, workbooks.KIND, "csrfmiddlewaretoken"):
            kept.pop(name, None)
        return kept.urlencode()

    def _frame(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        frame = self.admin_site.each_context(request)
        return TemplateResponse(request, template, {**frame, "opts": self.opts, **context})


def _unknown_choices(cl: ChangeList) -> Iterator[str]:
    for spec in cl.filter_specs:
        if isinstance(spec, admin.SimpleListFilter) and spec.value() is not None:
            offered = {str(value) for value, _ in spec.lookup_choices}
            if spec.value() not in offered:
                yield str(spec.parameter_name)
