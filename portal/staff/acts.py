"""Staff screens with acts: buttons that call services."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.moves import Move
from portal.forms.errors import show_error
from portal.records.workflow import allowed
from portal.staff.lists import ReadOnlyAdmin


class Act:
    """One button on a staff page: a label, a service call, perhaps a form.

    `do(request, thing, data, now)` calls the service, which raises PortalError when nothing could be
    done; `done` is the message of success, or a function of what `do` returned. The button appears when
    the workflow move `move` is allowed, the person has one of `roles`, and `show(request, thing)` is true.
    `form` is a Form class or a function `(request, thing)` that returns one, `intro` a text above it or a
    function of the object.
    """

    def __init__(
        self,
        name: str,
        label: str,
        do: Callable[..., Any],
        *,
        done: str | Callable[[Any], str],
        move: Move | None = None,
        roles: Sequence[str] = (),
        form: Any = None,
        show: Callable[[HttpRequest, Any], bool] | None = None,
        danger: bool = False,
        intro: str | Callable[[Any], str] = "",
    ) -> None:
        self.name, self.label, self.do, self.move = name, label, do, move
        self.roles, self.form, self.show = set(roles), form, show
        self.danger, self.intro, self.done = danger, intro, done

    def success(self, result: Any) -> str:
        return self.done(result) if callable(self.done) else self.done

    def offered(self, request: HttpRequest, thing: Any) -> bool:
        """Tell whether the button appears on this object's page for this person."""
        if self.move and not allowed(self.move, state=thing.state, by=person(request)):
            return False
        if self.roles and not roles_of(request.user) & self.roles:
            return False
        return self.show is None or self.show(request, thing)


def history(thing: Any) -> list[dict[str, Any]]:
    names = dict(thing._meta.get_field("state").choices)
    return [
        {
            "at": row.at,
            "label": thing.MOVES[row.move].label if row.move in thing.MOVES else row.move,
            "change": ""
            if row.source == row.target
            else f"{names.get(row.source, row.source)} → {names.get(row.target, row.target)}",
            "by": row.by or "시스템",
            "note": row.note,
        }
        for row in thing.moves.select_related("by").order_by("-pk")
    ]


class WorkflowAdmin(ReadOnlyAdmin):
    """A read-only screen with buttons (`acts`) that call services, each on a page of its own."""

    page_template = ""  # a page of its own, fed by `page`, instead of Django's form
    acts: ClassVar[Sequence[Act]] = ()

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_act"
        page = self.admin_site.admin_view(self.act_view)
        return [path("<int:pk>/act/<slug:act>/", page, name=name), *super().get_urls()]

    def act_url(self, thing: Model, act: Act) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_act"
        return reverse(name, args=[thing.pk, act.name])

    def back_url(self, thing: Any) -> str:
        """Return the page shown after an act; override for objects shown on another's page."""
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[thing.pk]
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        thing = self.get_or_404(request, unquote(object_id))
        if self.page_template:
            if request.method not in {"GET", "HEAD"}:
                raise Http404
            return self.render(request, thing, self.page_template, **self.page(request, thing))
        extra = {"buttons": self.buttons(request, thing), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    def page(self, request: HttpRequest, thing: Any) -> dict[str, Any]:
        return {}

    def render(
        self, request: HttpRequest, thing: Any, template: str, **context: Any
    ) -> TemplateResponse:
        """Render a page about an object, or about none, within the staff site."""
        frame = self.admin_site.each_context(request)
        buttons = self.buttons(request, thing) if thing is not None else []
        whole = {"opts": self.opts, "title": str(thing), "thing": thing, "buttons": buttons}
        return TemplateResponse(request, template, {**frame, **whole, **context})

    def buttons(self, request: HttpRequest, thing: Model) -> list[tuple[Act, str]]:
        """Return the acts this person may do with the object now, each with its address."""
        return [(act, self.act_url(thing, act)) for act in self.acts if act.offered(request, thing)]

    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        thing = self.get_or_404(request, pk)
        step = next((row for row in self.acts if row.name == act), None)
        if step is None:
            raise Http404
        back = self.back_url(thing)
        if not step.offered(request, thing):
            messages.error(request, f"지금은 ‘{step.label}’ 처리를 할 수 없습니다.")
            return redirect(back)
        form_class = step.form
        if form_class is not None and not isinstance(form_class, type):
            form_class = form_class(request, thing)
        form = form_class(request.POST or None) if form_class else None
        if request.method == "POST" and (form is None or form.is_valid()):
            try:
                result = step.do(request, thing, form.cleaned_data if form else {}, now())
            except PortalError as error:
                show_error(request, error)
            else:
                messages.success(request, step.success(result))
                return redirect(back)
        intro = step.intro(thing) if callable(step.intro) else step.intro
        context = {"title": step.label, "act": step, "form": form, "back": back, "intro": intro}
        return self.render(request, thing, "admin/act.html", **context)
