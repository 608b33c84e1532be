"""Staff screens of accounts: who has which role, invitations, requests, endings, second factors."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.access import endings, factor_reset, granting, invitations, locking
from portal.access import parts as held_for
from portal.access.requests import person
from portal.access.roles import (
    AUDITOR,
    OPERATOR,
    approvers,
    declared,
    given_to,
    label,
    labels,
    roles_of,
)
from portal.core.clock import now
from portal.core.dates import korean_day
from portal.models import (
    AccountEnding,
    FactorReset,
    RoleChange,
    RoleRequest,
    StaffInvitation,
    User,
)
from portal.staff.account_forms import (
    FactorResetForm,
    InvitationForm,
    RequestForm,
    codes_for,
    divisible,
    ending_form,
    take_form,
    take_part_form,
)
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.filters import by_condition, waiting
from portal.staff.forms import note_form
from portal.staff.lists import ReadOnlyAdmin
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import kst, until

KEEPERS = sorted(granting.keepers())
READERS = [*KEEPERS, AUDITOR]
REASON = note_form("reason", max_length=500)
Data = dict[str, Any]


def lines(rows: Iterable[str]) -> SafeString | str:
    """Write texts one below the other."""
    return format_html_join(SafeString("<br>"), "{}", ((row,) for row in rows)) or "—"


def change_text(row: RoleChange) -> str:
    before, after = (", ".join(labels(names)) or "없음" for names in (row.before, row.after))
    who = " · ".join(str(each) for each in (row.by, row.approved_by) if each) or "서버 명령"
    parts = ", ".join(held_for.labels(row.role, row.parts))
    of = f" · 담당 내역사업 {'추가' if row.given else '거둠'}: {parts}" if parts else ""
    return f"{kst(row.at)} {before} → {after}{of} ({who}). 사유: {row.reason}"


class RoleFilter(admin.SimpleListFilter):
    title = "역할"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, role.label) for name, role in declared().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        value = self.value()
        return queryset.filter(groups__name=value) if value in declared() else queryset


class StandingFilter(admin.SimpleListFilter):
    title = "상태"
    parameter_name = "standing"
    WAITING, ENDING, CLOSED, ROLES = "waiting", "ending", "closed", "roles"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (self.ROLES, "역할이 있는 계정"),
            (self.WAITING, "승인 대기"),
            (self.ENDING, "끝날 예정"),
            (self.CLOSED, "잠기거나 끝난 계정"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() == self.WAITING:
            return queryset.filter(Exists(waiting_requests().filter(user=OuterRef("pk"))))
        if self.value() == self.ENDING:
            return queryset.filter(Exists(open_endings().filter(user=OuterRef("pk"))))
        if self.value() == self.CLOSED:
            return queryset.filter(is_active=False)
        if self.value() == self.ROLES:
            return queryset.filter(with_roles())
        return queryset


def waiting_requests() -> QuerySet[RoleRequest]:
    return RoleRequest.objects.filter(state=RoleRequest.State.WAITING)


def open_endings() -> QuerySet[AccountEnding]:
    return AccountEnding.objects.filter(done_at=None, cancelled_at=None)


def with_roles() -> Q:
    """Select the accounts that have a role."""
    rows = User.groups.through.objects.filter(user=OuterRef("pk"), group__name__in=list(declared()))
    return Q(Exists(rows))


def of_others(request: HttpRequest, user: User) -> bool:
    return user.pk != person(request).pk


def request_role(request: HttpRequest, user: User, data: Data, at: datetime) -> None:
    granting.request(
        user,
        data["role"],
        codes=codes_for(data["role"], data["parts"]),
        reason=data["reason"],
        by=person(request),
        now=at,
    )


def take_role(request: HttpRequest, user: User, data: Data, at: datetime) -> None:
    granting.take(user, **data, by=person(request), now=at)


def take_parts(request: HttpRequest, user: User, data: Data, at: datetime) -> None:
    granting.take_part(
        user, data["role"], data["parts"], reason=data["reason"], by=person(request), now=at
    )


def end_account(request: HttpRequest, user: User, data: Data, at: datetime) -> AccountEnding:
    return endings.end(user, **data, by=person(request), now=at)


def ended_text(ending: AccountEnding) -> str:
    if ending.done_at:
        return "계정을 끝냈습니다. 넘긴 것과 남은 것은 ‘계정 종료’에서 볼 수 있습니다."
    return f"{ending.ends_on:%Y. %-m. %-d.}에 계정이 끝납니다. 본인에게 메일로 알렸습니다."


def lock(request: HttpRequest, user: User, data: Data, at: datetime) -> None:
    locking.lock(user, **data, by=person(request), now=at)


def unlock(request: HttpRequest, user: User, data: Data, at: datetime) -> None:
    locking.unlock(user, **data, by=person(request), now=at)


@admin.register(User)
class UserAdmin(WorkflowAdmin):
    """Accounts with their roles; nothing of them is edited here, each change is an act."""

    read_roles = READERS
    exported = False  # addresses of people, and who they are
    list_display = ["email", "name", "roles", "standing", "last_sign_in", "joined_at"]
    sorts = [Sort("joined_at")]
    list_filter = [StandingFilter, RoleFilter]
    search_fields = ["email__startswith", "name__startswith"]
    search_help_text = "이메일 또는 이름의 앞부분"
    ordering = ["-pk"]
    fields = readonly_fields = (
        "email", "name", "phone", "affiliation", "roles", "parts", "standing", "requests",
        "last_sign_in", "joined_at", "changes",
    )  # fmt: skip
    acts = [
        Act(
            "request",
            "역할 요청",
            request_role,
            form=RequestForm,
            roles=KEEPERS,
            show=lambda request, user: user.is_active and of_others(request, user),
            done="역할을 요청하고 본인에게 메일로 알렸습니다. 결정권자가 승인하면 쓸 수 있습니다.",
        ),
        Act(
            "take",
            "역할 거두기",
            take_role,
            form=take_form,
            roles=KEEPERS,
            show=lambda request, user: bool(given_to(user)) and of_others(request, user),
            danger=True,
            done="역할을 거두고 본인에게 메일로 알렸습니다.",
            intro="누르면 바로 거둡니다. 다시 주려면 요청과 승인이 필요합니다.",
        ),
        Act(
            "take-part",
            "담당 내역사업 거두기",
            take_parts,
            form=take_part_form,
            roles=KEEPERS,
            show=lambda request, user: bool(divisible(user)) and of_others(request, user),
            danger=True,
            done="담당 내역사업을 거두고 본인에게 메일로 알렸습니다.",
            intro="누르면 바로 거둡니다. 그 내역사업에서 맡고 있던 신청은 담당자가 없게 됩니다. "
            "다시 주려면 역할 요청과 승인이 필요합니다.",
        ),
        Act(
            "end",
            "계정 종료",
            end_account,
            form=ending_form,
            roles=KEEPERS,
            show=lambda request, user: (
                not endings.is_over(user)
                and of_others(request, user)
                and not open_endings().filter(user=user).exists()
            ),
            danger=True,
            done=ended_text,
            intro="로그인과 API 토큰을 끝내고 역할을 모두 거두며, 맡고 있는 건을 넘깁니다.",
        ),
        Act(
            "lock",
            "잠그기",
            lock,
            form=REASON,
            roles=[OPERATOR],
            show=lambda request, user: user.is_active and of_others(request, user),
            danger=True,
            done="계정을 잠그고 본인에게 메일로 알렸습니다.",
            intro="로그인과 API 토큰이 바로 끝납니다. 역할은 남습니다.",
        ),
        Act(
            "unlock",
            "잠금 풀기",
            unlock,
            form=REASON,
            roles=[OPERATOR],
            show=lambda request, user: not user.is_active and of_others(request, user),
            aside=True,
            done="잠금을 풀고 본인에게 메일로 알렸습니다.",
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = User.objects.prefetch_related(
            "groups", Prefetch("endings", open_endings(), to_attr="open_endings")
        )
        if request.user.is_superuser or roles_of(request.user) & {OPERATOR, AUDITOR}:
            return rows
        # Managers look after those who have or are to have a role, not after applicants.
        return rows.filter(with_roles() | Q(Exists(_requests_of_row())))

    @admin.display(description="역할")
    def roles(self, user: User) -> str:
        return ", ".join(labels(group.name for group in user.groups.all())) or "—"

    @admin.display(description="담당 내역사업")
    def parts(self, user: User) -> SafeString | str:
        found = [(name, held_for.of(name)) for name in given_to(user)]
        return lines(
            text
            for name, parts in found
            if parts
            for text in held_for.labels(name, parts.held(user))
        )

    @admin.display(description="상태")
    def standing(self, user: User) -> SafeString | str:
        if not user.is_active:
            return badge("잠김 또는 종료", tone="danger")
        for ending in getattr(user, "open_endings", ()):
            return badge(f"{ending.ends_on:%Y. %-m. %-d.} 종료 예정", tone="warning")
        return "사용 중"

    @admin.display(description="마지막 로그인")
    def last_sign_in(self, user: User) -> str:
        return kst(user.last_login) or "없음"

    @admin.display(description="소속")
    def affiliation(self, user: User) -> str:
        invitation = StaffInvitation.objects.filter(accepted_by=user).first()
        return invitation.affiliation if invitation else "—"

    @admin.display(description="승인을 기다리는 역할")
    def requests(self, user: User) -> SafeString | str:
        rows = waiting_requests().filter(user=user).order_by("pk")
        shown = [
            (reverse("admin:portal_rolerequest_change", args=[row.pk]), label(row.role))
            for row in rows
        ]
        return format_html_join(SafeString("<br>"), '<a href="{}">{}</a>', shown) or "—"

    @admin.display(description="역할 변경 이력")
    def changes(self, user: User) -> SafeString | str:
        rows = user.role_changes.select_related("by", "approved_by").order_by("-pk")
        return lines(map(change_text, rows))


def _requests_of_row() -> QuerySet[RoleRequest]:
    return RoleRequest.objects.filter(user=OuterRef("pk"))


def resend(request: HttpRequest, row: StaffInvitation, data: Data, at: datetime) -> None:
    invitations.resend(row, by=person(request), now=at)


def withdraw(request: HttpRequest, row: StaffInvitation, data: Data, at: datetime) -> None:
    invitations.withdraw(row, by=person(request), now=at)


def is_open(request: HttpRequest, row: StaffInvitation) -> bool:
    return row.accepted_at is None and row.withdrawn_at is None


InvitationFilter = by_condition(
    "상태",
    "state",
    {
        "open": ("수락 대기", Q(accepted_at=None, withdrawn_at=None)),
        "accepted": ("수락", Q(accepted_at__isnull=False)),
        "withdrawn": ("취소", Q(withdrawn_at__isnull=False)),
    },
)


@admin.register(StaffInvitation)
class StaffInvitationAdmin(WorkflowAdmin):
    """Invitations by mail, each for one address."""

    read_roles = READERS
    exported = False  # addresses of people, and who they are
    change_list_template = "admin/portal/staffinvitation/change_list.html"
    list_display = ["name", "affiliation", "email", "wanted", "state", "invited_by", "sent"]
    list_select_related = ["invited_by"]
    list_filter = [InvitationFilter]
    search_fields = ["=email", "name__startswith"]
    search_help_text = "이메일 전체 또는 이름의 앞부분"
    ordering = ["-pk"]
    fields = readonly_fields = (
        "name", "affiliation", "email", "wanted", "reason", "state", "invited_by", "sent", "expires",
        "accepted_by", "withdrawn_by",
    )  # fmt: skip
    acts = [
        Act(
            "resend",
            "다시 보내기",
            resend,
            roles=KEEPERS,
            show=is_open,
            done="새 주소를 메일로 보냈습니다. 전에 보낸 주소는 더 쓸 수 없습니다.",
        ),
        Act(
            "withdraw",
            "초대 취소",
            withdraw,
            roles=KEEPERS,
            show=is_open,
            danger=True,
            done="초대를 취소하고 그 주소로 알렸습니다.",
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.start_view)
        return [path("start/", page, name="portal_staffinvitation_start"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = bool(roles_of(request.user) & granting.keepers())
        return super().changelist_view(request, {"may_start": may, **(extra_context or {})})

    def start_view(self, request: HttpRequest) -> HttpResponse:
        if not roles_of(request.user) & granting.keepers():
            raise Http404
        form = InvitationForm(request.POST or None)

        def invite(data: Data, at: datetime) -> StaffInvitation:
            wanted = {name: data[name] for name in ("email", "name", "affiliation", "reason")}
            return invitations.invite(**wanted, roles=form.chosen(), by=person(request), now=at)

        return self.start_page(
            request,
            form,
            invite,
            template="admin/portal/staffinvitation/start.html",
            title="초대하기",
            done="초대 메일을 보냈습니다. 수락하면 ‘역할 요청’에 승인 대기로 나타납니다.",
            fields={"role": "roles", "letters_today": "email"},
        )

    @admin.display(description="역할")
    def wanted(self, row: StaffInvitation) -> SafeString | str:
        return lines(invitations.role_lines(row))

    @admin.display(description="상태")
    def state(self, row: StaffInvitation) -> SafeString | str:
        if row.accepted_at:
            return badge("수락", tone="success")
        if row.withdrawn_at:
            return "취소"
        if row.expires_at <= now():
            return badge("기한 지남", tone="warning")
        return badge("수락 대기", tone="info")

    @admin.display(description="마지막 발송")
    def sent(self, row: StaffInvitation) -> str:
        return kst(row.sent_at)

    @admin.display(description="링크 기한")
    def expires(self, row: StaffInvitation) -> str:
        return until(row.expires_at)


def approve(request: HttpRequest, row: RoleRequest, data: Data, at: datetime) -> None:
    granting.approve(row, by=person(request), now=at)


def refuse_role(request: HttpRequest, row: RoleRequest, data: Data, at: datetime) -> None:
    granting.refuse(row, note=data["reason"], by=person(request), now=at)


def withdraw_role(request: HttpRequest, row: RoleRequest, data: Data, at: datetime) -> None:
    granting.withdraw(row, note=data["reason"], by=person(request), now=at)


def waits(request: HttpRequest, row: RoleRequest) -> bool:
    return row.state == RoleRequest.State.WAITING and row.user_id != person(request).pk


def approval_intro(row: RoleRequest) -> str:
    before = sorted(roles_of(row.user))
    parts = ", ".join(held_for.labels(row.role, row.parts))
    return "\n".join(
        [
            f"{row.user} ({row.user.email})",
            f"역할: {', '.join(labels(before)) or '없음'} → {', '.join(labels({*before, row.role}))}",
            *([f"담당: {parts}"] if parts else []),
            f"요청: {row.requested_by}. 사유: {row.reason}",
            "승인하면 바로 쓸 수 있고, 본인에게 메일로 알립니다.",
        ]
    )


@admin.register(RoleRequest)
class RoleRequestAdmin(WorkflowAdmin):
    """Roles that wait for a manager's approval, and what became of the others."""

    read_roles = READERS
    exported = False  # addresses of people, and who they are
    list_display = ["user", "wanted", "state", "requested_by", "requested", "decided_by"]
    list_select_related = ["user", "requested_by", "decided_by"]
    list_filter = ["state"]
    search_fields = ["=user__email", "user__name__startswith"]
    search_help_text = "이메일 전체 또는 이름의 앞부분"
    ordering = ["-pk"]
    fields = readonly_fields = (
        "account", "wanted", "held", "reason", "requested_by", "requested", "factor", "state",
        "decided_by", "decided", "note",
    )  # fmt: skip
    acts = [
        Act(
            "approve",
            "승인",
            approve,
            roles=sorted(approvers()),
            show=lambda request, row: (
                waits(request, row)
                and not (row.decides and row.requested_by_id == person(request).pk)
            ),
            intro=approval_intro,
            done="역할을 주고 본인에게 메일로 알렸습니다.",
        ),
        Act(
            "refuse",
            "불승인",
            refuse_role,
            form=REASON,
            roles=sorted(approvers()),
            show=waits,
            danger=True,
            done="승인하지 않고 본인에게 메일로 알렸습니다.",
        ),
        Act(
            "withdraw",
            "요청 취소",
            withdraw_role,
            form=REASON,
            roles=KEEPERS,
            show=waits,
            danger=True,
            done="요청을 취소하고 본인에게 메일로 알렸습니다.",
        ),
    ]

    @admin.display(description="대상 계정")
    def account(self, row: RoleRequest) -> SafeString:
        address = reverse("admin:portal_user_change", args=[row.user_id])
        return format_html('<a href="{}">{} · {}</a>', address, row.user, row.user.email)

    @admin.display(description="요청한 역할")
    def wanted(self, row: RoleRequest) -> str:
        parts = ", ".join(held_for.labels(row.role, row.parts)) if row.parts else ""
        return f"{label(row.role)}: {parts}" if parts else label(row.role)

    @admin.display(description="지금 역할")
    def held(self, row: RoleRequest) -> str:
        return ", ".join(labels(roles_of(row.user))) or "없음"

    @admin.display(description="2단계 인증")
    def factor(self, row: RoleRequest) -> str:
        return "등록함" if granting.has_factor(row.user) else "아직 등록하지 않음"

    @admin.display(description="요청 시각")
    def requested(self, row: RoleRequest) -> str:
        return kst(row.requested_at)

    @admin.display(description="처리 시각")
    def decided(self, row: RoleRequest) -> str:
        return kst(row.decided_at) or "—"


@admin.register(RoleChange)
class RoleChangeAdmin(ReadOnlyAdmin):
    """Every role that was given or taken, with all roles before and after."""

    read_roles = READERS
    exported = False  # addresses of people, and who they are
    list_display = ["user", "before_words", "after_words", "reason", "by", "approved_by", "when"]
    list_select_related = ["user", "by", "approved_by"]
    search_fields = ["=user__email", "user__name__startswith"]
    search_help_text = "이메일 전체 또는 이름의 앞부분"
    ordering = ["-pk"]
    fields = readonly_fields = (
        "user", "before_words", "after_words", "held_for", "reason", "by", "approved_by", "when",
    )  # fmt: skip

    @admin.display(description="이전 역할")
    def before_words(self, row: RoleChange) -> str:
        return ", ".join(labels(row.before)) or "없음"

    @admin.display(description="이후 역할")
    def after_words(self, row: RoleChange) -> str:
        return ", ".join(labels(row.after)) or "없음"

    @admin.display(description="담당 내역사업")
    def held_for(self, row: RoleChange) -> SafeString | str:
        return lines(held_for.labels(row.role, row.parts))

    @admin.display(description="시각")
    def when(self, row: RoleChange) -> str:
        return kst(row.at)


def cancel_ending(request: HttpRequest, row: AccountEnding, data: Data, at: datetime) -> None:
    endings.cancel(row, by=person(request), now=at)


EndingFilter = by_condition(
    "상태",
    "state",
    {
        "coming": ("끝날 예정", Q(done_at=None, cancelled_at=None)),
        "done": ("종료", Q(done_at__isnull=False)),
        "cancelled": ("취소", Q(cancelled_at__isnull=False)),
    },
)


@admin.register(AccountEnding)
class AccountEndingAdmin(WorkflowAdmin):
    """Accounts that end or have ended, and what was handed over."""

    read_roles = READERS
    exported = False  # addresses of people, and who they are
    list_display = ["user", "day", "state", "successor", "by", "reason"]
    list_select_related = ["user", "successor", "by"]
    list_filter = [EndingFilter]
    search_fields = ["=user__email", "user__name__startswith"]
    search_help_text = "이메일 전체 또는 이름의 앞부분"
    ordering = ["-pk"]
    fields = readonly_fields = (
        "user", "day", "state", "reason", "successor", "by", "result", "cancelled_by",
    )  # fmt: skip
    acts = [
        Act(
            "cancel",
            "종료 취소",
            cancel_ending,
            roles=KEEPERS,
            show=lambda request, row: (
                row.done_at is None
                and row.cancelled_at is None
                and row.user_id != person(request).pk
            ),
            danger=True,
            done="종료를 취소하고 본인에게 메일로 알렸습니다.",
        )
    ]

    @admin.display(description="끝나는 날")
    def day(self, row: AccountEnding) -> str:
        return f"{row.ends_on:%Y. %-m. %-d.}"

    @admin.display(description="상태")
    def state(self, row: AccountEnding) -> SafeString | str:
        if row.done_at:
            return "종료"
        if row.cancelled_at:
            return "취소"
        late = row.ends_on <= korean_day(now())
        return badge("종료하지 못함" if late and row.outcome else "끝날 예정", tone="warning")

    @admin.display(description="넘긴 것과 남은 것")
    def result(self, row: AccountEnding) -> SafeString | str:
        return lines(f"{label}: {text}" for label, text in row.outcome)


def confirm_reset(request: HttpRequest, reset: FactorReset, data: Data, at: datetime) -> None:
    factor_reset.confirm(reset, by=person(request), now=at)


def withdraw_reset(request: HttpRequest, reset: FactorReset, data: Data, at: datetime) -> None:
    factor_reset.withdraw(reset, by=person(request), now=at)


def reset_is_open(request: HttpRequest, reset: FactorReset) -> bool:
    return (
        reset.confirmed_by_id is None
        and reset.withdrawn_at is None
        and reset.user_id != person(request).pk
    )


def reset_intro(reset: FactorReset) -> str:
    checked = f"{reset.checked_on:%Y. %-m. %-d.}" if reset.checked_on else "기록 없음"
    return "\n".join(
        [
            f"{reset.user} ({reset.user.email})",
            f"요청: {reset.requested_by}. 사유: {reset.reason}",
            f"본인 확인: {reset.get_checked_how_display() or '기록 없음'}, {checked},"
            f" 확인한 사람 {reset.checked_by or '기록 없음'}. {reset.checked_note}",
            "승인하면 이 계정의 인증 앱과 복구 코드가 지워지고 모든 기기에서 로그아웃됩니다.",
        ]
    )


@admin.register(FactorReset)
class FactorResetAdmin(WorkflowAdmin):
    """Resets of second factors: one person requests with a written check, another one confirms."""

    read_roles = READERS
    exported = False  # addresses of people, and who they are
    change_list_template = "admin/portal/factorreset/change_list.html"
    list_display = ["user", "state", "requested_by", "requested", "confirmed_by", "confirmed"]
    list_select_related = ["user", "requested_by", "confirmed_by"]
    list_filter = [waiting(factor_reset.OPEN)]
    ordering = ["-pk"]
    fields = readonly_fields = (
        "user", "state", "reason", "checked_how", "checked_by", "checked_on", "checked_note",
        "requested_by", "requested", "confirmed_by", "confirmed", "withdrawn_by",
    )  # fmt: skip

    acts = [
        Act(
            "confirm",
            "재설정 승인",
            confirm_reset,
            done="2단계 인증을 재설정하고 본인에게 메일을 보냈습니다.",
            roles=KEEPERS,
            show=lambda request, reset: (
                reset_is_open(request, reset) and reset.requested_by_id != person(request).pk
            ),
            danger=True,
            intro=reset_intro,
        ),
        Act(
            "withdraw",
            "요청 취소",
            withdraw_reset,
            done="요청을 취소하고 본인에게 메일을 보냈습니다.",
            roles=KEEPERS,
            show=reset_is_open,
            danger=True,
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.start_view)
        return [path("start/", page, name="portal_factorreset_start"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = bool(roles_of(request.user) & granting.keepers())
        return super().changelist_view(request, {"may_start": may, **(extra_context or {})})

    def start_view(self, request: HttpRequest) -> HttpResponse:
        if not roles_of(request.user) & granting.keepers():
            raise Http404
        return self.start_page(
            request,
            FactorResetForm(request.POST or None),
            lambda data, at: factor_reset.request(**data, by=person(request), now=at),
            template="admin/portal/factorreset/start.html",
            title="2단계 인증 재설정 요청",
            done="요청을 남겼습니다. 다른 담당자가 승인하면 재설정됩니다.",
            fields={"no_factor": "email"},
        )

    @admin.display(description="상태")
    def state(self, reset: FactorReset) -> SafeString | str:
        if reset.confirmed_at:
            return badge("재설정함", tone="success")
        return "취소" if reset.withdrawn_at else badge("승인 대기", tone="warning")

    @admin.display(description="요청 시각")
    def requested(self, reset: FactorReset) -> str:
        return kst(reset.requested_at)

    @admin.display(description="승인 시각")
    def confirmed(self, reset: FactorReset) -> str:
        return kst(reset.confirmed_at) or "—"
