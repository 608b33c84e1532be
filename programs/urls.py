"""Addresses of the programmes."""

from django.urls import path

from programs import api, views

PROGRAM = "programs/<slug:round>/<slug:code>/"
API = "api/v1/programs/"

urlpatterns = [
    path("", views.home, name="home"),
    path("programs/", views.program_list, name="program_list"),
    path(PROGRAM, views.program_detail, name="program_detail"),
    path(f"{PROGRAM}self-check/", views.self_check, name="self_check"),
    path(f"{PROGRAM}preview/", views.preview, name="preview"),
    path("budget/", views.budget, name="budget"),
    path("sources/", views.sources, name="sources"),
    path(API, api.Programs.as_view(), name="api_programs"),
    path(f"{API}<slug:code>/", api.Program.as_view(), name="api_program"),
    path(f"{API}<slug:code>/self-check/", api.SelfCheck.as_view(), name="api_self_check"),
    path(f"{API}<slug:code>/preview/", api.Preview.as_view(), name="api_preview"),
    path("api/v1/budget/", api.Budgets.as_view(), name="api_budget"),
]
