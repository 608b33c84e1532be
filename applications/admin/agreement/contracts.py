"""Staff screen of agreements: their page, and every act from the papers to the close."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from applications.admin.agreement.amendments import (
    act_on_amendment,
    amendment_intro,
    has_amendment,
)
from applications.admin.agreement.endings import (
    act_on_ending,
    ending_form,
    has_ending,
    request_ending,
)
from applications.admin.agreement.instalments import (
    has_payable,
    has_request,
    pay,
    pay_intro,
    request_intro,
    request_pay,
    return_pay,
)
from applications.admin.application.status import NoteForm
from applications.admin.search import FoundByApplication
from applications.admin.set_acts.lists import SetListAdmin
from applications.admin.settlement.reports import FinalForm, MidForm, final_check, mid_check
from applications.admin.settlement.spending import (
    file_link,
    has_claims,
    judge,
    reopen,
    spending_form,
)
from applications.admin.settlement.statements import (
    RecoveryForm,
    close,
    is_proposed,
    propose,
    ready_to_close,
    recover,
    recover_intro,
    recovery_due,
    return_settlement,
    settle,
    settle_intro,
)
from applications.models import Agreement, AgreementVersion
from applications.queries import agreement as agreement_queries
from applications.queries import delivery as delivery_queries
from applications.services.agreement import amendments, contracts, endings
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
from portal.access.requests import person
from portal.core.clock import now
from portal.core.errors import BadInput
from portal.core.money import won
from portal.forms.fields import HashField, NameField
from portal.forms.ranges import within
from portal.models import User
from portal.staff.acts import Act, history
from portal.staff.forms import text
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.uploads import files
from programs.roles import MANAGER, OFFICER, STAFF_READERS

STAFF = [OFFICER, MANAGER]
FILES: Mapping[str, Callable[[User], QuerySet[Any]]] = {
    "paper": agreement_papers_of,
    "report": report_files_of,
    "evidence": spendings_of,
}
TONES = {
    AgreementState.PREPARING: "warning",
    AgreementState.ACTIVE: "info",
    AgreementState.SETTLING: "warning",
    AgreementState.SETTLED: "warning",
    AgreementState.CLOSED: "success",
    AgreementState.ENDED: "neutral",
}


def papers_form(request: HttpRequest, agreement: Agreement) -> type[forms.Form]:
    labels = {row["code"]: row["label"] for row in agreement.terms["papers"]}
    fields: dict[str, forms.Field] = {}
    for paper in agreement.papers.filter(state=PaperState.PENDING).order_by("pk"):
        name = labels.get(paper.requirement, paper.requirement)
        fields[f"verdict_{paper.pk}"] = forms.ChoiceField(
            label=f"{name} ({paper.name})",
            choices=[("accept", "확인"), ("return", "보완 필요"), ("", "아직 정하지 않음")],
            required=False,
            help_text=file_link("paper", paper.pk, paper.name),
        )
        fields[f"reason_{paper.pk}"] = forms.CharField(
            label=f"{name}: 돌려보내는 사유", required=False, max_length=300
        )
    return type("PapersForm", (forms.Form,), fields)


def check_papers(
    request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime
) -> int:
    """Accept or return the papers with a verdict and return their number. Raises BadInput for none."""
    done = 0
    for paper in agreement.papers.select_related("agreement").filter(state=PaperState.PENDING):
        verdict = data.get(f"verdict_{paper.pk}")
        if verdict:
            accepted = verdict == "accept"
            reason = data.get(f"reason_{paper.pk}", "")
            contracts.check_paper(
                paper, accepted=accepted, reason=reason, by=person(request), now=at
            )
            done += 1
    if not done:
        raise BadInput("확인하거나 돌려보낼 서류를 골라 주세요.", code="nothing_checked")
    return done


def signature_form(request: HttpRequest, agreement: Agreement) -> type[forms.Form]:
    latest = agreement_queries.latest_text(agreement)
    wording = agreement.terms["wording"]
    fields = {
        "name": NameField(
            label="서명(이름)", max_length=50, help_text="계정의 이름과 똑같이 입력하세요."
        ),
        "agreed": forms.BooleanField(
            label="동의합니다", help_text=f"{wording['text']} (문구 {wording['version']})"
        ),
        "sha256": HashField(
            label="협약서 확인 값(SHA-256)",
            initial=latest.sha256,
            widget=forms.TextInput({"readonly": "readonly"}),
            help_text=f"제{latest.number}차 협약서를 읽고 서명합니다.",
        ),
    }
    return type("SignatureForm", (forms.Form,), fields)


def conclude(
    request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime
) -> None:
    contracts.conclude(agreement, **data, by=person(request), now=at)


def amend(request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime) -> None:
    amendments.amend(agreement, **data, by=person(request), now=at)


def reissue(
    request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime
) -> AgreementVersion:
    return contracts.reissue(agreement, reason=data["note"], by=person(request), now=at)


class ExtendForm(forms.Form):
    days = forms.IntegerField(label="연장 일수", validators=[within("extension_days")])
    note = text("사유")


def extend(request: HttpRequest, agreement: Agreement, data: dict[str, Any], at: datetime) -> None:
    contracts.extend(agreement, days=data["days"], reason=data["note"], by=person(request), now=at)


def going_on(request: HttpRequest, agreement: Agreement) -> bool:
    return not agreement_queries.is_lost(agreement)


def step_is_pending(step: str) -> Callable[[HttpRequest, Agreement], bool]:
    return lambda request, agreement: agreement.pending_steps.filter(
        done_at=None, step=step
    ).exists()


@admin.register(Agreement)
class AgreementAdmin(FoundByApplication, SetListAdmin):
    set_list = "agreements"
    read_roles = STAFF_READERS
    page_template = "admin/applications/agreement/page.html"
    list_display = ["number", "firm", "program", "state_label", "grant", "paid_parts"]
    list_filter = ["state", "kind"]
    ordering = ["-pk"]
    sorts = [Sort("number"), Sort("grant", ["grant_won", "pk"])]
    acts = [
        Act("papers", "협약 서류 확인", check_papers, move=AgreementMoves.CHECK_PAPER, form=papers_form,
            done=lambda count: f"협약 서류 {count}건을 확인했습니다.",
            show=lambda request, agreement: agreement.papers.filter(state=PaperState.PENDING).exists()
            and going_on(request, agreement)),
        Act("conclude", "부처 서명(협약 체결)", conclude, move=AgreementMoves.CONCLUDE, form=signature_form, show=going_on,
            done="협약을 체결했습니다. 선정액이 협약액으로 바뀌었습니다.",
            intro="서명하면 협약이 체결되고, 선정액이 같은 때에 협약액으로 바뀝니다."),
        Act("reissue", "협약서 다시 작성", reissue, move=AgreementMoves.REISSUE, form=NoteForm, show=going_on,
            done=lambda made: f"제{made.number}차 협약서를 작성했습니다. 앞의 서명은 효력이 없습니다.", aside=True),
        Act("extend", "협약 기한 연장", extend, move=AgreementMoves.EXTEND, form=ExtendForm, show=going_on,
            done="협약 기한을 늘렸습니다.", aside=True),
        Act("request-pay", "지급 요청", request_pay, roles=[OFFICER], show=has_payable,
            done=lambda part: f"{part}의 지급을 요청했습니다.", intro=request_intro),
        Act("pay", "지급 승인", pay, roles=[MANAGER], show=has_request, intro=pay_intro,
            done=lambda part: f"{part}을 지급했습니다."),
        Act("return-pay", "지급 요청 반려", return_pay, roles=[MANAGER], form=NoteForm,
            done="지급 요청을 돌려보냈습니다.", show=has_request, aside=True),
        Act("examine", "협약변경 검토", act_on_amendment(amendments.examine, "opinion"),
            done="검토했습니다.", move=AgreementMoves.EXAMINE_CHANGE, form=NoteForm,
            show=has_amendment(AmendmentState.ASKED), intro=amendment_intro),
        Act("approve-change", "협약변경 승인", act_on_amendment(amendments.approve, "note"),
            done="협약변경을 승인했습니다.", move=AgreementMoves.APPROVE_CHANGE, form=NoteForm,
            show=has_amendment(AmendmentState.EXAMINED), intro=amendment_intro),
        Act("refuse-change", "협약변경 불승인", act_on_amendment(amendments.refuse, "note"),
            done="협약변경을 승인하지 않았습니다.", move=AgreementMoves.REFUSE_CHANGE, form=NoteForm,
            danger=True, intro=amendment_intro,
            show=has_amendment(AmendmentState.ASKED, AmendmentState.EXAMINED)),
        Act("amend", "부처 서명(변경협약)", amend, move=AgreementMoves.AMEND, form=signature_form,
            done="변경협약을 체결했습니다.",
            show=lambda request, agreement: agreement.in_force < agreement.version),
        Act("mid-check", "중간점검", mid_check, move=AgreementMoves.MID_CHECK, form=MidForm,
            done="중간점검 결과를 남겼습니다.", show=step_is_pending("mid_check")),
        Act("final-check", "최종점검", final_check, move=AgreementMoves.FINAL_CHECK, form=FinalForm,
            done="최종점검 결과를 남겼습니다.", show=step_is_pending("final_check")),
        Act("judge", "사용내역 확인", judge, roles=STAFF, form=spending_form, show=has_claims,
            done=lambda count: f"사용내역 {count}건을 확인했습니다."),
        Act("reopen", "사용내역 보완 요청", reopen, move=AgreementMoves.REOPEN_SPENDING, form=NoteForm,
            done="사용내역의 보완을 요청했습니다.",
            show=lambda request, agreement: agreement.spending_at is not None
            and not is_proposed(request, agreement), aside=True),
        Act("propose", "정산안 작성", propose, move=AgreementMoves.PROPOSE_SETTLEMENT,
            done=lambda made: f"정산안을 만들었습니다. 확정 지원금은 {won(made.settled_won)}입니다.",
            show=lambda request, agreement: not is_proposed(request, agreement)),
        Act("settle", "정산 승인", settle, move=AgreementMoves.SETTLE, show=is_proposed,
            done="정산을 확정했습니다.", intro=settle_intro),
        Act("return-settlement", "정산안 반려", return_settlement, move=AgreementMoves.RETURN_SETTLEMENT,
            done="정산안을 돌려보냈습니다.", form=NoteForm, show=is_proposed, aside=True),
        Act("recover", "환수금 납부 확인", recover, move=AgreementMoves.RECOVER, form=RecoveryForm,
            done="환수금 납부를 확인했습니다.", show=recovery_due, intro=recover_intro),
        Act("close", "종료", close, roles=[MANAGER], show=ready_to_close,
            done="원장과 정산이 맞아 종료했습니다.",
            intro="협약 잔액이 0이고 지급액에서 환수액을 뺀 금액이 확정 지원금과 같아야 종료됩니다."),
        Act("ask-end", "중도 종료 요청", request_ending, roles=STAFF, form=ending_form, danger=True,
            done="중도 종료를 요청했습니다. 다른 결정권자가 승인해야 합니다.",
            show=lambda request, agreement: agreement.state in endings.POSSIBLE
            and going_on(request, agreement) and not has_ending(request, agreement)),
        Act("approve-end", "중도 종료 승인", act_on_ending(endings.approve),
            done="중도 종료를 승인했습니다.", roles=[MANAGER], form=NoteForm, danger=True,
            show=has_ending),
        Act("refuse-end", "중도 종료 불승인", act_on_ending(endings.refuse),
            done="요청을 승인하지 않았습니다.", roles=[MANAGER], form=NoteForm, show=has_ending, aside=True),
    ]  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.file_view)
        name = "applications_agreement_file"
        return [path("file/<slug:kind>/<int:pk>/", page, name=name), *super().get_urls()]

    def file_view(self, request: HttpRequest, kind: str, pk: int) -> HttpResponseBase:
        if kind not in FILES:
            raise Http404
        row = get_object_or_404(FILES[kind](person(request)), pk=pk)
        return files.serve(
            row.file, filename=row.name, content_type=row.content_type, reader=request.user
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agreement]:
        return (
            staff_agreements(person(request))
            .select_related("company", "application__sub_program", "application__track")
            .prefetch_related("instalments")
        )

    def page(self, request: HttpRequest, agreement: Agreement) -> dict[str, Any]:
        labels = {row["code"]: row["label"] for row in agreement.terms["papers"]}
        items = spending.planned_items(agreement)
        return {
            "state_badge": badge(
                agreement.get_state_display(), TONES[AgreementState(agreement.state)]
            ),
            "waiting": agreement_queries.pending_steps(agreement, now=now()),
            "money": agreement_queries.money_of(agreement),
            "texts": agreement.versions.prefetch_related("signatures__by").order_by("-number"),
            "papers": [
                {"paper": row, "label": labels.get(row.requirement, row.requirement)}
                for row in agreement.papers.select_related("checked_by").order_by(
                    "requirement", "pk"
                )
            ],
            "parts": agreement.instalments.select_related("requested_by", "paid_by"),
            "delivery": delivery_queries.statuses_of(
                list(
                    agreement.deliverables.select_related(
                        "expert__user", "agreement__application"
                    ).order_by("order")
                )
            ),
            "reports": agreement.reports.select_related("filed_by").prefetch_related("files"),
            "checks": agreement_queries.checks_of(agreement),
            "changes": agreement.amendments.select_related("asked_by", "examined_by", "decided_by"),
            "spendings": [
                {"row": row, "label": items.get(row.item, row.item)}
                for row in agreement.spendings.filter(removed_at=None).select_related("checked_by")
            ],
            "settlements": agreement.settlements.select_related(
                "proposed_by", "decided_by", "recovery"
            ).order_by("-number"),
            "endings": agreement.endings.select_related("asked_by", "decided_by").order_by("-pk"),
            "uses": agreement.uses.order_by("pk"),
            "lost": agreement_queries.is_lost(agreement),
            "missing": contracts.missing(agreement)
            if agreement.state == "preparing" and going_on(request, agreement)
            else [],
            "moves": history(agreement),
        }

    @admin.display(description="기업")
    def firm(self, agreement: Agreement) -> str:
        return agreement.company.name

    @admin.display(description="내역사업")
    def program(self, agreement: Agreement) -> str:
        return agreement.application.sub_program.name

    @admin.display(description="상태")
    def state_label(self, agreement: Agreement) -> SafeString:
        return badge(agreement.get_state_display(), TONES[AgreementState(agreement.state)])

    @admin.display(description="협약 지원금")
    def grant(self, agreement: Agreement) -> str:
        return won(agreement.grant_won)

    @admin.display(description="지급")
    def paid_parts(self, agreement: Agreement) -> str:
        parts = [
            row for row in agreement.instalments.all() if row.state != InstalmentState.CANCELLED
        ]
        return f"{sum(row.state == InstalmentState.PAID for row in parts)}/{len(parts)}차"
