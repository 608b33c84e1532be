"""Showcases for the editors: written by one, previewed, published by another."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse

from kamp.forms.showcases import Editor, PictureForm
from kamp.models import Showcase
from kamp.queries.showcases import comparisons
from kamp.roles import CURATOR
from kamp.services.showcases import editing
from kamp.states import ShowcaseMoves, ShowcaseState
from kamp.visibility import READERS, showcases_of
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.records import staff_acts
from portal.staff import seen
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.templatetags.dates import kst

NoteForm = note_form(max_length=500, help_text="기록에 남습니다.")


class SlugForm(forms.Form):
    slug = forms.SlugField(label="주소 이름", max_length=60, help_text="영문, 숫자, 붙임표")


def submit(request: HttpRequest, case: Showcase, data: dict[str, Any], at: datetime) -> None:
    editing.submit(case, by=person(request), now=at)


def check(request: HttpRequest, case: Showcase, data: dict[str, Any], at: datetime) -> None:
    editing.check(case, by=person(request), now=at)


def publish(request: HttpRequest, case: Showcase, data: dict[str, Any], at: datetime) -> None:
    editing.publish(case, by=person(request), now=at)


def give_back(request: HttpRequest, case: Showcase, data: dict[str, Any], at: datetime) -> None:
    editing.give_back(case, note=data["note"], by=person(request), now=at)


def withdraw(request: HttpRequest, case: Showcase, data: dict[str, Any], at: datetime) -> None:
    editing.withdraw(case, note=data["note"], by=person(request), now=at)


def reopen(request: HttpRequest, case: Showcase, data: dict[str, Any], at: datetime) -> None:
    editing.reopen(case, by=person(request), now=at)


@admin.register(Showcase)
class ShowcaseAdmin(WorkflowAdmin):
    read_roles = sorted(READERS)
    list_display = ["title", "company", "state", "workspace", "published_at", "updated_at"]
    list_filter = ["state", "process", "purpose"]
    list_select_related = ["workspace"]
    search_fields = ["title__startswith", "company__startswith"]
    search_help_text = "제목이나 기업명의 앞부분"
    ordering = ["-pk"]
    page_template = "admin/kamp/showcases/page.html"
    change_list_template = "admin/kamp/showcases/list.html"
    acts = [
        Act(
            "check",
            "확인",
            check,
            done="확인했습니다. 다른 편집자가 공개합니다.",
            move=ShowcaseMoves.CHECK,
            show=lambda request, case: case.workspace_id is not None and case.checked_by_id is None,
            intro="기업이 보낸 사례의 첫 번째 확인입니다. 공개는 다른 편집자가 합니다.",
        ),
        Act(
            "publish",
            "공개",
            publish,
            done="공개했습니다.",
            move=ShowcaseMoves.PUBLISH,
            show=lambda request, case: (
                case.workspace_id is None or case.checked_by_id not in (None, request.user.pk)
            ),
            intro="누구나 볼 수 있게 됩니다.",
        ),
        Act(
            "submit",
            "검토 요청",
            submit,
            done="검토를 요청했습니다. 다른 편집자가 공개합니다.",
            move=ShowcaseMoves.SUBMIT,
        ),
        Act(
            "give-back",
            "돌려보내기",
            give_back,
            done="작성자에게 돌려보냈습니다.",
            move=ShowcaseMoves.GIVE_BACK,
            form=NoteForm,
            danger=True,
        ),
        Act(
            "withdraw",
            "공개 철회",
            withdraw,
            done="공개를 거두었습니다.",
            move=ShowcaseMoves.WITHDRAW,
            form=NoteForm,
            danger=True,
        ),
        Act(
            "reopen",
            "다시 쓰기",
            reopen,
            done="다시 쓸 수 있습니다.",
            move=ShowcaseMoves.REOPEN,
            aside=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Showcase]:
        return showcases_of(request.user).select_related("workspace")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("new/", view(self.new_view), name="kamp_showcase_new"),
            path("<int:pk>/edit/", view(self.edit_view), name="kamp_showcase_edit"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, case: Showcase) -> dict[str, Any]:
        writes = CURATOR in roles_of(request.user) and case.state == ShowcaseState.DRAFT
        return {
            "case": case,
            "figures": comparisons(case),
            "missing": editing.missing(case),
            "moves": history(case),
            "writes": writes,
            "own_words": case.edited_by_id == request.user.pk,
        }

    def new_view(self, request: HttpRequest) -> HttpResponse:
        return self.edit(request, None)

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.edit(request, self.get_or_404(request, pk))

    def edit(self, request: HttpRequest, case: Showcase | None) -> HttpResponse:
        if CURATOR not in roles_of(request.user):
            return redirect("admin:index")
        posted = request.POST if request.method == "POST" else None
        # The forms of a picture post nothing of the case itself.
        of_case = posted if request.POST.get("act") not in ("picture", "drop") else None
        editor = Editor(of_case, showcase=case)
        name = SlugForm(of_case) if case is None else None
        page = self.seen_of(case, request)
        if posted is not None:
            try:
                shown = seen.read(
                    posted.get(seen.FIELD, ""),
                    subject=page.subject,
                    act=page.act,
                    reader=person(request),
                )
                if first := seen.first_answer(shown):
                    messages.success(request, first.message)
                    pk = first.subject.partition(":")[2]
                    return redirect(reverse("admin:kamp_showcase_change", args=[pk]))
                if case is not None and shown:
                    seen.refuse_stale(case, shown, page, person(request))
                saved = self.save(request, case, editor, name, shown or page)
            except PortalError as refused:
                if of_case:
                    refuse(editor.form, refused)
                else:
                    messages.error(request, refused.message)
            else:
                if saved is not None:
                    messages.success(request, "저장했습니다.")
                    return redirect(reverse("admin:kamp_showcase_change", args=[saved.pk]))
        context = {
            "title": f"{case} 고치기" if case else "새 사례",
            "editor": editor,
            "name_form": name,
            "picture_form": PictureForm(),
            "case": case,
            "seen": page.token(),
        }
        return self.render(request, case, "admin/kamp/showcases/edit.html", **context)

    def seen_of(self, case: Showcase | None, request: HttpRequest) -> seen.Seen:
        if case is None:
            return seen.look("kamp.showcase:new", "new", person(request))
        # The parts of a case have rows of their own; saving them moves this time.
        saved = {"updated_at": ("바뀐 시각", kst(case.updated_at))}
        return seen.look(case, "edit", person(request), facts={**staff_acts.columns(case), **saved})

    @transaction.atomic
    def save(
        self,
        request: HttpRequest,
        case: Showcase | None,
        editor: Editor,
        name: SlugForm | None,
        shown: seen.Seen,
    ) -> Showcase | None:
        """Save what was posted, with its record; None when it is not valid. Raises PortalError."""
        before = staff_acts.columns(case) if case is not None else {}
        saved = self.write(request, case, editor, name)
        if saved is not None:
            staff_acts.record(
                staff_acts.subject_of(saved),
                key=shown.key,
                act=shown.act,
                label="사례 고침" if before else "사례 등록",
                message="저장했습니다.",
                changed=staff_acts.changes(before, staff_acts.columns(saved)) if before else [],
                note="",
                by=person(request),
                now=now(),
            )
        return saved

    def write(
        self, request: HttpRequest, case: Showcase | None, editor: Editor, name: SlugForm | None
    ) -> Showcase | None:
        by, at, act = person(request), now(), request.POST.get("act")
        if case is not None and act == "picture":
            form = PictureForm(request.POST, request.FILES)
            if not form.is_valid():
                messages.error(request, "그림과 대체 글을 함께 넣어 주세요.")
                return None
            data = form.cleaned_data
            editing.add_picture(case, upload=data["picture"], alt=data["alt"], by=by, now=at)
            return case
        if case is not None and act == "drop":
            picture = get_object_or_404(case.images, pk=row_number(request.POST.get("picture")))
            editing.remove_picture(picture, by=by, now=at)
            return case
        valid = editor.is_valid() and (name is None or name.is_valid())
        if not valid:
            return None
        data, parts = editor.form.cleaned_data, editor.parts()
        if case is not None:
            return editing.edit(case, data=data, parts=parts, by=by, now=at)
        slug = name.cleaned_data["slug"] if name is not None else ""
        return editing.create(slug=slug, data=data, parts=parts, by=by, now=at)
