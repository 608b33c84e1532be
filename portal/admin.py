"""What the staff screens share, and the screens of accounts, jobs and notices."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from allauth.mfa.models import Authenticator
from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.auth.models import Group
from django.core.paginator import Paginator
from django.db.models import Field, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from portal import audit, jobs, notices
from portal.access import person
from portal.clock import now
from portal.errors import PortalError
from portal.models import ApiToken, AuditCheck, Job, JobState, Notice, TroubleMinute, User
from portal.roles import AUDITOR, MANAGER, OFFICER, OPERATOR, roles_of
from portal.templatetags.portal import badge, kst
from portal.validators import row_number
from portal.workflow import allowed

auditlog.register(User, exclude_fields=["password", "last_login"])


class QuickPaginator(Paginator):
    """Pages without counting the table: exact up to `LIMIT` rows, "more" beyond."""

    LIMIT = 1_000

    @cached_property
    def count(self) -> int:
        """Count, but no further than the limit, so that a million rows cost the same."""
        rows: Any = self.object_list
        return len(rows.order_by().values_list("pk")[: self.LIMIT + 1])


class StaffAdmin(admin.ModelAdmin):
    """What every screen keeps to: a list is narrowed by the filters that it offers, by no other.

    Django alone takes any column of the table in the address (`?password__startswith=`), so that
    whoever may read a list could ask out, letter by letter, what it does not show.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow what Django allows of the fields and the filters named in `list_filter`."""
        offered = [row[0] if isinstance(row, tuple) else row for row in self.list_filter]
        if lookup in {getattr(row, "parameter_name", "") for row in offered}:
            return True
        named = any(
            isinstance(row, str) and f"{lookup}__".startswith(f"{row}__") for row in offered
        )
        return named and super().lookup_allowed(lookup, value, request)


class ReadOnlyAdmin(StaffAdmin):
    """A screen that shows and never saves; people with `read_roles` may look."""

    paginator = QuickPaginator
    show_full_result_count = False
    change_form_template = "admin/workflow_change_form.html"
    show_facets = admin.ShowFacets.NEVER  # they count every filter
    sortable_by = ()  # a sort without its index reads the whole table
    list_per_page = 50
    read_roles: ClassVar[Sequence[str]] = ()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Ask the roles, not Django's permission rows."""
        return request.user.is_superuser or bool(roles_of(request.user) & set(self.read_roles))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the app where at least this screen may be read."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come from services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows change by services."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is deleted here."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list; a filter by a number that no table holds is one that Django does not know."""
        try:
            return super().changelist_view(request, extra_context)
        except OverflowError:
            return redirect(f"{request.path}?{ERROR_FLAG}=1")

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *where: Any, **named: Any
    ) -> HttpResponse | None:
        """Do what was chosen for the rows that were ticked; a box that is no row's ticks nothing."""
        if any(row_number(pk) is None for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            messages.error(request, "고른 항목을 알 수 없습니다. 목록에서 다시 고르세요. (rows)")
            return None
        return super().response_action(request, queryset, *where, **named)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Name people and things that the reader may not open, without a link to nowhere."""
        whole = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return whole  # what is filled in stays a field
        closed = {row.name: row for row in self.opts.fields if self._closed(request, row)}
        return [
            (
                title,
                {**part, "fields": [_named(closed.get(str(row)), row) for row in part["fields"]]},
            )
            for title, part in whole
        ]

    def _closed(self, request: HttpRequest, field: "Field[Any, Any]") -> bool:
        model = field.related_model
        screen = self.admin_site._registry.get(model) if isinstance(model, type) else None
        return screen is not None and not screen.has_view_permission(request)

    def own(self, request: HttpRequest, pk: str | int) -> Any:
        """Fetch a thing for a page of its own; what is not yours does not exist."""
        thing = self.get_object(request, str(pk))
        if thing is None or not self.has_view_permission(request, thing):
            raise Http404
        return thing

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one thing; Django alone would send a stranger to the front page with a hint."""
        self.own(request, unquote(object_id))
        return super().change_view(request, object_id, form_url, extra_context)


def _named(field: "Field[Any, Any] | None", name: Any) -> Any:
    """What stands for a field of a read-only page: itself, or a thing's name alone."""
    if field is None:
        return name

    def shown(thing: Model) -> str:
        return str(getattr(thing, field.name) or "-")

    shown.__name__ = field.name
    return admin.display(shown, description=field.verbose_name)


class Act:
    """One button on a staff page: a label, a service call, perhaps a form asked first.

    `do(request, thing, data, now)` calls the service and returns the message to show. `move`
    names the workflow move that must be allowed for the button to appear; `show(request, thing)`
    narrows further. `form` is a `forms.Form` class or a function `(request, thing) -> class`.
    `intro` says what will happen; a function `(thing) -> words` says it of the thing.
    """

    def __init__(
        self,
        name: str,
        label: str,
        do: Callable[..., str],
        *,
        move: str = "",
        roles: Sequence[str] = (),
        form: Any = None,
        show: Callable[[HttpRequest, Any], bool] | None = None,
        danger: bool = False,
        intro: str | Callable[[Any], str] = "",
    ) -> None:
        self.name, self.label, self.do, self.move = name, label, do, move
        self.roles, self.form, self.show = set(roles), form, show
        self.danger, self.intro = danger, intro

    def offered(self, request: HttpRequest, thing: Any) -> bool:
        """Tell whether the button stands on this thing's page for this person."""
        if self.move and not allowed(thing.MOVES[self.move], state=thing.state, by=person(request)):
            return False
        if self.roles and not roles_of(request.user) & self.roles:
            return False
        return self.show is None or self.show(request, thing)


def history(thing: Any) -> list[dict[str, Any]]:
    """The moves of a thing in words, the latest first: who, when, what, from, to, why."""
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
    """A read-only screen whose buttons (`acts`) call services, each on its own small page."""

    page_template = ""  # a page of its own, fed by `page`, instead of Django's form
    acts: ClassVar[Sequence[Act]] = ()

    def get_urls(self) -> list[URLPattern]:
        """Add the page of each act."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_act"
        page = self.admin_site.admin_view(self.act_view)
        return [path("<int:pk>/act/<slug:act>/", page, name=name), *super().get_urls()]

    def act_url(self, thing: Model, act: Act) -> str:
        """Where the act's page is."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_act"
        return reverse(name, args=[thing.pk, act.name])

    def back_url(self, thing: Any) -> str:
        """Where an act leads back to: the thing's page, or that of what it belongs to."""
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
        """Show the thing with the buttons that this person may press now."""
        thing = self.own(request, unquote(object_id))
        if self.page_template:
            if request.method not in {"GET", "HEAD"}:
                raise Http404
            return self.shown(request, thing, self.page_template, **self.page(request, thing))
        extra = {"buttons": self.buttons(request, thing), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    def page(self, request: HttpRequest, thing: Any) -> dict[str, Any]:
        """What `page_template` shows of the thing."""
        return {}

    def shown(
        self, request: HttpRequest, thing: Any, template: str, **context: Any
    ) -> TemplateResponse:
        """Render a page about a thing within the staff site, its buttons included."""
        frame = self.admin_site.each_context(request)
        buttons = self.buttons(request, thing) if thing is not None else []
        whole = {"opts": self.opts, "title": str(thing), "thing": thing, "buttons": buttons}
        return TemplateResponse(request, template, {**frame, **whole, **context})

    def buttons(self, request: HttpRequest, thing: Model) -> list[tuple[Act, str]]:
        """The acts that this person may do with this thing now, each with its page."""
        return [(act, self.act_url(thing, act)) for act in self.acts if act.offered(request, thing)]

    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """Ask what the act needs, then do it by POST; a refusal is shown with its reason."""
        thing = self.own(request, pk)
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
                told = step.do(request, thing, form.cleaned_data if form else {}, now())
            except PortalError as error:
                for finding in error.findings:
                    messages.error(request, f"{finding.message} ({finding.code})")
            else:
                messages.success(request, told)
                return redirect(back)
        intro = step.intro(thing) if callable(step.intro) else step.intro
        context = {"title": step.label, "act": step, "form": form, "back": back, "intro": intro}
        return self.shown(request, thing, "admin/act.html", **context)


@admin.register(User)
class UserAdmin(StaffAdmin):
    """Accounts: operators see them and lock them; roles are given by a superuser alone."""

    paginator = QuickPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_display = ["email", "name", "is_active", "is_staff", "joined_at"]
    list_filter = ["is_active", "is_staff", "groups"]
    search_fields = ["email__startswith", "name__startswith"]
    search_help_text = "이메일 또는 이름의 앞부분"
    ordering = ["-pk"]

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Passwords are set by their owners only."""
        return ["email", "name", "phone", "is_active", "is_staff", "groups", "joined_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """An operator may lock and unlock, nothing else."""
        if request.user.is_superuser:
            return ["joined_at"]
        return ["email", "name", "phone", "is_staff", "groups", "joined_at"]

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Operators and auditors."""
        return request.user.is_superuser or bool(roles_of(request.user) & {OPERATOR, AUDITOR})

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As for one account."""
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Operators, but never on a superuser unless they are one."""
        if request.user.is_superuser:
            return True
        return OPERATOR in roles_of(request.user) and not (obj and obj.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People sign up themselves."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Accounts are locked, not deleted: decisions carry their names."""
        return False


def retry_job(request: HttpRequest, job: Job, data: dict[str, Any], at: datetime) -> str:
    """Put a parked job back in the queue."""
    return "다시 대기열에 넣었습니다." if jobs.retry(job) else "이미 처리되고 있습니다."


@admin.register(Job)
class JobAdmin(WorkflowAdmin):
    """What runs in the background, and what is parked."""

    read_roles = [OPERATOR, AUDITOR]
    list_display = ["id", "kind", "state", "done", "total", "attempts", "created_at", "error"]
    list_filter = ["state", "kind"]
    search_fields = ["=key"]
    ordering = ["-pk"]

    acts = [
        Act(
            "retry",
            "다시 시도",
            retry_job,
            roles=[OPERATOR],
            show=lambda request, job: job.state == "parked",
        )
    ]


def retry_notice(request: HttpRequest, notice: Notice, data: dict[str, Any], at: datetime) -> str:
    """Send a notice that was given up once more."""
    return "다시 보냅니다." if notices.retry(notice) else "이미 처리되고 있습니다."


@admin.register(Notice)
class NoticeAdmin(WorkflowAdmin):
    """The outbox; bodies carry sign-in codes and invitations and are not shown."""

    read_roles = [OPERATOR, AUDITOR]
    list_display = ["id", "subject", "state", "attempts", "created_at", "sent_at", "error"]
    list_filter = ["state"]
    fields = ["key", "subject", "state", "attempts", "error", "created_at", "sent_at"]
    search_fields = ["=to_email"]
    ordering = ["-pk"]

    acts = [
        Act(
            "retry",
            "다시 발송",
            retry_notice,
            roles=[OPERATOR],
            show=lambda request, notice: notice.state == "failed",
        )
    ]


@admin.register(TroubleMinute)
class TroubleMinuteAdmin(ReadOnlyAdmin):
    """What went wrong in which minute, as the portal itself recorded it: evidence for moved dates."""

    read_roles = [OFFICER, MANAGER, OPERATOR, AUDITOR]
    list_display = ["at", "scope", "kind", "count", "source"]
    list_filter = ["kind"]
    search_fields = ["^scope"]
    search_help_text = "대상: 회차 코드, 회차/내역사업 코드, 또는 portal(포털 전체)"
    ordering = ["-minute", "-pk"]

    @admin.display(description="분(한국 시각)", ordering="minute")
    def at(self, row: TroubleMinute) -> str:
        """The minute in Korea."""
        return kst(row.minute)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Which keys live; never the keys."""

    read_roles = [OPERATOR, AUDITOR]
    list_display = ["name", "user", "scope", "created_at", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    ordering = ["-pk"]


@admin.register(AuditCheck)
class AuditCheckAdmin(WorkflowAdmin):
    """Verifications of the audit chain, the ends of the chains, and a button that starts one."""

    read_roles = [AUDITOR, OPERATOR]
    change_list_template = "admin/portal/auditcheck/change_list.html"
    page_template = "admin/portal/auditcheck/change_form.html"
    list_display = ["started_at", "verdict", "rows", "unsealed", "faults", "requested_by"]
    list_select_related = ["requested_by"]
    ordering = ["-pk"]

    def get_urls(self) -> list[URLPattern]:
        """Add the button's address."""
        page = self.admin_site.admin_view(self.verify_view)
        return [path("verify/", page, name="portal_auditcheck_verify"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the ends of the chains and the verification that this person has asked for."""
        own = Job.objects.filter(kind=audit.JOB, requested_by=person(request)).order_by("-pk")
        extra = {
            "may_verify": AUDITOR in roles_of(request.user),
            "heads": audit.heads(),
            "job": own.first(),
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def page(self, request: HttpRequest, thing: AuditCheck) -> dict[str, Any]:
        """Whether more was found than is named."""
        return {"more": thing.faults > len(thing.findings)}

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a verification; while one goes on, it is the one."""
        if request.method != "POST" or AUDITOR not in roles_of(request.user):
            raise Http404
        going = Job.objects.filter(kind=audit.JOB, requested_by=person(request))
        if not going.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).exists():
            key = f"audit:{person(request).pk}:{now():%Y%m%d%H%M%S}"
            jobs.enqueue(audit.JOB, key=key, by=person(request))
        messages.success(request, "검증을 시작했습니다. 끝나면 아래 목록에 나타납니다.")
        return redirect("admin:portal_auditcheck_changelist")

    @admin.display(description="결과")
    def verdict(self, check: AuditCheck) -> SafeString:
        """Sound or not, in words."""
        if check.faults:
            return badge("어긋남", tone="danger")
        return badge("이상 없음", tone="success")


admin.site.unregister(Group)
admin.site.unregister(Authenticator)
admin.site.unregister(LogEntry)


@admin.register(LogEntry)
class ChangeLogAdmin(ReadOnlyAdmin):
    """Who changed which field of what."""

    read_roles = [OPERATOR, AUDITOR]
    list_display = ["timestamp", "actor", "action", "content_type", "object_repr"]
    list_filter = ["action", "content_type"]
    list_select_related = ["actor", "content_type"]
    ordering = ["-pk"]
