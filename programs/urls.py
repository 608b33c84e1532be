"""URLs of the programmes."""

from django.urls import path

from programs import api
from programs.views import (
    catalogue,
    eligibility,
    grants,
    industries,
    ledger,
    rule_changes,
    sources,
)

PROGRAM = "programs/<slug:round>/<slug:code>/"
API = "api/v1/programs/"

urlpatterns = [
    path("", catalogue.home, name="home"),
    path("programs/", catalogue.program_list, name="program_list"),
    path("programs/compare/", catalogue.program_compare, name="program_compare"),
    path(PROGRAM, catalogue.program_detail, name="program_detail"),
    path(f"{PROGRAM}self-check/", eligibility.self_check, name="self_check"),
    path(f"{PROGRAM}preview/", grants.preview, name="preview"),
    path("industries/", industries.industry_search, name="industry_search"),
    path("budget/", ledger.budget, name="budget"),
    path("decisions/", rule_changes.decision_list, name="decisions"),
    path("sources/", sources.sources, name="sources"),
    path(API, api.Programs.as_view(), name="api_programs"),
    path(f"{API}<slug:code>/", api.Program.as_view(), name="api_program"),
    path(f"{API}<slug:code>/self-check/", api.SelfCheck.as_view(), name="api_self_check"),
    path(f"{API}<slug:code>/preview/", api.Preview.as_view(), name="api_preview"),
    path("api/v1/budget/", api.Budgets.as_view(), name="api_budget"),
]
