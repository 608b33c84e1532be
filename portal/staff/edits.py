"""Staff screens whose rows are edited in Django's form: on what the page showed, once, with a reason."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.access.requests import person
from portal.core.clock import now
from portal.core.errors import Finding, PortalError
from portal.forms.ranges import with_range
from portal.records import staff_acts
from portal.staff import seen
from portal.staff.lists import StaffAdmin

EDIT, ADD = "edit", "add"
REASON = "why"
LONGEST_REASON = 500


class EditAdmin(StaffAdmin):
    """A screen with Django's own form.

    Its form holds what the page showed: rows that another person changed meanwhile are not
    overwritten, a second click gets the first answer, and what a service refuses comes back as it was
    typed. Every edit leaves an act with before, after, who and why. `needs_reason` names the fields
    whose change needs a reason, "__all__" every field and the rows below.
    """

    change_form_template = "admin/edit_form.html"
    needs_reason: ClassVar[Collection[str]] = ()
    ranges: ClassVar[Mapping[str, str]] = {}  # of date and number columns

    def facts(self, request: HttpRequest, thing: Model) -> dict[str, tuple[str, str]]:
        """Return label and value of everything that the form edits, the rows below included."""
        fixed = set(self.get_readonly_fields(request, thing))
        shown = set(flatten_fieldsets(self.get_fieldsets(request, thing))) - fixed
        found = {name: row for name, row in staff_acts.columns(thing).items() if name in shown}
        for many in thing._meta.many_to_many:
            if many.name in shown:
                rows = getattr(thing, many.name).order_by("pk")
                found[many.name] = (str(many.verbose_name), ", ".join(map(str, rows)))
        for inline in self.get_inline_instances(request, thing):
            key = next(row for row in inline.model._meta.fields if row.related_model is self.model)
            for row in inline.model._default_manager.filter(**{key.name: thing}).order_by("pk"):
                for name, (label, value) in staff_acts.columns(row).items():
                    found[f"{row._meta.model_name}:{row.pk}:{name}"] = (f"{row} {label}", value)
        return found

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return with_range(field, self.ranges.get(db_field.name))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        base = super().get_form(request, obj, change=change, **kwargs)
        if request.method != "POST":
            return base
        screen = self

        class Checked(base):  # type: ignore[misc, valid-type] # Django makes the base
            def clean(self) -> dict[str, Any]:
                data: dict[str, Any] = super().clean() or self.cleaned_data
                for finding in screen.refusals(request, obj, self):
                    self.add_error(None, ValidationError(finding.message, code=finding.code))
                return data

        return Checked

    def refusals(self, request: HttpRequest, obj: Model | None, form: forms.Form) -> list[Finding]:
        """Return why the posted form does nothing, apart from the fields' own errors."""
        if error := request.__dict__.get("refused"):  # what the service said to this very form
            return list(error.findings)
        found = []
        if obj is not None:
            # Locked until the form is saved, so that of two simultaneous ones the second sees the first.
            fresh = type(obj)._base_manager.select_for_update().get(pk=obj.pk)
            facts = request.__dict__["before"] = self.facts(request, fresh)
            if shown := self._shown(request, obj):
                current = self._look(request, fresh)
                lines = seen.news(fresh, shown, current, person(request), facts=facts)
                found += [Finding("stale_version", line) for line in lines]
            touched = self.needs_reason == "__all__" or set(form.changed_data) & set(
                self.needs_reason
            )
            if touched and not request.POST.get(REASON, "").strip():
                found.append(Finding(REASON, "바꾸는 사유를 적어 주세요."))
        return found

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        thing = self.get_object(request, unquote(object_id)) if object_id else None
        if request.method == "POST":
            try:
                if first := seen.first_answer(self._shown(request, thing)):
                    messages.success(request, first.message)
                    return redirect(self._list_url())
            except PortalError as unreadable:
                request.__dict__["refused"] = unreadable
        current = self._look(request, thing)
        extra = {
            "seen": current.token(),
            "why": request.POST.get(REASON, ""),
            "asks_why": bool(self.needs_reason) and thing is not None,
            "acts": staff_acts.acts_of(thing) if thing is not None else [],
            **(extra_context or {}),
        }
        try:
            return super().changeform_view(request, object_id, form_url, extra)
        except PortalError as error:
            # The transaction is over; show the form again as it was typed.
            request.__dict__["refused"] = error
            return super().changeform_view(request, object_id, form_url, extra)

    def finish(self, request: HttpRequest, form: Any) -> str:
        """Do what belongs to the edit beside saving; return the message about it, "" for nothing."""
        return ""

    def save_related(
        self, request: HttpRequest, form: Any, formsets: list[Any], change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        done = self.finish(request, form)
        thing = form.instance
        kept = type(thing)._base_manager.filter(pk=thing.pk).first() or thing
        shown = self._shown(request, thing if change else None)
        before = request.__dict__.get("before", {}) if change else {}
        changed = staff_acts.changes(before, self.facts(request, kept))
        if change and not changed and not done:
            return
        label = "고침" if change else "등록"
        staff_acts.record(
            staff_acts.subject_of(thing),
            key=(shown or self._look(request, thing if change else None)).key,
            act=EDIT if change else ADD,
            label=f"{self.opts.verbose_name} {label}",
            message=done or f"{kept} 내용을 저장했습니다.",
            changed=changed,
            note=request.POST.get(REASON, "").strip()[:LONGEST_REASON],
            by=person(request),
            now=now(),
        )

    def _look(self, request: HttpRequest, thing: Model | None) -> seen.Seen:
        if thing is None:
            return seen.look(self._new(), ADD, person(request))
        return seen.look(thing, EDIT, person(request), facts=self.facts(request, thing))

    def _shown(self, request: HttpRequest, thing: Model | None) -> seen.Seen | None:
        subject = self._new() if thing is None else staff_acts.subject_of(thing)
        act = ADD if thing is None else EDIT
        return seen.read(
            request.POST.get(seen.FIELD, ""), subject=subject, act=act, reader=person(request)
        )

    def _new(self) -> str:
        return f"{self.opts.label_lower}:{ADD}"

    def _list_url(self) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
