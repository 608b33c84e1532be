"""Addresses of KAMP: showcases, inspection, API."""

from django.urls import path

from kamp.api.showcases.views import OneShowcase, Showcases
from kamp.views import (
    clips,
    datasets,
    evaluation,
    inspections,
    jobs,
    labelling,
    reports,
    showcases,
    training,
    workspaces,
)

API = "api/v1/kamp/showcases/"
CASE = "kamp/cases/<slug:slug>/"
OWN = "kamp/own-cases/"

urlpatterns = [
    path("kamp/", showcases.showcase_list, name="kamp"),
    path(CASE, showcases.showcase_detail, name="kamp_showcase"),
    path(f"{CASE}paper/", showcases.showcase_pdf, name="kamp_showcase_paper"),
    path("kamp/pictures/<int:pk>/", showcases.showcase_picture, name="kamp_picture"),
    path(OWN, showcases.own_cases, name="kamp_own_cases"),
    path(f"{OWN}new/<int:workspace>/", showcases.case_new, name="kamp_case_new"),
    path(f"{OWN}<int:pk>/", showcases.case_detail, name="kamp_case"),
    path(f"{OWN}<int:pk>/edit/", showcases.case_edit, name="kamp_case_edit"),
    path(f"{OWN}<int:pk>/act/", showcases.case_act, name="kamp_case_act"),
    path("kamp/lab/", workspaces.lab, name="kamp_lab"),
    path("kamp/lab/invitations/<int:pk>/", workspaces.answer, name="kamp_answer"),
    path("kamp/lab/<int:pk>/people/", workspaces.people, name="kamp_people"),
    path("kamp/lab/<int:pk>/", workspaces.workspace, name="kamp_workspace"),
    path("kamp/lab/<int:workspace>/datasets/new/", datasets.dataset_new, name="kamp_dataset_new"),
    path("kamp/lab/datasets/<int:pk>/", datasets.dataset, name="kamp_dataset"),
    path("kamp/lab/datasets/<int:pk>/label/", labelling.queue, name="kamp_label_next"),
    path("kamp/lab/datasets/<int:pk>/label/undo/", labelling.undo, name="kamp_label_undo"),
    path("kamp/lab/products/<int:pk>/label/", labelling.label, name="kamp_label"),
    path("kamp/lab/clips/<int:pk>/", clips.clip, name="kamp_clip"),
    path("kamp/lab/clips/<int:pk>/<slug:kind>/<int:number>/", clips.frame, name="kamp_frame"),
    path("kamp/lab/models/<int:pk>/", training.model, name="kamp_model"),
    path("kamp/lab/models/<int:pk>/act/", training.model_act, name="kamp_model_act"),
    path("kamp/lab/models/<int:pk>/look/", evaluation.look, name="kamp_look"),
    path("kamp/lab/verdicts/<int:pk>/", inspections.inspection, name="kamp_inspection"),
    path(
        "kamp/lab/verdicts/<int:pk>/<slug:kind>/<int:number>/", inspections.heat, name="kamp_heat"
    ),
    path("kamp/lab/reports/<int:pk>/", reports.report, name="kamp_report"),
    path("kamp/lab/jobs/<int:pk>/", jobs.job, name="kamp_job"),
    path("kamp/lab/jobs/<int:pk>/act/", jobs.job_act, name="kamp_job_act"),
    path(API, Showcases.as_view(), name="api_kamp_showcases"),
    path(f"{API}<slug:code>/", OneShowcase.as_view(), name="api_kamp_showcase"),
]
