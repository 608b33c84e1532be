"""The step with the required documents: files that are sent, and papers from the box of the firm."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from applications.queries import box as box_queries
from applications.queries.intake import drafting as drafting_queries
from applications.queries.intake.drafting import Dossier
from applications.queries.registries import in_words
from applications.services import box
from applications.services.intake import drafting
from applications.views.intake.steps import render_step
from portal.access.requests import SignedInRequest
from portal.core.errors import BadInput
from portal.core.validators import row_number
from portal.forms.uploads import UploadForm
from portal.registries.declared import connected
from portal.web.uploads import store_each
from programs.queries import papers


@dataclass(frozen=True)
class Sent:
    """The form of one document as it was sent and refused."""

    code: str
    form: UploadForm


def documents_page(
    request: SignedInRequest, dossier: Dossier, step: str, at: datetime
) -> HttpResponse:
    act = request.POST.get("act")
    if act == "upload":
        return _upload(request, dossier, step, at)
    if act in ACTS:
        anchor = ACTS[act](request, dossier, at)
        return redirect(f"{request.path}{anchor}")
    return _page(request, dossier, step, at)


def _upload(request: SignedInRequest, dossier: Dossier, step: str, at: datetime) -> HttpResponse:
    code = request.POST.get("requirement", "")
    documents = drafting_queries.applicable_documents(dossier)
    document = next((row for row in documents if row["code"] == code), None)
    if document is None:
        raise BadInput("이 신청에서 받지 않는 서류입니다.", code="document_unknown")
    form = _form(document, request)
    status = store_each(
        request,
        form,
        lambda upload: drafting.attach(
            dossier.application, requirement=code, upload=upload, by=request.user, now=at
        ),
    )
    if status == 200:
        return redirect(f"{request.path}#document-{code}")
    stored = drafting_queries.load(dossier.application)  # some of the files may have been stored
    return _page(request, stored, step, at, sent=Sent(code, form), status=status)


def _remove(request: SignedInRequest, dossier: Dossier, at: datetime) -> str:
    number = row_number(request.POST.get("attachment"))
    stored = next((row for row in dossier.files if row.pk == number), None)
    if stored is None:
        raise Http404
    drafting.detach(stored, by=request.user, now=at)
    messages.success(request, "파일을 지웠습니다.")
    return f"#document-{stored.requirement}"


def _use(request: SignedInRequest, dossier: Dossier, at: datetime) -> str:
    """Attach the chosen paper of the box."""
    number = row_number(request.POST.get("paper"))
    offered = [row for rows in box_queries.offers(dossier, now=at).values() for row in rows]
    paper = next((row for row in offered if row.pk == number), None)
    if paper is None:
        raise Http404
    used = box.use(
        dossier.application, requirement=paper.kind, paper=paper, by=request.user, now=at
    )
    messages.success(request, f"서류함에서 ‘{used.name}’ 파일을 가져왔습니다.")
    return f"#document-{used.requirement}"


def _fill(request: SignedInRequest, dossier: Dossier, at: datetime) -> str:
    """Attach the best paper of the box to every document that has none."""
    used = box.fill(dossier, by=request.user, now=at)
    messages.success(request, f"서류함에서 서류 {len(used)}개를 가져왔습니다.")
    return ""


ACTS = {"remove": _remove, "use": _use, "fill": _fill}


def _page(
    request: SignedInRequest,
    dossier: Dossier,
    step: str,
    at: datetime,
    *,
    sent: Sent | None = None,
    status: int = 200,
) -> HttpResponse:
    offers = box_queries.offers(dossier, now=at)
    told, could_be_told = drafting_queries.told_papers(dossier, now=at), papers.told(connected())
    rows = []
    for document in drafting_queries.applicable_documents(dossier):
        code = document["code"]
        stored = [file for file in dossier.attachments if file.requirement == code]
        rows.append(
            {
                "document": document,
                "files": stored,
                "told": [in_words(record) for record in told.get(code, ())],
                "needed": not stored and code not in told,
                "could_be_told": code in could_be_told,
                "form": sent.form if sent and sent.code == code else _form(document),
                "offers": offers.get(code, []) if len(stored) < document["max_files"] else [],
            }
        )
    fillable = [row for row in rows if row["needed"] and row["offers"]]
    return render_step(
        request,
        dossier,
        step,
        at,
        status=status,
        rows=rows,
        sent=sent.form if sent else None,
        fillable=fillable,
        spared=[row for row in rows if row["needed"] and row["could_be_told"]],
    )


def _form(row: dict[str, Any], request: SignedInRequest | None = None) -> UploadForm:
    data, sent = (request.POST, request.FILES) if request else (None, None)
    return UploadForm(
        data,
        sent,
        auto_id=f"id_{row['code']}_%s",
        formats=row["formats"],
        most=row["max_files"],
    )
