"""Addresses of KAMP: showcases, workbench, API."""

from django.urls import path

from kamp import api
from kamp.views import showcases, workspace

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
    path("kamp/lab/<int:pk>/", workspace.people, name="kamp_workspace"),
    path(API, api.Showcases.as_view(), name="api_kamp_showcases"),
    path(f"{API}<slug:code>/", api.OneShowcase.as_view(), name="api_kamp_showcase"),
]
