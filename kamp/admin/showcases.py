"""Showcases for the editors: written, previewed, published by a second one."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse

from kamp import queries
from kamp.forms.reasons import refuse
from kamp.forms.showcases import Editor, PictureForm
from kamp.models import Showcase
from kamp.roles import CURATOR
from kamp.services.showcases import editing
from kamp.states import ShowcaseMoves, ShowcaseState
from kamp.visibility import READERS, showcases_of
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form

NoteForm = note_form(max_length=500, help_text="기록에 남습니다.")


class SlugForm(forms.Form):
    """The name in the address of a new case."""

    slug = forms.SlugField(label="주소 이름", max_length=60, help_text="영문, 숫자, 붙임표")


def submit(request: HttpRequest, case: Showcase, data: dict[str, Any], at: datetime) -> str:
    """Ask for publication."""
    editing.submit(case, by=person(request), now=at)
    return "검토를 요청했습니다. 다른 편집자가 공개합니다."


def publish(request: HttpRequest, case: Showcase, data: dict[str, Any], at: datetime) -> str:
    """Show it to everybody."""
    editing.publish(case, by=person(request), now=at)
    return "공개했습니다."


def give_back(request: HttpRequest, case: Showcase, data: dict[str, Any], at: datetime) -> str:
    """Send it back."""
    editing.give_back(case, note=data["note"], by=person(request), now=at)
    return "작성자에게 돌려보냈습니다."


def withdraw(request: HttpRequest, case: Showcase, data: dict[str, Any], at: datetime) -> str:
    """Take it off."""
    editing.withdraw(case, note=data["note"], by=person(request), now=at)
    return "공개를 거두었습니다."


def reopen(request: HttpRequest, case: Showcase, data: dict[str, Any], at: datetime) -> str:
    """Make it a draft."""
    editing.reopen(case, by=person(request), now=at)
    return "다시 쓸 수 있습니다."


@admin.register(Showcase)
class ShowcaseAdmin(WorkflowAdmin):
    """Every case, drafts of firms included."""

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
            "publish",
            "공개",
            publish,
            move=ShowcaseMoves.PUBLISH,
            intro="누구나 볼 수 있게 됩니다.",
        ),
        Act("submit", "검토 요청", submit, move=ShowcaseMoves.SUBMIT),
        Act(
            "give-back",
            "돌려보내기",
            give_back,
            move=ShowcaseMoves.GIVE_BACK,
            form=NoteForm,
            danger=True,
        ),
        Act(
            "withdraw",
            "공개 철회",
            withdraw,
            move=ShowcaseMoves.WITHDRAW,
            form=NoteForm,
            danger=True,
        ),
        Act("reopen", "다시 쓰기", reopen, move=ShowcaseMoves.REOPEN),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Showcase]:
        """Ask who may see what, as every edge does."""
        return showcases_of(request.user).select_related("workspace")

    def get_urls(self) -> list[URLPattern]:
        """Add the pages on which a case is written."""
        view = self.admin_site.admin_view
        return [
            path("new/", view(self.new_view), name="kamp_showcase_new"),
            path("<int:pk>/edit/", view(self.edit_view), name="kamp_showcase_edit"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, thing: Showcase) -> dict[str, Any]:
        """The case as readers would see it, its way so far, and what it lacks."""
        writes = CURATOR in roles_of(request.user) and thing.state == ShowcaseState.DRAFT
        return {
            "case": thing,
            "figures": [queries.comparison(row) for row in thing.metrics.all()],
            "missing": editing.missing(thing),
            "moves": history(thing),
            "writes": writes,
            "own_words": thing.edited_by_id == request.user.pk,
        }

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """Begin a case."""
        return self.write(request, None)

    def edit_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write a draft anew, or change its pictures."""
        return self.write(request, self.own(request, pk))

    def write(self, request: HttpRequest, thing: Showcase | None) -> HttpResponse:
        """Show the form of a case and save it; a refusal is shown with its reason."""
        if CURATOR not in roles_of(request.user):
            return redirect("admin:index")
        posted = request.POST if request.method == "POST" else None
        whole = posted if request.POST.get("act") not in ("picture", "drop") else None
        editor = Editor(whole, showcase=thing)
        name = SlugForm(whole) if thing is None else None
        if posted is not None:
            try:
                saved = self.save(request, thing, editor, name)
            except PortalError as refused:
                refuse(editor.form, refused) if whole else messages.error(request, refused.message)
            else:
                if saved is not None:
                    messages.success(request, "저장했습니다.")
                    return redirect(reverse("admin:kamp_showcase_change", args=[saved.pk]))
        context = {
            "title": f"{thing} 고치기" if thing else "새 사례",
            "editor": editor,
            "name_form": name,
            "picture_form": PictureForm(),
            "case": thing,
        }
        return self.shown(request, thing, "admin/kamp/showcases/edit.html", **context)

    def save(
        self, request: HttpRequest, thing: Showcase | None, editor: Editor, name: SlugForm | None
    ) -> Showcase | None:
        """Do what was posted; nothing when the form has errors."""
        by, at, act = person(request), now(), request.POST.get("act")
        if thing is not None and act == "picture":
            form = PictureForm(request.POST, request.FILES)
            if not form.is_valid():
                messages.error(request, "그림과 대체 글을 함께 넣어 주세요.")
                return None
            data = form.cleaned_data
            editing.add_picture(thing, upload=data["picture"], alt=data["alt"], by=by, now=at)
            return thing
        if thing is not None and act == "drop":
            dropped = get_object_or_404(thing.images, pk=row_number(request.POST.get("picture")))
            editing.remove_picture(dropped, by=by, now=at)
            return thing
        valid = editor.is_valid() and (name is None or name.is_valid())
        if not valid:
            return None
        whole = {"data": editor.form.cleaned_data, "parts": editor.parts(), "by": by, "now": at}
        if thing is None and name is not None:
            return editing.create(slug=name.cleaned_data["slug"], **whole)
        return editing.edit(thing, **whole)
