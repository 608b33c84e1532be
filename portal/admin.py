"""Staff screens of accounts, jobs, notices, incidents, API tokens and the audit chain."""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from portal.access.requests import person
from portal.access.roles import AUDITOR, OPERATOR, declared, roles_of
from portal.core.clock import now
from portal.core.errors import MoveNotAllowed
from portal.jobs import queue
from portal.models import ApiToken, AuditCheck, IncidentMinute, Job, JobState, Notice, User
from portal.notices import outbox
from portal.records import audit
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.lists import QuickPaginator, ReadOnlyAdmin, StaffAdmin
from portal.templatetags.components import badge
from portal.templatetags.dates import kst

auditlog.register(User, exclude_fields=["password", "last_login"])


@admin.register(User)
class UserAdmin(StaffAdmin):
    """Accounts: operators read and lock them, a superuser grants roles."""

    paginator = QuickPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_display = ["email", "name", "is_active", "is_staff", "joined_at"]
    list_filter = ["is_active", "is_staff", "groups"]
    search_fields = ["email__startswith", "name__startswith"]
    search_help_text = "이메일 또는 이름의 앞부분"
    ordering = ["-pk"]

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return ["email", "name", "phone", "is_active", "is_staff", "groups", "joined_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        if request.user.is_superuser:
            return ["joined_at"]
        return ["email", "name", "phone", "is_staff", "groups", "joined_at"]

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return request.user.is_superuser or bool(roles_of(request.user) & {OPERATOR, AUDITOR})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if request.user.is_superuser:
            return True
        return OPERATOR in roles_of(request.user) and not (obj and obj.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # Accounts are locked, not deleted: decisions carry their names.
        return False


def retry_job(request: HttpRequest, job: Job, data: dict[str, Any], at: datetime) -> None:
    if not queue.retry(job):
        raise MoveNotAllowed("이미 처리되고 있습니다.")


@admin.register(Job)
class JobAdmin(WorkflowAdmin):
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
            done="다시 대기열에 넣었습니다.",
            roles=[OPERATOR],
            show=lambda request, job: job.state == "parked",
        )
    ]


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

    acts = [
        Act(
            "retry",
            "다시 발송",
            retry_notice,
            done="다시 보냅니다.",
            roles=[OPERATOR],
            show=lambda request, notice: notice.state == "failed",
        )
    ]


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


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    read_roles = [OPERATOR, AUDITOR]
    list_display = ["name", "user", "scope", "created_at", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    ordering = ["-pk"]


@admin.register(AuditCheck)
class AuditCheckAdmin(WorkflowAdmin):
    """Verifications of the audit chains, and a button that starts one."""

    read_roles = [AUDITOR, OPERATOR]
    change_list_template = "admin/portal/auditcheck/change_list.html"
    page_template = "admin/portal/auditcheck/change_form.html"
    list_display = ["started_at", "verdict", "rows", "unsealed", "faults", "requested_by"]
    list_select_related = ["requested_by"]
    ordering = ["-pk"]

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


admin.site.unregister(Group)
admin.site.unregister(Authenticator)
admin.site.unregister(LogEntry)


@admin.register(LogEntry)
class ChangeLogAdmin(ReadOnlyAdmin):
    read_roles = [OPERATOR, AUDITOR]
    list_display = ["timestamp", "actor", "action", "content_type", "object_repr"]
    list_filter = ["action", "content_type"]
    list_select_related = ["actor", "content_type"]
    ordering = ["-pk"]
    exclude = ["serialized_data", "cid"]  # the portal fills in neither
