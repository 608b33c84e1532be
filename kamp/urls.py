"""Addresses of KAMP: showcases, workbench, API."""

from django.urls import path

from kamp import api
from kamp.views import lab, labelling, models, showcases, workspace

API = "api/v1/kamp/showcases/"
CASE = "kamp/cases/<slug:slug>/"
OWN = "kamp/own-cases/"

urlpatterns = [
    path("kamp/", showcases.showcase_list, name="kamp"),
    path(CASE, showcases.showcase_detail, name="kamp_showcase"),
    path(f"{CASE}paper/", showcases.showcase_paper, name="kamp_showcase_paper"),
    path("kamp/pictures/<int:pk>/", showcases.showcase_picture, name="kamp_picture"),
    path(OWN, showcases.own_cases, name="kamp_own_cases"),
    path(f"{OWN}new/<int:workspace>/", showcases.case_new, name="kamp_case_new"),
    path(f"{OWN}<int:pk>/", showcases.case_detail, name="kamp_case"),
    path(f"{OWN}<int:pk>/edit/", showcases.case_edit, name="kamp_case_edit"),
    path(f"{OWN}<int:pk>/act/", showcases.case_act, name="kamp_case_act"),
    path("kamp/lab/", workspace.lab, name="kamp_lab"),
    path("kamp/lab/invitations/<int:pk>/", workspace.answer, name="kamp_answer"),
    path("kamp/lab/<int:pk>/people/", workspace.people, name="kamp_people"),
    path("kamp/lab/<int:pk>/", lab.workspace, name="kamp_workspace"),
    path("kamp/lab/<int:workspace>/datasets/new/", lab.dataset_new, name="kamp_dataset_new"),
    path("kamp/lab/datasets/<int:pk>/", lab.dataset, name="kamp_dataset"),
    path("kamp/lab/datasets/<int:pk>/label/", labelling.queue, name="kamp_label_next"),
    path("kamp/lab/products/<int:pk>/label/", labelling.label, name="kamp_label"),
    path("kamp/lab/clips/<int:pk>/", lab.clip, name="kamp_clip"),
    path("kamp/lab/clips/<int:pk>/<slug:kind>/<int:number>/", lab.frame, name="kamp_frame"),
    path("kamp/lab/models/<int:pk>/", models.model, name="kamp_model"),
    path("kamp/lab/models/<int:pk>/act/", models.model_act, name="kamp_model_act"),
    path("kamp/lab/models/<int:pk>/look/", models.look, name="kamp_look"),
    path("kamp/lab/verdicts/<int:pk>/", models.inspection, name="kamp_inspection"),
    path("kamp/lab/verdicts/<int:pk>/<slug:kind>/<int:number>/", models.heat, name="kamp_heat"),
    path("kamp/lab/reports/<int:pk>/", models.report, name="kamp_report"),
    path("kamp/lab/jobs/<int:pk>/", lab.job, name="kamp_job"),
    path("kamp/lab/jobs/<int:pk>/act/", lab.job_act, name="kamp_job_act"),
    path(API, api.Showcases.as_view(), name="api_kamp_showcases"),
    path(f"{API}<slug:code>/", api.OneShowcase.as_view(), name="api_kamp_showcase"),
]
