"""Agreements on the staff's desk: every act to the close, and the list that shows lost time."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from applications.admin.agreement.amendments import change_in, on_change, to_change
from applications.admin.agreement.endings import ask_end, asked_end, end_form, end_waits, on_end
from applications.admin.agreement.instalments import (
    balance_asked,
    pay,
    request_pay,
    return_pay,
    something_payable,
    to_ask,
    to_pay,
)
from applications.admin.application.status import NoteForm
from applications.admin.settlement.reports import FinalForm, MidForm, final_check, mid_check
from applications.admin.settlement.spending import claims_wait, judge, opened, reopen, spending_form
from applications.admin.settlement.statements import (
    RecoveryForm,
    close,
    is_proposed,
    propose,
    ready_to_close,
    recover,
    recovery_due,
    return_settlement,
    settle,
    to_recover,
    to_settle,
)
from applications.models import Agreement
from applications.queries import agreement as read
from applications.queries import delivery
from applications.services.agreement import amendments, endings, pending_steps
from applications.services.agreement import contracts as agreements
from applications.services.settlement import spending
from applications.states import (
    AgreementMoves,
    AgreementState,
    AmendmentState,
    InstalmentState,
    PaperState,
)
from applications.visibility import (
    agreement_papers_of,
    report_files_of,
    spendings_of,
    staff_agreements,
)
from portal.core.clock import now
from portal.core.money import won
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import text
from portal.templatetags.components import badge
from portal.uploads import files
from programs.roles import MANAGER, OFFICER, STAFF_READERS

STAFF = [OFFICER, MANAGER]


TONES = {
    AgreementState.PREPARING: "warning",
    AgreementState.ACTIVE: "info",
    AgreementState.SETTLING: "warning",
    AgreementState.SETTLED: "warning",
    AgreementState.CLOSED: "success",
    AgreementState.ENDED: "neutral",
}


def papers_form(request: HttpRequest, thing: Agreement) -> type[forms.Form]:
    """What to say of each paper that waits."""
    labels = {row["code"]: row["label"] for row in thing.terms["papers"]}
    fields: dict[str, forms.Field] = {}
    for paper in thing.papers.filter(state=PaperState.PENDING).order_by("pk"):
        name = labels.get(paper.requirement, paper.requirement)
        fields[f"verdict_{paper.pk}"] = forms.ChoiceField(
            label=f"{name} ({paper.name})",
            choices=[("accept", "확인"), ("return", "보완 필요"), ("", "아직 정하지 않음")],
            required=False,
            help_text=opened("paper", paper.pk, paper.name),
        )
        fields[f"reason_{paper.pk}"] = forms.CharField(
            label=f"{name}: 돌려보내는 사유", required=False, max_length=300
        )
    return type("PapersForm", (forms.Form,), fields)


def check_papers(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Accept or return the papers that were decided on."""
    done = 0
    for paper in thing.papers.select_related("agreement").filter(state=PaperState.PENDING):
        verdict = data.get(f"verdict_{paper.pk}")
        if verdict:
            accepted = verdict == "accept"
            reason = data.get(f"reason_{paper.pk}", "")
            agreements.check_paper(paper, accepted=accepted, reason=reason, by=request.user, now=at)
            done += 1
    return f"협약 서류 {done}건을 확인했습니다."


def signature_form(request: HttpRequest, thing: Agreement) -> type[forms.Form]:
    """Name, consent and the hash of the text that this page shows."""
    latest = read.latest_text(thing)
    wording = thing.terms["wording"]
    fields = {
        "name": forms.CharField(
            label="서명(이름)", max_length=50, help_text="계정의 이름과 똑같이 입력하세요."
        ),
        "agreed": forms.BooleanField(
            label="동의합니다", help_text=f"{wording['text']} (문구 {wording['version']})"
        ),
        "sha256": forms.CharField(
            label="협약서 확인 값(SHA-256)",
            initial=latest.sha256,
            max_length=64,
            widget=forms.TextInput({"readonly": "readonly"}),
            help_text=f"제{latest.number}차 협약서를 읽고 서명합니다.",
        ),
    }
    return type("SignatureForm", (forms.Form,), fields)


def conclude(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Sign for the ministry."""
    agreements.conclude(thing, **data, by=request.user, now=at)
    return "협약을 체결했습니다. 선정액이 협약액으로 바뀌었습니다."


def amend(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Sign a changed text."""
    amendments.amend(thing, **data, by=request.user, now=at)
    return "변경협약을 체결했습니다."


def reissue(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Write the text anew."""
    made = agreements.reissue(thing, reason=data["note"], by=request.user, now=at)
    return f"제{made.number}차 협약서를 작성했습니다. 앞의 서명은 효력이 없습니다."


class ExtendForm(forms.Form):
    """How many days more, and why."""

    days = forms.IntegerField(label="연장 일수", min_value=1, max_value=60)
    note = text("사유")


def extend(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Give more time."""
    agreements.extend(thing, days=data["days"], reason=data["note"], by=request.user, now=at)
    return "협약 기한을 늘렸습니다."


def early(request: HttpRequest, thing: Agreement) -> bool:
    """Whether an early end was approved."""
    return pending_steps.ended_early(thing)


@admin.register(Agreement)
class AgreementAdmin(WorkflowAdmin):
    """Agreements from preparation to the close."""

    read_roles = STAFF_READERS
    page_template = "admin/applications/agreement/page.html"
    list_display = ["number", "firm", "program", "state_label", "grant", "paid_parts"]
    list_filter = ["state", "kind"]
    search_fields = ["number__startswith", "company__name__startswith"]
    search_help_text = "협약번호 또는 기업명의 앞부분"
    ordering = ["-pk"]
    acts = [
        Act("papers", "협약 서류 확인", check_papers, move=AgreementMoves.CHECK_PAPER, form=papers_form,
            show=lambda request, thing: thing.papers.filter(state=PaperState.PENDING).exists()),
        Act("conclude", "부처 서명(협약 체결)", conclude, move=AgreementMoves.CONCLUDE, form=signature_form,
            intro="서명하면 협약이 체결되고, 선정액이 같은 때에 협약액으로 바뀝니다."),
        Act("reissue", "협약서 다시 작성", reissue, move=AgreementMoves.REISSUE, form=NoteForm),
        Act("extend", "협약 기한 연장", extend, move=AgreementMoves.EXTEND, form=ExtendForm),
        Act("request-pay", "지급 요청", request_pay, roles=[OFFICER], show=something_payable,
            intro=to_ask),
        Act("pay", "지급 승인", pay, roles=[MANAGER], show=balance_asked, intro=to_pay),
        Act("return-pay", "지급 요청 반려", return_pay, roles=[MANAGER], form=NoteForm,
            show=balance_asked),
        Act("examine", "협약변경 검토", on_change(amendments.examine, "opinion", "검토했습니다."),
            move=AgreementMoves.EXAMINE_CHANGE, form=NoteForm, show=change_in(AmendmentState.ASKED),
            intro=to_change),
        Act("approve-change", "협약변경 승인",
            on_change(amendments.approve, "note", "협약변경을 승인했습니다."),
            move=AgreementMoves.APPROVE_CHANGE, form=NoteForm, show=change_in(AmendmentState.EXAMINED),
            intro=to_change),
        Act("refuse-change", "협약변경 불승인",
            on_change(amendments.refuse, "note", "협약변경을 승인하지 않았습니다."),
            move=AgreementMoves.REFUSE_CHANGE, form=NoteForm, danger=True, intro=to_change,
            show=change_in(AmendmentState.ASKED, AmendmentState.EXAMINED)),
        Act("amend", "부처 서명(변경협약)", amend, move=AgreementMoves.AMEND, form=signature_form,
            show=lambda request, thing: thing.in_force < thing.version),
        Act("mid-check", "중간점검", mid_check, move=AgreementMoves.MID_CHECK, form=MidForm,
            show=lambda request, thing: thing.turns.filter(
                done_at=None, step="mid_check").exists()),
        Act("final-check", "최종점검", final_check, move=AgreementMoves.FINAL_CHECK, form=FinalForm,
            show=lambda request, thing: thing.turns.filter(
                done_at=None, step="final_check").exists()),
        Act("judge", "사용내역 확인", judge, roles=STAFF, form=spending_form, show=claims_wait),
        Act("reopen", "사용내역 보완 요청", reopen, move=AgreementMoves.REOPEN_SPENDING, form=NoteForm,
            show=lambda request, thing: thing.spending_at is not None
            and not is_proposed(request, thing)),
        Act("propose", "정산안 작성", propose, move=AgreementMoves.PROPOSE_SETTLEMENT,
            show=lambda request, thing: not is_proposed(request, thing)),
        Act("settle", "정산 승인", settle, move=AgreementMoves.SETTLE, show=is_proposed,
            intro=to_settle),
        Act("return-settlement", "정산안 반려", return_settlement, move=AgreementMoves.RETURN_SETTLEMENT,
            form=NoteForm, show=is_proposed),
        Act("recover", "환수금 납부 확인", recover, move=AgreementMoves.RECOVER, form=RecoveryForm,
            show=recovery_due, intro=to_recover),
        Act("close", "종료", close, roles=[MANAGER], show=ready_to_close,
            intro="협약 잔액이 0이고 지급액에서 환수액을 뺀 금액이 확정 지원금과 같아야 종료됩니다."),
        Act("ask-end", "중도 종료 요청", ask_end, roles=STAFF, form=end_form, danger=True,
            show=lambda request, thing: thing.state in endings.POSSIBLE
            and asked_end(thing) is None),
        Act("approve-end", "중도 종료 승인", on_end(endings.approve, "중도 종료를 승인했습니다."),
            roles=[MANAGER], form=NoteForm, danger=True, show=end_waits),
        Act("refuse-end", "중도 종료 불승인",
            on_end(endings.refuse, "요청을 승인하지 않았습니다."),
            roles=[MANAGER], form=NoteForm, show=end_waits),
    ]  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        """Add the downloads of papers, files and evidence."""
        page = self.admin_site.admin_view(self.file_view)
        name = "applications_agreement_file"
        return [path("file/<slug:kind>/<int:pk>/", page, name=name), *super().get_urls()]

    def file_view(self, request: HttpRequest, kind: str, pk: int) -> HttpResponse:
        """Send a file of an agreement that this person may read."""
        found = {
            "paper": agreement_papers_of,
            "report": report_files_of,
            "evidence": spendings_of,
        }.get(kind)
        row = found(request.user).filter(pk=pk).first() if found else None
        if row is None:
            raise Http404
        return files.serve(row.file, filename=row.name, content_type=row.content_type)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        """Of the own sub-programmes."""
        return (
            staff_agreements(request.user)
            .select_related("company", "application__sub_program", "application__track")
            .prefetch_related("instalments")
        )

    def page(self, request: HttpRequest, thing: Agreement) -> dict[str, Any]:
        """Everything about an agreement on one screen."""
        labels = {row["code"]: row["label"] for row in thing.terms["papers"]}
        items = spending.planned_items(thing)
        return {
            "state_badge": badge(thing.get_state_display(), TONES[AgreementState(thing.state)]),
            "waiting": read.waiting(thing, now=now()),
            "money": read.money_of(thing),
            "texts": thing.versions.prefetch_related("signatures__by").order_by("-number"),
            "papers": [
                {"paper": row, "label": labels.get(row.requirement, row.requirement)}
                for row in thing.papers.select_related("checked_by").order_by("requirement", "pk")
            ],
            "parts": thing.instalments.select_related("requested_by", "paid_by"),
            "delivery": delivery.standings(
                list(
                    thing.deliverables.select_related(
                        "expert__user", "agreement__application"
                    ).order_by("order")
                )
            ),
            "reports": thing.reports.select_related("filed_by").prefetch_related("files"),
            "checks": read.checks_of(thing),
            "changes": thing.changes.select_related("asked_by", "examined_by", "decided_by"),
            "spendings": [
                {"row": row, "label": items.get(row.item, row.item)}
                for row in thing.spendings.filter(removed_at=None).select_related("checked_by")
            ],
            "settlements": thing.settlements.select_related(
                "proposed_by", "decided_by", "recovery"
            ).order_by("-number"),
            "endings": thing.endings.select_related("asked_by", "decided_by").order_by("-pk"),
            "uses": thing.uses.order_by("pk"),
            "missing": agreements.missing(thing) if thing.state == "preparing" else [],
            "moves": history(thing),
        }

    @admin.display(description="기업")
    def firm(self, thing: Agreement) -> str:
        """Which firm leads."""
        return thing.company.name

    @admin.display(description="내역사업")
    def program(self, thing: Agreement) -> str:
        """Of which sub-programme."""
        return thing.application.sub_program.name

    @admin.display(description="상태")
    def state_label(self, thing: Agreement) -> SafeString:
        """Where it stands."""
        return badge(thing.get_state_display(), TONES[AgreementState(thing.state)])

    @admin.display(description="협약 지원금")
    def grant(self, thing: Agreement) -> str:
        """How much."""
        return won(thing.grant_won)

    @admin.display(description="지급")
    def paid_parts(self, thing: Agreement) -> str:
        """How many parts are paid."""
        parts = [row for row in thing.instalments.all() if row.state != InstalmentState.CANCELLED]
        return f"{sum(row.state == InstalmentState.PAID for row in parts)}/{len(parts)}차"
