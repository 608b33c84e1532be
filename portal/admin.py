"""Staff screens of jobs, notices, incidents, API tokens and the audit chain."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from auditlog.models import LogEntry
from auditlog.registry import auditlog
from axes.models import AccessAttempt, AccessBase, AccessLog
from django.apps import apps
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from portal.access.requests import person
from portal.access.roles import AUDITOR, OPERATOR, declared, roles_of
from portal.core.clock import now
from portal.core.errors import MoveNotAllowed
from portal.core.validators import row_number
from portal.jobs import queue
from portal.models import (
    ApiToken,
    AuditCheck,
    IncidentMinute,
    Job,
    JobState,
    Notice,
    ScannedFile,
    User,
)
from portal.notices import outbox
from portal.records import audit
from portal.staff import accounts  # noqa: F401 - registers the screens of accounts
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.lists import ReadOnlyAdmin
from portal.staff.sorting import Sort
from portal.templatetags.browsers import browser
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from portal.worklists import EXPIRY, FAULTS, expiring_tokens, faulty_checks

auditlog.register(User, exclude_fields=["password", "last_login"], m2m_fields={"groups"})


def retry_job(request: HttpRequest, job: Job, data: dict[str, Any], at: datetime) -> None:
    if not queue.retry(job):
        raise MoveNotAllowed("이미 처리되고 있습니다.")


class JobKindFilter(admin.SimpleListFilter):
    title = "종류"
    parameter_name = "work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(settings.JOB_NAMES.items(), key=lambda row: row[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(WorkflowAdmin):
    read_roles = [OPERATOR, AUDITOR]
    list_display = [
        *("id", "what", "state", "done", "total", "attempts", "created_at", "error", "cause")
    ]
    list_filter = ["state", JobKindFilter]
    fields = [
        *("id", "what", "state", "stage", "done", "total", "attempts", "requested_by"),
        *("created_at", "run_after", "finished_at", "error", "cause"),
    ]
    search_fields = ["=key"]
    ordering = ["-pk"]
    sorts = [Sort("created_at")]

    acts = [
        Act(
            "retry",
            "다시 시도",
            retry_job,
            done="다시 대기열에 넣었습니다.",
            roles=[OPERATOR],
            show=lambda request, job: job.state == "parked",
        )
    ]

    @admin.display(description="종류")
    def what(self, job: Job) -> str:
        return settings.JOB_NAMES.get(job.kind, "이름이 없는 작업")


def retry_notice(request: HttpRequest, notice: Notice, data: dict[str, Any], at: datetime) -> None:
    if not outbox.retry(notice):
        raise MoveNotAllowed("이미 처리되고 있습니다.")


@admin.register(Notice)
class NoticeAdmin(WorkflowAdmin):
    """The outbox, without bodies: they contain sign-in codes and invitations."""

    read_roles = [OPERATOR, AUDITOR]
    list_display = ["id", "subject", "state", "attempts", "created_at", "sent_at", "error"]
    list_filter = ["state"]
    fields = ["key", "subject", "state", "attempts", "error", "created_at", "sent_at"]
    search_fields = ["=to_email"]
    ordering = ["-pk"]
    sorts = [Sort("created_at")]
    exported = False  # addresses of people, and who they are

    acts = [
        Act(
            "retry",
            "다시 발송",
            retry_notice,
            done="다시 보냅니다.",
            roles=[OPERATOR],
            show=lambda request, notice: notice.state == "failed" and not notice.secret,
        )
    ]


@admin.register(ScannedFile)
class ScannedFileAdmin(ReadOnlyAdmin):
    """Uploads and what the scanner found; the files themselves stand beside their documents."""

    read_roles = [OPERATOR, AUDITOR]
    list_display = [
        *("title", "verdict", "signature", "uploaded_by", "stored_at", "checked_at", "problem")
    ]
    list_filter = ["verdict"]
    list_select_related = ["uploaded_by"]
    search_fields = ["=name", "=sha256"]
    search_help_text = "저장한 이름 또는 SHA-256 전체"
    ordering = ["-pk"]
    sorts = [Sort("stored_at")]


@admin.register(IncidentMinute)
class IncidentMinuteAdmin(ReadOnlyAdmin):
    """Incidents per minute as the portal recorded them: evidence for moved dates."""

    read_roles = [role.name for role in declared().values() if role.reads_incidents]
    list_display = ["at", "scope", "kind", "count", "source"]
    list_filter = ["kind"]
    search_fields = ["^scope"]
    search_help_text = "대상: 회차 코드, 회차/내역사업 코드, 또는 portal(포털 전체)"
    ordering = ["-minute", "-pk"]

    @admin.display(description="분(한국 시각)", ordering="minute")
    def at(self, row: IncidentMinute) -> str:
        return kst(row.minute)


class ExpiryFilter(admin.SimpleListFilter):
    title = "만료"
    parameter_name = "expiry"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("soon", f"{EXPIRY.days}일 안에 만료")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:
        return expiring_tokens(queryset, now()) if self.value() == "soon" else queryset


class FaultFilter(admin.SimpleListFilter):
    title = "어긋난 것"
    parameter_name = "faults"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("recent", f"최근 {FAULTS.days}일에 나온 것")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditCheck]
    ) -> QuerySet[AuditCheck]:
        return faulty_checks(queryset, now()) if self.value() == "recent" else queryset


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    read_roles = [OPERATOR, AUDITOR]
    list_filter = [ExpiryFilter]
    list_display = ["name", "user", "scope", "created_at", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    ordering = ["-pk"]
    sorts = [Sort("created_at")]
    exported = False  # addresses of people, and who they are


@admin.register(AuditCheck)
class AuditCheckAdmin(WorkflowAdmin):
    """Verifications of the audit chains, and a button that starts one."""

    read_roles = [AUDITOR, OPERATOR]
    change_list_template = "admin/portal/auditcheck/change_list.html"
    page_template = "admin/portal/auditcheck/change_form.html"
    list_filter = [FaultFilter]
    list_display = ["started_at", "verdict", "rows", "unsealed", "faults", "requested_by"]
    list_select_related = ["requested_by"]
    ordering = ["-pk"]
    sorts = [Sort("started_at")]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.verify_view)
        return [path("verify/", page, name="portal_auditcheck_verify"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        own = Job.objects.filter(kind=audit.JOB, requested_by=person(request)).order_by("-pk")
        extra = {
            "may_verify": AUDITOR in roles_of(request.user),
            "heads": audit.heads(),
            "job": own.first(),
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def page(self, request: HttpRequest, thing: AuditCheck) -> dict[str, Any]:
        return {"more": thing.faults > len(thing.findings)}

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or AUDITOR not in roles_of(request.user):
            raise Http404
        going = Job.objects.filter(kind=audit.JOB, requested_by=person(request))
        if not going.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).exists():
            key = f"audit:{person(request).pk}:{now():%Y%m%d%H%M%S}"
            queue.enqueue(audit.JOB, key=key, by=person(request))
        messages.success(request, "검증을 시작했습니다. 끝나면 아래 목록에 나타납니다.")
        return redirect("admin:portal_auditcheck_changelist")

    @admin.display(description="결과")
    def verdict(self, check: AuditCheck) -> SafeString:
        if check.faults:
            return badge("어긋남", tone="danger")
        return badge("이상 없음", tone="success")


# Who is who, and who holds which role, is changed by acts alone: `portal.staff.accounts`.
admin.site.unregister(Group)
admin.site.unregister(Authenticator)
admin.site.unregister(EmailAddress)
admin.site.unregister(UserSession)
admin.site.unregister(LogEntry)


def name_for_staff(model: type[Model], name: str) -> None:
    """Give a package's table the name that staff know it by, without a migration of the package."""
    model._meta.verbose_name = model._meta.verbose_name_plural = name


for label, name in (("axes", "로그인"), ("auditlog", "기록")):
    apps.get_app_config(label).verbose_name = name
name_for_staff(LogEntry, "접속·변경 기록")
name_for_staff(AccessAttempt, "로그인 실패")
name_for_staff(AccessLog, "로그인 기록")
PARAMETERS = {"query": "내려받은 조건"}  # what `tables.log_download` records


MANY = {"groups": "역할"}


def _members(change: Mapping[str, Any]) -> str:
    """Return which rows were added to or taken from a list of many: roles by their names."""
    labels = {name: role.label for name, role in declared().items()}
    names = ", ".join(labels.get(str(each), str(each)) for each in change.get("objects", ()))
    return f"{names} {'더함' if change.get('operation') == 'add' else '뺌'}"


class KindFilter(admin.SimpleListFilter):
    """Kinds of objects that have a screen or whose changes are logged."""

    title = "대상 종류"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        models = {*auditlog.get_models(), *admin.site._registry}
        kinds = ContentType.objects.get_for_models(*models)
        named = [(str(row.pk), str(model._meta.verbose_name)) for model, row in kinds.items()]
        return sorted(named, key=lambda row: row[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        kind = row_number(self.value())
        return queryset if self.value() is None else queryset.filter(content_type=kind or 0)


@admin.register(LogEntry)
class ChangeLogAdmin(ReadOnlyAdmin):
    read_roles = [OPERATOR, AUDITOR]
    list_display = ["at", "who", "what", "kind", "about"]
    list_filter = ["action", KindFilter]
    list_select_related = ["actor", "content_type"]
    ordering = ["-pk"]
    sorts = [Sort("at")]
    fields = ["at", "who", "what", "kind", "about", "changed", "address"]
    readonly_fields = ["at", "who", "what", "kind", "about", "changed", "address"]

    @admin.display(description="시각", ordering="timestamp")
    def at(self, entry: LogEntry) -> str:
        return kst(entry.timestamp)

    @admin.display(description="사람")
    def who(self, entry: LogEntry) -> str:
        return str(entry.actor or entry.actor_email or "시스템")

    @admin.display(description="한 일")
    def what(self, entry: LogEntry) -> str:
        return str(entry.get_action_display())

    @admin.display(description="대상 종류")
    def kind(self, entry: LogEntry) -> str:
        model = entry.content_type.model_class()
        return str(model._meta.verbose_name) if model else "지금은 없는 종류"

    @admin.display(description="대상")
    def about(self, entry: LogEntry) -> str:
        return str(entry.object_repr)

    @admin.display(description="바뀐 것")
    def changed(self, entry: LogEntry) -> SafeString:
        """Return each changed field with what it was and what it became."""
        rows = [
            (PARAMETERS.get(str(name), str(name)), " → ".join(filter(None, map(str, values))))
            for name, values in entry.changes_display_dict.items()
            if list(values)[:1] != ["type"]  # a list of many, told below
        ]
        rows += [
            (MANY.get(name, name), _members(change))
            for name, change in (entry.changes or {}).items()
            if isinstance(change, dict)
        ]
        return format_html_join("", "<p><strong>{}</strong> {}</p>", rows)

    @admin.display(description="접속 주소")
    def address(self, entry: LogEntry) -> str:
        return str(entry.remote_addr or "")


class SignInAdmin(ReadOnlyAdmin):
    """What the package that counts sign-ins has kept; its rows have no page of their own."""

    list_display_links = None
    read_roles = [OPERATOR, AUDITOR]
    search_fields = ["=username", "=ip_address"]
    search_help_text = "이메일 또는 접속 주소 전체"
    ordering = ["-pk"]
    sorts = [Sort("at")]
    exported = False  # addresses of people, and from where they came

    def change_view(self, *where: Any, **named: Any) -> HttpResponse:
        raise Http404

    @admin.display(description="시각", ordering="attempt_time")
    def at(self, row: AccessBase) -> str:
        return kst(row.attempt_time)

    @admin.display(description="이메일")
    def email(self, row: AccessBase) -> str:
        return str(row.username or "")

    @admin.display(description="접속 주소")
    def address(self, row: AccessBase) -> str:
        return str(row.ip_address or "")

    @admin.display(description="브라우저")
    def browser(self, row: AccessBase) -> str:
        return browser(row.user_agent)


@admin.register(AccessAttempt)
class AccessAttemptAdmin(SignInAdmin):
    list_display = ["at", "email", "address", "browser", "failures", "locked"]

    @admin.display(description="실패 횟수")
    def failures(self, row: AccessAttempt) -> int:
        return int(row.failures_since_start)

    @admin.display(description="상태")
    def locked(self, row: AccessAttempt) -> SafeString:
        """Tell whether the account waits, as far as the count and the time say."""
        until = row.attempt_time + timedelta(hours=settings.AXES_COOLOFF_TIME)
        waits = row.failures_since_start >= settings.AXES_FAILURE_LIMIT and until > now()
        return badge("잠김", tone="danger") if waits else badge("잠기지 않음", tone="neutral")


@admin.register(AccessLog)
class AccessLogAdmin(SignInAdmin):
    list_display = ["at", "email", "address", "browser", "left"]

    @admin.display(description="로그아웃 시각")
    def left(self, row: AccessLog) -> str:
        return kst(row.logout_time)
