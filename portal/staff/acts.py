"""Staff screens with acts: buttons that call services."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from portal.access import impartiality
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.errors import MoveNotAllowed, PortalError
from portal.core.moves import Move
from portal.forms.errors import refuse, show_error
from portal.forms.people import told_apart
from portal.models import User
from portal.records import staff_acts
from portal.records.workflow import allowed
from portal.staff import rows as staff_rows
from portal.staff import seen, trail
from portal.staff.lists import ReadOnlyAdmin

WHY_NONE = "why_no_button_by_object"
NOTES = ("reason", "note", "opinion", "evidence")
"""The names of form fields that say why."""


class Act:
    """One button on a staff page: a label, a service call, perhaps a form.

    `do(request, thing, data, now)` calls the service, which raises PortalError when nothing could be
    done; `done` is the message of success, or a function of what `do` returned. The button appears when
    the workflow move `move` is allowed, the person has one of `roles`, and `show(request, thing)` is true.
    One button leads the page (blue): the first offered that is neither a `danger` nor `aside`, which marks
    prints, ways back and corrections beside the work that the page is for. An act `in_place` is no button
    of the row: its form or link stands where the page shows what it is about.
    `form` is a Form class or a function `(request, thing)` that returns one, `intro` a text above it or a
    function of the object. A `press` has no page of its own: its button acts on the object's page at once.
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
        aside: bool = False,
        press: bool = False,
        in_place: bool = False,
        intro: str | Callable[[Any], str] = "",
    ) -> None:
        self.name, self.label, self.do, self.move = name, label, do, move
        self.roles, self.form, self.show = set(roles), form, show
        self.danger, self.aside = danger, aside
        self.press, self.in_place = press, in_place
        self.intro, self.done = intro, done

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
            "by": told_apart(row.by) if row.by else "시스템",
            "person": row.by,
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

    def next_url(self, request: HttpRequest, thing: Any, step: Act) -> str:
        """Return the page shown after this act instead of `back_url`, "" for none."""
        return ""

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
        buttons = self.buttons(request, thing)
        tied = "" if buttons else self.why_none(request, thing)
        done = {
            "buttons": buttons,
            "lead": _lead(buttons),
            "tied": tied,
            "acts": staff_acts.acts_of(thing),
        }
        extra = {**done, **(extra_context or {})}
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
        whole["tokens"] = self.tokens(request, thing, [act for act, _ in buttons if act.press])
        whole["lead"] = _lead(buttons)
        whole["lists"] = self.has_view_permission(request)
        whole["list_query"] = trail.filters(request)
        whole["tied"] = "" if buttons or thing is None else self.why_none(request, thing)
        return TemplateResponse(request, template, {**frame, **whole, **context})

    def buttons(self, request: HttpRequest, thing: Model) -> list[tuple[Act, str]]:
        """Return the acts this person may do with the object now, each with its address."""
        if self.why_none(request, thing):
            return []
        row = [act for act in self.acts if not act.in_place]
        offered = [act for act in row if act.offered(request, thing)]
        return [(act, trail.onto(self.act_url(thing, act), request)) for act in offered]

    def why_none(self, request: HttpRequest, thing: Model) -> str:
        """Return why a person who could act has no button here: a tie; "" for other reasons."""
        declared = bool(self.acts) and impartiality.concern_of(type(thing)) is not None
        if not declared:
            return ""
        # The buttons and the page ask the same of one object.
        known: dict[Model, str] = request.__dict__.setdefault(WHY_NONE, {})
        if thing not in known:
            tied = impartiality.tied(person(request), thing)
            known[thing] = impartiality.TIED if tied else ""
        return known[thing]

    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """Show the form of an act; when it comes back, do it once and only on what the page showed."""
        thing = self.get_or_404(request, pk)
        step = next((row for row in self.acts if row.name == act), None)
        if step is None:
            raise Http404
        back = trail.onto(self.back_url(thing), request)
        posted = request.POST if request.method == "POST" else None
        shown, unreadable = _shown(request, thing, act)
        if first := seen.first_answer(shown):
            return self._done(request, thing, step, first.message)
        tied = self.why_none(request, thing)
        offered = not tied and step.offered(request, thing)
        unoffered = None
        if not offered:
            unoffered = MoveNotAllowed(tied or f"지금은 ‘{step.label}’ 처리를 할 수 없습니다.")
        if unoffered and shown is None:
            messages.error(request, unoffered.message)
            return redirect(back)
        form, intro = _form_of(step, request, thing, posted, offered)
        current = seen.look(thing, act, person(request), page=_words(form, intro))
        if posted is not None:
            refused = unreadable or unoffered
            done = self._press(request, thing, step, form, shown, current, refused)
            if done is not None:
                return done
        context = {
            "title": step.label,
            "act": step,
            "form": form,
            "back": back,
            "intro": intro,
            "facts": staff_rows.facts(self, thing),
            "last": "" if posted is not None else seen.last(thing),
            "offered": offered,
            "seen": current.token(),
        }
        return self.render(request, thing, "admin/act.html", **context)

    def _press(
        self,
        request: HttpRequest,
        thing: Any,
        step: Act,
        form: forms.Form | None,
        shown: seen.Seen | None,
        current: seen.Seen,
        refused: PortalError | None,
    ) -> HttpResponse | None:
        """Do the act that a page asks for, once; return None, and say why, when it is refused."""
        try:
            if shown:
                seen.refuse_stale(thing, shown, current, person(request))
            if refused:
                raise refused
            if form is None or form.is_valid():
                data = form.cleaned_data if form else {}
                message = self._do(request, thing.pk, step, data, shown or current)
                return self._done(request, thing, step, message)
        except PortalError as error:
            refused = error
        # The first of two clicks may have been done since this one came.
        if first := seen.first_answer(shown):
            return self._done(request, thing, step, first.message)
        if refused:
            show_error(request, refused)
        return None

    def _done(self, request: HttpRequest, thing: Any, step: Act, message: str) -> HttpResponse:
        messages.success(request, message)
        after = self.next_url(request, thing, step)
        return redirect(after or trail.onto(self.back_url(thing), request))

    def token_for(self, request: HttpRequest, thing: Any, name: str) -> str:
        """Return the hidden value for a form of this act that stands on the object's own page."""
        step = next(row for row in self.acts if row.name == name)
        words = _words(*_form_of(step, request, thing, None, offered=False))
        return seen.look(thing, name, person(request), page=words).token()

    def tokens(self, request: HttpRequest, thing: Any, steps: Sequence[Act]) -> dict[str, str]:
        """Return the hidden value of each of these acts that stand on the object's own page."""
        if not steps:
            return {}
        now_seen = seen.look(thing, "", person(request))
        return {step.name: self._token(request, thing, step, now_seen) for step in steps}

    def tokens_of_each(
        self, request: HttpRequest, things: Sequence[Model], names: Collection[str]
    ) -> dict[Any, dict[str, str]]:
        """Return the same by key of many objects without states, in one query."""
        steps = [step for step in self.acts if step.name in names]
        looked = seen.look_at_each(things, person(request))
        return {
            thing.pk: {step.name: self._token(request, thing, step, shown) for step in steps}
            for thing, shown in zip(things, looked, strict=True)
        }

    def _token(self, request: HttpRequest, thing: Any, step: Act, shown: seen.Seen) -> str:
        words = _words(*_form_of(step, request, thing, None, offered=False))
        return seen.for_act(shown, step.name, page=words).token()

    def start_page(
        self,
        request: HttpRequest,
        form: forms.Form,
        do: Callable[[dict[str, Any], datetime], Model],
        *,
        template: str,
        title: str,
        done: str = "",
        fields: Mapping[str, str] | None = None,
        **context: Any,
    ) -> HttpResponse:
        """Show a form that makes a row and lead to its page; a second click leads there, too.

        `do(data, now)` calls the service and returns the row; `done` is the message of success.
        `fields` names the fields at which refusals are shown, by their codes.
        """
        by, act, subject = person(request), "start", f"{self.opts.label_lower}:new"
        current = seen.look(subject, act, by)
        if request.method == "POST" and form.is_valid():
            try:
                token = request.POST.get(seen.FIELD, "")
                shown = seen.read(token, subject=subject, act=act, reader=by) or current
                made, message = self._start(form, do, shown, title, done, by)
            except PortalError as error:
                if fields is None:
                    show_error(request, error)
                else:
                    refuse(form, error, fields=fields)
            else:
                if message:
                    messages.success(request, message)
                name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
                return redirect(name, made)
        context = {"title": title, "form": form, "seen": current.token(), **context}
        return self.render(request, None, template, **context)

    def _start(
        self,
        form: forms.Form,
        do: Callable[[dict[str, Any], datetime], Model],
        shown: seen.Seen,
        title: str,
        done: str,
        by: User,
    ) -> tuple[str, str]:
        """Return the key of the row made by this form, now or by its first click, and the message."""
        if first := seen.first_answer(shown):
            return first.subject.partition(":")[2], first.message
        data, at = form.cleaned_data, now()
        try:
            with transaction.atomic():
                made = do(dict(data), at)
                staff_acts.record(
                    staff_acts.subject_of(made),
                    key=shown.key,
                    act=shown.act,
                    label=title,
                    message=done,
                    changed=[],
                    note=_note_in(data),
                    by=by,
                    now=at,
                )
        except PortalError:
            if first := seen.first_answer(shown):
                return first.subject.partition(":")[2], first.message
            raise
        return str(made.pk), done

    def _do(
        self, request: HttpRequest, pk: int, step: Act, data: dict[str, Any], shown: seen.Seen
    ) -> str:
        """Do an act and record it, together or not at all; return the message of success.

        Of two simultaneous posts of one form the second gets the first's message. Raises RuleBroken
        (`stale_version`) with what happened when another act came first, PortalError.
        """
        by, at = person(request), now()
        try:
            with transaction.atomic():
                thing = self._unchanged(request, pk, shown)
                before = staff_acts.columns(thing)
                result = step.do(request, thing, dict(data), at)
                kept = type(thing)._base_manager.filter(pk=pk).first()
                message = step.success(result)
                staff_acts.record(
                    shown.subject,
                    key=shown.key,
                    act=step.name,
                    label=step.label,
                    message=message,
                    changed=staff_acts.changes(before, staff_acts.columns(kept)) if kept else [],
                    note=_note_in(data),
                    by=by,
                    now=at,
                )
                return message
        except PortalError:
            # Perhaps because of what another did meanwhile: the transaction is over, so look again.
            if first := seen.first_answer(shown):
                return first.message
            self._unchanged(request, pk, shown)
            raise

    def _unchanged(self, request: HttpRequest, pk: int, shown: seen.Seen) -> Any:
        """Return the object read anew; its page was compared before. Raises RuleBroken."""
        thing, by = self.get_or_404(request, pk), person(request)
        current = replace(seen.look(thing, shown.act, by), page=shown.page)
        seen.refuse_stale(thing, shown, current, by)
        return thing


def _lead(buttons: Sequence[tuple[Act, str]]) -> Act | None:
    """Return the act that is next: the first that is no way back and no print."""
    return next((act for act, _ in buttons if not (act.danger or act.aside)), None)


def _note_in(data: dict[str, Any]) -> str:
    return " ".join(str(data[name]) for name in NOTES if data.get(name)).strip()


def _shown(
    request: HttpRequest, thing: Model, act: str
) -> tuple[seen.Seen | None, PortalError | None]:
    token = request.POST.get(seen.FIELD, "")
    subject = staff_acts.subject_of(thing)
    try:
        return seen.read(token, subject=subject, act=act, reader=person(request)), None
    except PortalError as error:
        return None, error


def _form_of(
    step: Act, request: HttpRequest, thing: Any, posted: Any, offered: bool
) -> tuple[forms.Form | None, str]:
    """Return form and words of an act; neither when what it was about is gone meanwhile."""
    try:
        form_class = step.form
        if form_class is not None and not isinstance(form_class, type):
            form_class = form_class(request, thing)
        intro = step.intro(thing) if callable(step.intro) else step.intro
    except PortalError:
        if offered:
            raise
        return None, ""
    return form_class(posted or None) if form_class else None, intro


def _words(form: forms.Form | None, intro: str) -> list[str]:
    # Labels name the rows that a form decides on; choices and help texts may differ from hour to hour.
    fields = form.fields.items() if form else ()
    return [intro, *(f"{name}: {field.label}" for name, field in fields)]
