"""Agreements on the staff's desk: every act to the close, and the list that shows lost time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.admin.application import NoteForm
from applications.models import (
    Agreement,
    ChangeRequest,
    Ending,
    Instalment,
    Recovery,
    Settlement,
    Turn,
)
from applications.queries import agreements as read
from applications.queries import delivery
from applications.rules import agreement as rules
from applications.services import (
    agreement as agreements,
)
from applications.services import (
    amendments,
    endings,
    instalments,
    reporting,
    settlement,
    turns,
)
from applications.states import (
    AgreementState,
    AmendmentState,
    EndingKind,
    EndingState,
    FinalOutcome,
    InstalmentState,
    MidOutcome,
    PaperState,
    RecoveryState,
    SettlementState,
    SpendingState,
    WaitsFor,
)
from applications.visibility import (
    agreement_papers_of,
    report_files_of,
    spendings_of,
    staff_agreements,
    turns_of,
)
from portal.access.roles import AUDITOR, MANAGER, OFFICER
from portal.core.clock import now
from portal.core.money import won
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.lists import ReadOnlyAdmin
from portal.templatetags.portal import badge, kdate, until
from portal.uploads import files

READERS = [OFFICER, MANAGER, AUDITOR]
STAFF = [OFFICER, MANAGER]
TONES = {
    AgreementState.PREPARING: "warning",
    AgreementState.ACTIVE: "info",
    AgreementState.SETTLING: "warning",
    AgreementState.SETTLED: "warning",
    AgreementState.CLOSED: "success",
    AgreementState.ENDED: "neutral",
}


def text(label: str, *, required: bool = True, help_text: str = "") -> forms.CharField:
    """A field for a reason."""
    return forms.CharField(
        label=label,
        required=required,
        max_length=500,
        help_text=help_text,
        widget=forms.Textarea({"rows": 3}),
    )


def opened(kind: str, pk: int, name: str) -> SafeString:
    """A link to a file of an agreement."""
    url = reverse("admin:applications_agreement_file", args=[kind, pk])
    return format_html('<a href="{}">{}</a>', url, name)


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


def next_part(thing: Agreement) -> Instalment | None:
    """The instalment that may be asked for now."""
    rows = thing.instalments.filter(state=InstalmentState.PLANNED).select_related("agreement")
    return next((part for part in rows if turns.payable(thing, part)), None)


def asked_part(thing: Agreement) -> Instalment | None:
    """The instalment that waits for its approval."""
    rows = thing.instalments.filter(state=InstalmentState.REQUESTED)
    return rows.select_related("agreement").first()


def request_pay(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Ask for the next instalment."""
    part = next_part(thing)
    if part is None:
        return "지급할 수 있는 차수가 없습니다."
    instalments.request(part, by=request.user, now=at)
    return f"{part}의 지급을 요청했습니다."


def pay(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Pay what was asked for."""
    part = asked_part(thing)
    if part is None:
        return "지급 요청이 없습니다."
    instalments.pay(part, by=request.user, now=at)
    return f"{part}을 지급했습니다."


def return_pay(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Send the request back."""
    part = asked_part(thing)
    if part is None:
        return "지급 요청이 없습니다."
    instalments.send_back(part, reason=data["note"], by=request.user, now=at)
    return "지급 요청을 돌려보냈습니다."


class MidForm(forms.Form):
    """What the mid-check says."""

    outcome = forms.ChoiceField(label="점검 결과", choices=MidOutcome.choices)
    reason = text("점검 의견")


def mid_check(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Judge the work half-way."""
    reporting.check_half_way(thing, **data, by=request.user, now=at)
    return "중간점검 결과를 남겼습니다."


class FinalForm(forms.Form):
    """What the final check says."""

    outcome = forms.ChoiceField(label="점검 결과", choices=FinalOutcome.choices)
    reason = text("점검 의견")
    days = forms.IntegerField(
        label="보완 일수",
        required=False,
        min_value=1,
        max_value=60,
        help_text="보류할 때만 적으세요.",
    )


def final_check(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Judge the finished work."""
    reporting.check_final(thing, **data, by=request.user, now=at)
    return "최종점검 결과를 남겼습니다."


def spending_form(request: HttpRequest, thing: Agreement) -> type[forms.Form]:
    """What is accepted of each line that waits."""
    fields: dict[str, forms.Field] = {}
    labels = settlement.planned_items(thing)
    for row in thing.spendings.filter(removed_at=None, state=SpendingState.CLAIMED):
        name = f"{labels.get(row.item, row.item)} · {row}"
        fields[f"won_{row.pk}"] = forms.IntegerField(
            label=f"{name}: 인정액(원)",
            required=False,
            min_value=0,
            max_value=row.amount_won,
            initial=row.amount_won,
            help_text=format_html(
                "{} · {} 비워 두면 나중에 정합니다.",
                row.purpose,
                opened("evidence", row.pk, row.name),
            ),
        )
        fields[f"reason_{row.pk}"] = forms.CharField(
            label=f"{name}: 사유", required=False, max_length=300
        )
    return type("SpendingForm", (forms.Form,), fields)


def judge(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Accept, cut or refuse the lines that were decided on."""
    done = 0
    rows = thing.spendings.filter(removed_at=None, state=SpendingState.CLAIMED)
    for row in rows.select_related("agreement"):
        amount = data.get(f"won_{row.pk}")
        if amount is not None:
            reason = data.get(f"reason_{row.pk}", "")
            settlement.judge(row, allowed_won=amount, reason=reason, by=request.user, now=at)
            done += 1
    return f"사용내역 {done}건을 확인했습니다."


def reopen(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Give the list back."""
    settlement.reopen(thing, reason=data["note"], by=request.user, now=at)
    return "사용내역의 보완을 요청했습니다."


def propose(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Reckon the settlement."""
    made = settlement.propose(thing, by=request.user, now=at)
    return f"정산안을 만들었습니다. 확정 지원금은 {won(made.settled_won)}입니다."


def proposed(thing: Agreement) -> Settlement:
    """The settlement that waits."""
    rows = thing.settlements.select_related("agreement__application")
    return rows.get(state=SettlementState.PROPOSED)


def settle(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Approve the settlement."""
    settlement.approve(proposed(thing), by=request.user, now=at)
    return "정산을 확정했습니다."


def return_settlement(
    request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime
) -> str:
    """Send the settlement back."""
    settlement.send_back(proposed(thing), note=data["note"], by=request.user, now=at)
    return "정산안을 돌려보냈습니다."


class RecoveryForm(forms.Form):
    """When the money came in, and how that is known."""

    received_on = forms.DateField(label="납부일", widget=forms.DateInput({"type": "date"}))
    evidence = forms.CharField(label="확인한 근거", max_length=200, help_text="예: 국고 수납 번호")


def recovery_of(thing: Agreement) -> Recovery:
    """What the approved settlement asks back."""
    rows = Recovery.objects.select_related("settlement__agreement")
    return rows.get(settlement__agreement=thing, settlement__state=SettlementState.APPROVED)


def recover(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Record that a recovery came in."""
    settlement.record_recovery(recovery_of(thing), **data, by=request.user, now=at)
    return "환수금 납부를 확인했습니다."


def close(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Close at zero difference."""
    settlement.close(thing, by=request.user, now=at)
    return "원장과 정산이 맞아 종료했습니다."


def open_change(thing: Agreement) -> ChangeRequest | None:
    """The change that is under way."""
    return (
        thing.changes.select_related("agreement__application__sub_program")
        .filter(state__in=[AmendmentState.ASKED, AmendmentState.EXAMINED])
        .first()
    )


def on_change(service: Callable[..., object], word: str, told: str) -> Callable[..., str]:
    """An act on the change that is under way."""

    def do(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
        change = open_change(thing)
        if change is None:
            return "처리할 협약변경이 없습니다."
        service(change, **{word: data["note"]}, by=request.user, now=at)
        return told

    return do


def change_in(*states: str) -> Callable[[HttpRequest, Agreement], bool]:
    """Whether a change stands in one of these states."""
    return lambda request, thing: thing.changes.filter(state__in=states).exists()


def end_form(request: HttpRequest, thing: Agreement) -> type[forms.Form]:
    """Which early end is possible here, and why it is wanted."""
    kinds = endings.POSSIBLE.get(AgreementState(thing.state), ())
    choices = [(kind, EndingKind(kind).label) for kind in kinds if kind != EndingKind.DECLINE]
    fields = {"kind": forms.ChoiceField(label="구분", choices=choices), "reason": text("사유")}
    return type("EndForm", (forms.Form,), fields)


def ask_end(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
    """Ask for an early end."""
    endings.ask(thing, **data, by=request.user, now=at)
    return "중도 종료를 요청했습니다. 다른 결정권자가 승인해야 합니다."


def asked_end(thing: Agreement) -> Ending | None:
    """The early end that waits for its decision."""
    rows = thing.endings.filter(state=EndingState.ASKED)
    return rows.select_related("asked_by").first()


def on_end(service: Callable[..., object], told: str) -> Callable[..., str]:
    """An act on the early end that waits."""

    def do(request: HttpRequest, thing: Agreement, data: dict[str, Any], at: datetime) -> str:
        ending = asked_end(thing)
        if ending is None:
            return "처리할 요청이 없습니다."
        service(ending, note=data["note"], by=request.user, now=at)
        return told

    return do


def end_waits(request: HttpRequest, thing: Agreement) -> bool:
    """Whether an early end waits for its decision."""
    return asked_end(thing) is not None


def balance_asked(request: HttpRequest, thing: Agreement) -> bool:
    """Whether a payment waits for its approval."""
    return asked_part(thing) is not None


def something_payable(request: HttpRequest, thing: Agreement) -> bool:
    """Whether a payment may be asked for."""
    return next_part(thing) is not None


def to_ask(thing: Agreement) -> str:
    """What would be asked for."""
    return f"{next_part(thing)}의 지급을 요청합니다. 결정권자가 승인하면 한 번만 지급됩니다."


def to_pay(thing: Agreement) -> str:
    """What would be paid, and who asked."""
    part = asked_part(thing)
    asked = f" ({part.requested_by} 요청)" if part else ""
    return f"{part}을 지급합니다{asked}. 요청한 사람과 다른 결정권자만 지급할 수 있습니다."


def to_settle(thing: Agreement) -> str:
    """What the settlement says."""
    row = proposed(thing)
    return (
        f"인정 사업비 {won(row.eligible_won)}, 확정 지원금 {won(row.settled_won)}, "
        f"지급한 금액 {won(row.paid_won)}\n\n"
        f"더 지급할 금액 {won(row.balance_won)}, 환수할 금액 {won(row.recover_won)}, "
        f"예산으로 돌아갈 금액 {won(row.release_won)}\n\n"
        "승인하면 남은 협약액은 예산으로 돌아가고, 더 지급한 금액은 환수합니다."
    )


def to_recover(thing: Agreement) -> str:
    """What is to come back, and until when."""
    row = recovery_of(thing)
    return (
        f"환수할 금액은 {won(row.amount_won)}, 납부 기한은 {until(row.due_at)}까지입니다. "
        "모두 들어온 것을 확인한 뒤 기록해 주세요."
    )


def to_change(thing: Agreement) -> str:
    """What the change would change, and why it is wanted."""
    change = open_change(thing)
    if change is None:
        return ""
    parts = "\n".join(f"{name}: {value}" for name, value in change.described)
    return f"{change}\n{parts}\n\n사유: {change.reason}"


def is_proposed(request: HttpRequest, thing: Agreement) -> bool:
    """Whether a settlement waits."""
    return thing.settlements.filter(state=SettlementState.PROPOSED).exists()


def recovery_due(request: HttpRequest, thing: Agreement) -> bool:
    """Whether money is still to come back."""
    due = {"state": SettlementState.APPROVED, "recovery__state": RecoveryState.DUE}
    return thing.settlements.filter(**due).exists()


def claims_wait(request: HttpRequest, thing: Agreement) -> bool:
    """Whether handed-over spending waits to be judged."""
    waits = thing.spendings.filter(removed_at=None, state=SpendingState.CLAIMED)
    return thing.spending_at is not None and waits.exists()


def early(request: HttpRequest, thing: Agreement) -> bool:
    """Whether an early end was approved."""
    return turns.ended_early(thing)


def ready_to_close(request: HttpRequest, thing: Agreement) -> bool:
    """Whether nothing but the close is left."""
    return thing.turns.filter(done_at=None, step="close").exists()


@admin.register(Agreement)
class AgreementAdmin(WorkflowAdmin):
    """Agreements from preparation to the close."""

    read_roles = READERS
    page_template = "admin/applications/agreement/change_form.html"
    list_display = ["number", "firm", "program", "state_label", "grant", "paid_parts"]
    list_filter = ["state", "kind"]
    search_fields = ["number__startswith", "company__name__startswith"]
    search_help_text = "협약번호 또는 기업명의 앞부분"
    ordering = ["-pk"]
    acts = [
        Act("papers", "협약 서류 확인", check_papers, move="check_paper", form=papers_form,
            show=lambda request, thing: thing.papers.filter(state=PaperState.PENDING).exists()),
        Act("conclude", "부처 서명(협약 체결)", conclude, move="conclude", form=signature_form,
            intro="서명하면 협약이 체결되고, 선정액이 같은 때에 협약액으로 바뀝니다."),
        Act("reissue", "협약서 다시 작성", reissue, move="reissue", form=NoteForm),
        Act("extend", "협약 기한 연장", extend, move="extend", form=ExtendForm),
        Act("request-pay", "지급 요청", request_pay, roles=[OFFICER], show=something_payable,
            intro=to_ask),
        Act("pay", "지급 승인", pay, roles=[MANAGER], show=balance_asked, intro=to_pay),
        Act("return-pay", "지급 요청 반려", return_pay, roles=[MANAGER], form=NoteForm,
            show=balance_asked),
        Act("examine", "협약변경 검토", on_change(amendments.examine, "opinion", "검토했습니다."),
            move="examine_change", form=NoteForm, show=change_in(AmendmentState.ASKED),
            intro=to_change),
        Act("approve-change", "협약변경 승인",
            on_change(amendments.approve, "note", "협약변경을 승인했습니다."),
            move="approve_change", form=NoteForm, show=change_in(AmendmentState.EXAMINED),
            intro=to_change),
        Act("refuse-change", "협약변경 불승인",
            on_change(amendments.refuse, "note", "협약변경을 승인하지 않았습니다."),
            move="refuse_change", form=NoteForm, danger=True, intro=to_change,
            show=change_in(AmendmentState.ASKED, AmendmentState.EXAMINED)),
        Act("amend", "부처 서명(변경협약)", amend, move="amend", form=signature_form,
            show=lambda request, thing: thing.in_force < thing.version),
        Act("mid-check", "중간점검", mid_check, move="mid_check", form=MidForm,
            show=lambda request, thing: thing.turns.filter(
                done_at=None, step="mid_check").exists()),
        Act("final-check", "최종점검", final_check, move="final_check", form=FinalForm,
            show=lambda request, thing: thing.turns.filter(
                done_at=None, step="final_check").exists()),
        Act("judge", "사용내역 확인", judge, roles=STAFF, form=spending_form, show=claims_wait),
        Act("reopen", "사용내역 보완 요청", reopen, move="reopen_spending", form=NoteForm,
            show=lambda request, thing: thing.spending_at is not None
            and not is_proposed(request, thing)),
        Act("propose", "정산안 작성", propose, move="propose_settlement",
            show=lambda request, thing: not is_proposed(request, thing)),
        Act("settle", "정산 승인", settle, move="settle", show=is_proposed,
            intro=to_settle),
        Act("return-settlement", "정산안 반려", return_settlement, move="return_settlement",
            form=NoteForm, show=is_proposed),
        Act("recover", "환수금 납부 확인", recover, move="recover", form=RecoveryForm,
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
        items = settlement.planned_items(thing)
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


class LateFilter(admin.SimpleListFilter):
    """Only what is late, or only what is not."""

    title = "기한"
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two halves."""
        return [("yes", "지난 것"), ("no", "지나지 않은 것")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Turn]) -> QuerySet[Turn]:
        """Cut at this instant."""
        if self.value() == "yes":
            return queryset.filter(due_at__lte=now())
        return queryset.filter(due_at__gt=now()) if self.value() == "no" else queryset


class WhoFilter(admin.SimpleListFilter):
    """Who has to act."""

    title = "할 사람"
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The three."""
        return list(WaitsFor.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Turn]) -> QuerySet[Turn]:
        """Of one of them."""
        return queryset.filter(waits_for=self.value()) if self.value() else queryset


class StepFilter(admin.SimpleListFilter):
    """Which step."""

    title = "할 일"
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every step in its order."""
        return [(code, label) for code, (label, _) in rules.STEPS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Turn]) -> QuerySet[Turn]:
        """Of one step."""
        return queryset.filter(step=self.value()) if self.value() else queryset


@admin.register(Turn)
class TurnAdmin(ReadOnlyAdmin):
    """Where time is lost: every step that waits, the longest overdue first."""

    read_roles = READERS
    list_display = ["step_label", "late", "agreement_link", "firm", "who", "due", "begun"]
    list_display_links = None
    list_filter = [LateFilter, WhoFilter, StepFilter]
    ordering = ["due_at", "id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Turn]:
        """What is open in the own sub-programmes."""
        rows = turns_of(request.user).filter(done_at=None)
        return rows.select_related("agreement__company")

    @admin.display(description="할 일")
    def step_label(self, turn: Turn) -> str:
        """What."""
        return read.label_of(turn.step)

    @admin.display(description="협약")
    def agreement_link(self, turn: Turn) -> SafeString:
        """Of which agreement."""
        url = reverse("admin:applications_agreement_change", args=[turn.agreement_id])
        return format_html('<a href="{}">{}</a>', url, turn.agreement.number)

    @admin.display(description="기업")
    def firm(self, turn: Turn) -> str:
        """Of which firm."""
        return turn.agreement.company.name

    @admin.display(description="할 사람")
    def who(self, turn: Turn) -> str:
        """Who is next."""
        return turn.get_waits_for_display()

    @admin.display(description="시작")
    def begun(self, turn: Turn) -> str:
        """Since when."""
        return kdate(turn.since)

    @admin.display(description="기한")
    def due(self, turn: Turn) -> str:
        """Until when."""
        return until(turn.due_at)

    @admin.display(description="기한 경과")
    def late(self, turn: Turn) -> SafeString:
        """How late."""
        found = read.told(turn, now=now())
        return badge(found.word, found.tone)
