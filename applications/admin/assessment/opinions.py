"""Opinions: the words of a panel beside the text that the firm will read, and who released it."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from applications.admin.search import FoundByApplication
from applications.models import Opinion, Selection
from applications.queries.assessment import opinions as queries
from applications.services.assessment import opinions
from applications.states import (
    ANNOUNCED,
    OPEN_OPINIONS,
    OpinionMoves,
    OpinionState,
    SelectionState,
)
from applications.visibility import opinions_of
from portal.access.requests import person
from portal.staff import trail
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.filters import waiting
from portal.staff.forms import note_form, text
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from programs.roles import MANAGER, OFFICER, STAFF_READERS

Data = dict[str, Any]
TONES: dict[str, str] = {
    OpinionState.DRAFT: "warning",
    OpinionState.READY: "info",
    OpinionState.RELEASED: "success",
    OpinionState.DISCARDED: "neutral",
}
TO_FIRM = "신청기업이 결과 화면에서 그대로 읽습니다."
ReasonForm = note_form("reason", max_length=opinions.REASON_LENGTH, help_text=TO_FIRM)
NoteForm = note_form(max_length=opinions.REASON_LENGTH)


def edit_form(request: HttpRequest, opinion: Opinion) -> type[forms.Form]:
    """Return the form of the texts, one field per part, filled with what is stored."""
    fields: dict[str, forms.Field] = {}
    for place, row in enumerate(opinion.text):
        label = f"{row['label']}: 기업이 읽을 의견"
        field = text(label, max_length=opinions.TEXT_LENGTH, rows=6, required=False)
        field.initial = row["text"]
        fields[f"part_{place}"] = field
    fields["checked"] = forms.BooleanField(
        label="이름과 연락처로 표시된 말을 확인했고, 남은 말은 그대로 두어도 됩니다",
        required=False,
    )
    fields["done"] = forms.BooleanField(
        label="다 다듬었습니다(공개 대기로 넘깁니다)",
        required=False,
        help_text="표시하지 않으면 저장만 합니다. 공개는 다른 사람인 결정권자가 합니다.",
    )
    return type("OpinionForm", (forms.Form,), fields)


def save(request: HttpRequest, opinion: Opinion, data: Data, at: datetime) -> Opinion:
    texts = {row["code"]: data[f"part_{place}"] for place, row in enumerate(opinion.text)}
    opinions.save(
        opinion,
        texts=texts,
        by=person(request),
        now=at,
        done=data["done"],
        checked=data["checked"],
    )
    return opinion


def withhold(request: HttpRequest, opinion: Opinion, data: Data, at: datetime) -> None:
    opinions.withhold(opinion, by=person(request), now=at, **data)


def reopen(request: HttpRequest, opinion: Opinion, data: Data, at: datetime) -> None:
    opinions.reopen(opinion, by=person(request), now=at, **data)


def again(request: HttpRequest, opinion: Opinion, data: Data, at: datetime) -> None:
    opinions.begin_again(opinion, by=person(request), now=at, **data)


def release(request: HttpRequest, opinion: Opinion, data: Data, at: datetime) -> None:
    opinions.release(opinion, by=person(request), now=at)


def correct(request: HttpRequest, opinion: Opinion, data: Data, at: datetime) -> Opinion:
    return opinions.correct(opinion, by=person(request), now=at, **data)


def discard(request: HttpRequest, opinion: Opinion, data: Data, at: datetime) -> None:
    opinions.discard(opinion, by=person(request), now=at, **data)


def saved(opinion: Opinion) -> str:
    number = opinion.application.number or ""
    if opinion.state == OpinionState.READY:
        return f"{number} 평가의견을 공개 대기로 넘겼습니다."
    return f"{number} 평가의견을 저장했습니다."


def releasable(request: HttpRequest, opinion: Opinion) -> bool:
    return (
        opinion.application.state in ANNOUNCED
        and opinion.ready_by_id != person(request).pk
        and queries.alone(opinion)
    )


def is_last(request: HttpRequest, opinion: Opinion) -> bool:
    later = opinion.application.opinions.filter(version__gt=opinion.version)
    return opinion.state == OpinionState.RELEASED and not later.exclude(
        state=OpinionState.DISCARDED
    )


# The buttons on the page of a selection.


def gather_all(request: HttpRequest, selection: Selection, data: Data, at: datetime) -> None:
    opinions.schedule(selection.run, by=person(request))


def release_all(request: HttpRequest, selection: Selection, data: Data, at: datetime) -> int:
    return opinions.release_all(selection, by=person(request), now=at)


def ungathered(request: HttpRequest, selection: Selection) -> bool:
    followed = {SelectionState.CONFIRMED, SelectionState.DECIDED, SelectionState.RELEASED}
    return selection.state in followed and queries.ungathered(selection).exists()


def unreleased(request: HttpRequest, selection: Selection) -> bool:
    waiting = queries.released_with(selection).filter(state__in=OPEN_OPINIONS)
    return selection.state == SelectionState.RELEASED and waiting.exists()


def before_release(selection: Selection) -> str:
    """Return in words what one press releases, and what is still missing."""
    found = queries.counts(selection)
    lines = [
        f"공개할 의견 {found.ready:,}건, 사유와 함께 공개하지 않는 것 {found.withheld:,}건, "
        f"다듬는 중 {found.drafts:,}건, 모으지 않은 것 {found.missing:,}건, "
        f"이미 공개한 것 {found.released:,}건입니다."
    ]
    if found.missing:
        lines.append(
            "모으지 않은 의견이 있어 공개할 수 없습니다. 먼저 ‘평가의견 모으기’를 눌러 주세요."
        )
    if found.drafts:
        lines.append(
            "다듬는 중인 의견이 있어 공개할 수 없습니다. 다 다듬거나 ‘공개하지 않음’으로 처리해야 합니다."
        )
    if not found.missing and not found.drafts:
        lines.append(
            "한꺼번에 공개하고 신청기업마다 메일로 알립니다. 되돌릴 수 없고, 고칠 때는 두 사람이 다시 "
            "바로잡습니다."
        )
    return "\n".join(lines)


SELECTION_ACTS = (
    Act(
        "release-opinions",
        "평가의견 공개",
        release_all,
        done=lambda count: (
            f"평가의견 {count:,}건을 공개했습니다. 신청기업에 보내는 알림이 이어집니다."
        ),
        roles=[MANAGER],
        show=unreleased,
        intro=before_release,
    ),
    Act(
        "gather-opinions",
        "평가의견 모으기",
        gather_all,
        done="평가의견을 모으고 있습니다. 끝나면 ‘평가의견’ 목록에 나타납니다.",
        roles=[OFFICER, MANAGER],
        show=ungathered,
        intro="평가위원이 평가표에 적은 의견을 신청마다 이름 없이 모읍니다. 선정안을 확인하면 저절로 모으므로, 빠진 의견이 있을 때만 누르세요.",
        aside=True,
    ),
)


@admin.register(Opinion)
class OpinionAdmin(FoundByApplication, WorkflowAdmin):
    read_roles = STAFF_READERS
    page_template = "admin/applications/assessment/opinions_page.html"
    list_display = ["number", "company", "program", "status", "begun", "ready_by"]
    list_filter = ["state", waiting(queries.RELEASABLE)]
    list_select_related = ["application__company", "application__sub_program", "ready_by"]
    ordering = ["-pk"]
    sorts = [Sort("begun")]
    acts = [
        Act(
            "edit",
            "저장",
            save,
            done=saved,
            move=OpinionMoves.EDIT,
            form=edit_form,
            in_place=True,
        ),
        Act(
            "release",
            "평가의견 공개",
            release,
            done="평가의견을 공개하고 신청기업에 알렸습니다.",
            move=OpinionMoves.RELEASE,
            show=releasable,
            intro="신청기업의 결과 화면에 보이고 메일로 알립니다. 되돌릴 수 없습니다.",
        ),
        Act(
            "correct",
            "바로잡기",
            correct,
            done="바로잡을 의견을 만들었습니다. 다듬은 뒤 다른 사람이 공개할 때까지 지금 의견이 보입니다.",
            roles=[OFFICER],
            form=ReasonForm,
            show=is_last,
            aside=True,
        ),
        Act(
            "withhold",
            "공개하지 않음",
            withhold,
            done="공개하지 않는 것으로 넘겼습니다. 다른 사람이 공개할 때 사유만 보입니다.",
            move=OpinionMoves.WITHHOLD,
            form=ReasonForm,
            aside=True,
        ),
        Act(
            "again",
            "다시 모으기",
            again,
            done="평가표의 의견을 다시 모았습니다.",
            move=OpinionMoves.AGAIN,
            form=NoteForm,
            intro="지금까지 다듬은 글을 지우고 평가표에 적힌 의견을 처음부터 다시 가져옵니다.",
            danger=True,
        ),
        Act(
            "reopen",
            "다시 다듬기",
            reopen,
            done="다시 다듬을 수 있습니다.",
            move=OpinionMoves.REOPEN,
            form=NoteForm,
            aside=True,
        ),
        Act(
            "discard",
            "바로잡기 거두기",
            discard,
            done="바로잡을 의견을 거두었습니다. 공개한 의견은 그대로 있습니다.",
            move=OpinionMoves.DISCARD,
            form=NoteForm,
            show=lambda request, opinion: opinion.corrects_id is not None,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Opinion]:
        return opinions_of(person(request)).select_related(
            "application__company",
            "application__sub_program__round",
            "run",
            "corrects",
            "ready_by",
            "released_by",
        )

    def next_url(self, request: HttpRequest, thing: Opinion, step: Act) -> str:
        """After a finished text show the next draft of the same run; after a correction the new row."""
        own = Opinion.objects.filter(application=thing.application_id).order_by("-version")
        if step.name == "correct":
            return self.back_url(own[0])
        fresh = own.filter(pk=thing.pk).first()
        if step.name != "edit" or fresh is None or fresh.state == OpinionState.DRAFT:
            return ""
        drafts = self.get_queryset(request).filter(run=fresh.run_id, state=OpinionState.DRAFT)
        rest = (
            drafts.filter(pk__gt=thing.pk).order_by("pk").first() or drafts.order_by("pk").first()
        )
        return trail.onto(self.back_url(rest), request) if rest else ""

    def page(self, request: HttpRequest, thing: Opinion) -> Data:
        edit = self.acts[0]
        may_edit = not self.why_none(request, thing) and edit.offered(request, thing)
        form = edit_form(request, thing)() if may_edit else None
        written = {row["code"]: row["texts"] for row in thing.original}
        return {
            "title": f"평가의견 {thing.application.number}",
            "state_badge": self.status(thing),
            "parts": [
                {
                    "label": row["label"],
                    "texts": written.get(row["code"], []),
                    "text": row["text"],
                    "field": form[f"part_{place}"] if form else None,
                }
                for place, row in enumerate(thing.text)
            ],
            "form": form,
            "edit_url": trail.onto(self.act_url(thing, edit), request),
            "seen": self.token_for(request, thing, edit.name) if form else "",
            "mentions": queries.mentions(thing, thing.parts)
            if thing.state in OPEN_OPINIONS
            else [],
            "changed": thing.state in OPEN_OPINIONS
            and queries.sheets_changed(Opinion.objects.filter(pk=thing.pk)).exists(),
            "selection": _together(thing),
            "versions": list(thing.application.opinions.exclude(pk=thing.pk).order_by("-version")),
            "moves": history(thing),
        }

    @admin.display(description="접수번호")
    def number(self, opinion: Opinion) -> str:
        return opinion.application.number or ""

    @admin.display(description="신청기업")
    def company(self, opinion: Opinion) -> str:
        return opinion.application.company.name

    @admin.display(description="내역사업")
    def program(self, opinion: Opinion) -> str:
        return opinion.application.sub_program.name

    @admin.display(description="상태")
    def status(self, opinion: Opinion) -> SafeString:
        label = opinion.get_state_display()
        if opinion.withheld:
            label = f"{label}(의견 없음)"
        return badge(label, tone=TONES[opinion.state])

    @admin.display(description="의견을 모은 시각")
    def begun(self, opinion: Opinion) -> str:
        return kst(opinion.begun_at)


def _together(opinion: Opinion) -> Selection | None:
    """Return the selection whose opinions are released together with this one; None if it is alone."""
    if opinion.state not in OPEN_OPINIONS or queries.alone(opinion):
        return None
    found = Selection.objects.filter(run=opinion.run_id).exclude(state=SelectionState.DISCARDED)
    return found.order_by("-pk").first()
