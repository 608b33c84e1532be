"""Staff screens of rules that two managers change: the guarded form, proposals and their history."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import models
from django.db.models import Model, QuerySet
from django.forms.models import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join

from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.forms.fields import PlainJSONField
from portal.forms.ranges import with_range
from portal.staff.acts import WorkflowAdmin
from portal.staff.edits import REASON, EditAdmin
from portal.staff.filters import waiting
from portal.staff.lists import ReadOnlyAdmin
from programs.admin import proposals
from programs.admin.rounds import READERS
from programs.models import RuleChange, RuleProposal, SubProgram
from programs.queries import rule_changes as queries
from programs.roles import MANAGER
from programs.rules import rule_changes as rules
from programs.services import rule_changes
from programs.visibility import sub_programs_of
from programs.worklists import OPEN_PROPOSAL

LOCKS, CHANGES, PROPOSED = "rule_locks", "rule_changes", "rule_proposal"
TOLD = "규칙은 아직 바뀌지 않았습니다. 변경안을 만들었으며, 다른 결정권자가 승인하면 바뀝니다."
# Fields of the form that stand for an entry of the column of policies.
DUE = {
    "due_supplement_days": "supplement_days",
    "due_objection_days": "objection_days",
    "due_objection_answer_days": "objection_answer_days",
}
AS_TYPED = {f"{rules.POLICIES}.{period}": name for name, period in DUE.items()}


def guarded(thing: object) -> bool:
    """Tell whether the rules of a sub-programme need two people: its round is announced."""
    return isinstance(thing, SubProgram) and thing.pk is not None and thing.round.announced


def locks_of(request: HttpRequest, thing: Any) -> dict[str, str]:
    """Return why groups of rules are locked; read once per request."""
    if not guarded(thing):
        return {}
    known = request.__dict__.setdefault(LOCKS, {})
    if thing.pk not in known:
        known[thing.pk] = queries.locks(thing, now=now())
    return dict(known[thing.pk])


def locked_fields(request: HttpRequest, thing: Any, part: str, prefix: str = "") -> list[str]:
    """Return the form's fields that are locked.

    What somebody typed before the lock comes back as it was typed, and is refused by the service.
    """
    locks = locks_of(request, thing)
    names = [
        AS_TYPED.get(name, name) for name, group in rules.FIELDS[part].items() if group in locks
    ]
    return [] if _typed(request, names, prefix) else names


def _typed(request: HttpRequest, names: Iterable[str], prefix: str) -> bool:
    if request.method != "POST":
        return False
    if not prefix:
        return any(name in request.POST for name in names)
    sent = [name.rpartition("-") for name in request.POST if name.startswith(f"{prefix}-")]
    return any(last in set(names) for _, _, last in sent)


def lines_html(lines: Iterable[Iterable[str]]) -> str:
    """Write changes as a table of what, before and after."""
    rows = format_html_join(
        "",
        '<tr><th scope="row">{}{}</th><td>{}</td><td>{}</td></tr>',
        (
            (f"{what} · " if what else "", label, before, after)
            for what, label, before, after in lines
        ),
    )
    return format_html(
        '<div class="table-region" role="region" aria-label="바뀌는 내용" tabindex="0"><table>'
        '<thead><tr><th scope="col">항목</th><th scope="col">지금까지</th>'
        '<th scope="col">바꾼 뒤</th></tr></thead><tbody>{}</tbody></table></div>',
        rows,
    )


class RuleInline(admin.StackedInline):
    """Rows of the catalogue that a manager edits and the others read.

    Stacked, because the cells of Django's table of rows have no labels.
    """

    extra = 0
    show_change_link = False
    formfield_overrides = {models.JSONField: {"form_class": PlainJSONField}}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return with_range(field, rules.RANGES.get(db_field.name))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        key = self.model._meta.get_field("sub_program")
        prefix = key.remote_field.get_accessor_name()
        return locked_fields(request, obj, str(self.model._meta.model_name), prefix)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._edits(request) and not self.get_readonly_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._edits(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._edits(request) and not self.get_readonly_fields(request, obj)

    def _edits(self, request: HttpRequest) -> bool:
        return MANAGER in roles_of(request.user)


class RuleEditAdmin(EditAdmin):
    """A sub-programme: once its round is announced, saving its rules makes a proposal instead."""

    change_form_template = "admin/programs/rules_form.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return locked_fields(request, obj, rules.PROGRAM)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        program = self.get_object(request, unquote(object_id)) if object_id else None
        extra: dict[str, Any] = {}
        if (
            isinstance(program, SubProgram)
            and guarded(program)
            and self.has_change_permission(request)
        ):
            locks = locks_of(request, program)
            extra = {
                "guarded": True,
                "locks": [
                    (rules.WORDS[group], locks[group]) for group in rules.WORDS if group in locks
                ],
                "proposal": queries.open_proposal(program),
            }
        return super().changeform_view(
            request, object_id, form_url, {**extra, **(extra_context or {})}
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        request.__dict__[CHANGES] = []
        if guarded(obj):
            fields = self._put_back(request, obj)
            form.changed_data = [name for name in form.changed_data if name not in fields]
        super().save_model(request, obj, form, change)

    def save_formset(
        self, request: HttpRequest, form: ModelForm, formset: Any, change: bool
    ) -> None:
        if not guarded(form.instance):
            super().save_formset(request, form, formset, change)
            return
        formset.save(commit=False)
        noted: list[rules.Change] = request.__dict__[CHANGES]
        for row in formset.new_objects:
            values = {
                each.name: [None, queries.value_of(row, each.name)]
                for each in row._meta.concrete_fields
                if each.editable and not each.primary_key and each.name != "sub_program"
            }
            noted.append(queries.change(row, rules.ADD, values))
        for row in formset.deleted_objects:
            kept = type(row)._base_manager.get(pk=row.pk)
            noted.append(queries.change(kept, rules.REMOVE, queries.removal(kept)))
        gone = {row.pk for row in formset.deleted_objects}
        for row, _ in formset.changed_objects:
            if row.pk not in gone:
                self._put_back(request, row)
                row.save()
        formset.new_objects, formset.deleted_objects, formset.changed_objects = [], [], []

    def _put_back(self, request: HttpRequest, edited: Model) -> set[str]:
        """Note the rules that a form changes and put back what is in force; return their names."""
        kept = type(edited)._base_manager.get(pk=edited.pk)
        found = queries.differences(kept, edited)
        if found:
            request.__dict__[CHANGES].append(queries.change(kept, rules.CHANGE, found))
        for name in found:
            column = name.partition(".")[0]
            setattr(edited, column, getattr(kept, column))
        return {AS_TYPED.get(name, name) for name in found}

    def finish(self, request: HttpRequest, form: Any) -> str:
        changes = request.__dict__.get(CHANGES)
        if not changes:
            return ""
        made = rule_changes.propose(
            form.instance,
            changes,
            reason=request.POST.get(REASON, ""),
            by=person(request),
            now=now(),
        )
        request.__dict__[PROPOSED] = made
        return TOLD

    def response_change(self, request: HttpRequest, obj: Model) -> HttpResponse:
        made = request.__dict__.get(PROPOSED)
        if made is None:
            return super().response_change(request, obj)
        messages.success(request, TOLD)
        return redirect(reverse("admin:programs_ruleproposal_change", args=[made.pk]))


def approve(
    request: HttpRequest, proposal: RuleProposal, data: dict[str, Any], at: datetime
) -> None:
    rule_changes.approve(proposal, by=person(request), now=at)


def drop(request: HttpRequest, proposal: RuleProposal, data: dict[str, Any], at: datetime) -> None:
    rule_changes.drop(proposal, by=person(request), now=at)


def approval_intro(proposal: RuleProposal) -> str:
    rows = [
        f"{what} · {label}: {before} → {after}" if what else f"{label}: {before} → {after}"
        for what, label, before, after in queries.lines(proposal.changes, proposal.sub_program)
    ]
    why = f"제안: {proposal.by}. 사유: {proposal.reason}"
    concerned = f"이 변경이 미치는 신청: {queries.concerned_text(proposal.sub_program)}"
    return "\n".join(
        [
            *rows,
            why,
            concerned,
            "승인하면 바로 바뀌고, 사람의 이름을 뺀 내용이 공개 이력에 남습니다.",
        ]
    )


@admin.register(RuleProposal)
class RuleProposalAdmin(WorkflowAdmin):
    """Proposed rules with before and after, and whom they concern."""

    read_roles = READERS
    list_display = ["sub_program", "reason", "by", "at", "approved_by", "ended_at"]
    list_select_related = ["sub_program", "by", "approved_by"]
    list_filter = [waiting(OPEN_PROPOSAL)]
    ordering = ["-pk"]
    fields = readonly_fields = (
        "program", "content", "concerned", "reason", "by", "at", "approved_by", "ended_at",
    )  # fmt: skip
    acts = proposals.acts(
        approve,
        drop,
        intro=approval_intro,
        done="규칙을 바꾸었습니다.",
        dropped="변경안을 폐기했습니다. 규칙은 그대로입니다.",
    )

    @admin.display(description="내역사업")
    def program(self, row: RuleProposal) -> str:
        address = reverse("admin:programs_subprogram_change", args=[row.sub_program_id])
        return format_html('<a href="{}">{}</a>', address, row.sub_program)

    @admin.display(description="바꿀 내용")
    def content(self, row: RuleProposal) -> str:
        return lines_html(queries.lines(row.changes, row.sub_program))

    @admin.display(description="이 변경이 미치는 신청")
    def concerned(self, row: RuleProposal) -> str:
        return queries.concerned_text(row.sub_program)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleProposal]:
        mine = sub_programs_of(person(request)).values("pk")
        return RuleProposal.objects.filter(sub_program__in=mine).select_related(
            "sub_program__round"
        )


@admin.register(RuleChange)
class RuleChangeAdmin(ReadOnlyAdmin):
    """The history of rules that changed after the announcement."""

    read_roles = READERS
    list_display = ["sub_program", "reason", "by", "approved_by", "at"]
    list_select_related = ["sub_program", "by", "approved_by"]
    ordering = ["-pk"]
    fields = readonly_fields = ("sub_program", "content", "reason", "by", "approved_by", "at")

    @admin.display(description="바뀐 내용")
    def content(self, row: RuleChange) -> str:
        return lines_html(row.lines)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleChange]:
        mine = sub_programs_of(person(request)).values("pk")
        return RuleChange.objects.filter(sub_program__in=mine)
