"""Pages of workspaces: their list, invitations, members, data sets."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from kamp.forms.synthesis import SyntheticForm
from kamp.forms.workspaces import InviteForm, OpenForm
from kamp.models import Workspace
from kamp.services import synthesis, workspaces
from kamp.services.clips import used_bytes
from kamp.states import ModelState
from kamp.visibility import invitations_of, owns, workspaces_of
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.core.validators import row_number
from portal.forms.errors import refuse

# Code of a refusal -> field of the form.
CREATE_FIELDS = {"workspace_taken": "business_number", "name_missing": "name"}
INVITE_FIELDS = {"already_member": "email", "already_invited": "email"}


@signed_in
@require_http_methods(["GET", "POST"])
def lab(request: SignedInRequest) -> HttpResponse:
    form = OpenForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            created = workspaces.create(
                name=form.cleaned_data["name"],
                number=form.cleaned_data["business_number"],
                by=request.user,
                now=now(),
            )
        except PortalError as refused:
            refuse(form, refused, fields=CREATE_FIELDS)
        else:
            messages.success(request, f"{created.name} 작업실을 열었습니다.")
            return redirect("kamp_workspace", pk=created.pk)
    context = {
        "form": form,
        "workspaces": workspaces_of(request.user).order_by("name"),
        "invitations": invitations_of(request.user).select_related("workspace", "invited_by"),
    }
    return render(request, "kamp/workspaces/list.html", context, status=status)


@signed_in
@require_POST
def answer(request: SignedInRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(invitations_of(request.user), pk=pk)
    accept = request.POST.get("answer") == "yes"
    workspaces.answer(invitation, accept=accept, by=request.user, now=now())
    if not accept:
        messages.info(request, "초대를 거절했습니다.")
        return redirect("kamp_lab")
    messages.success(request, f"{invitation.workspace.name} 작업실에 들어왔습니다.")
    return redirect("kamp_workspace", pk=invitation.workspace_id)


@signed_in
@require_http_methods(["GET", "POST"])
def people(request: SignedInRequest, pk: int) -> HttpResponse:
    firm = get_object_or_404(workspaces_of(request.user), pk=pk)
    form = InviteForm(request.POST if request.POST.get("act") == "invite" else None)
    status = 200
    if request.method == "POST":
        try:
            done = change_members(request, firm, form)
        except PortalError as refused:
            if not form.is_bound:
                raise
            refuse(form, refused, fields=INVITE_FIELDS)
            done = ""
        if done:
            messages.success(request, done)
            # Who removed themselves cannot open this page any more.
            stays = workspaces_of(request.user).filter(pk=pk).exists()
            return redirect("kamp_people", pk=pk) if stays else redirect("kamp_lab")
        status = 400
    context = {
        "workspace": firm,
        "form": form,
        "owner": owns(request.user, firm),
        "members": firm.members.select_related("user").order_by("pk"),
        "invitations": firm.invitations.filter(answered_at=None).order_by("pk"),
    }
    return render(request, "kamp/workspaces/people.html", context, status=status)


def change_members(request: SignedInRequest, firm: Workspace, form: InviteForm) -> str:
    """Invite or remove; return the message of success, "" when the form has errors."""
    act, at = request.POST.get("act"), now()
    if act == "invite":
        if not form.is_valid():
            return ""
        workspaces.invite(firm, **form.cleaned_data, by=request.user, now=at)
        return "초대했습니다. 초대받은 사람은 로그인하면 작업실 화면에서 수락할 수 있습니다."
    if act == "remove":
        member = get_object_or_404(firm.members, pk=row_number(request.POST.get("member")))
        workspaces.remove(member, by=request.user, now=at)
        return "작업실에서 뺐습니다."
    raise Http404


@signed_in
@require_http_methods(["GET", "POST"])
def workspace(request: SignedInRequest, pk: int) -> HttpResponse:
    firm = get_object_or_404(workspaces_of(request.user), pk=pk)
    form = SyntheticForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if form.is_valid():
        try:
            dataset, _ = synthesis.request(firm, **form.cleaned_data, by=request.user, now=now())
        except PortalError as refused:
            refuse(form, refused)
        else:
            messages.success(request, "합성 제품을 만들고 있습니다.")
            return redirect("kamp_dataset", pk=dataset.pk)
    datasets = firm.datasets.annotate(
        products_count=Count("products", distinct=True),
        models_count=Count("models", filter=~Q(models__state=ModelState.RETIRED), distinct=True),
    )
    context = {
        "workspace": firm,
        "datasets": datasets.order_by("-pk"),
        "used": used_bytes(firm),
        "form": form,
    }
    return render(request, "kamp/workspaces/detail.html", context, status=status)
