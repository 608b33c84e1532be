"""Addresses of the public pages, the pages of members and suppliers, and the API."""

from django.urls import URLPattern, path

from vouchers.api import catalogue as catalogue_api
from vouchers.api import corrections as corrections_api
from vouchers.api import reports as reports_api
from vouchers.views import (
    assignment,
    books,
    catalogue,
    corrections,
    members,
    open_data,
    panel,
    recruitment,
    rewards,
    selection,
    suppliers,
    suspensions,
)
from vouchers.views.reports import moderation, publication, writing

APPLICATION = "vouchers/panel/applications/<int:pk>/"
EVIDENCE = "vouchers/panel/evidence/<int:pk>/"
MEMBER = "vouchers/panel/members/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path("vouchers/", catalogue.service_list, name="service_list"),
    path("vouchers/services/<str:code>/", catalogue.service_detail, name="service_detail"),
    path("vouchers/compare/", catalogue.service_compare, name="service_compare"),
    path("vouchers/reports/", publication.report_list, name="report_list"),
    path("vouchers/reports/<int:pk>/", publication.published_report, name="published_report"),
    path("vouchers/pictures/<int:pk>/", publication.report_picture, name="report_picture"),
    path("vouchers/corrections/", corrections.correction_list, name="correction_list"),
    path("vouchers/corrections/<int:pk>/", corrections.correction_detail, name="correction_detail"),
    path("vouchers/books/<uuid:token>/", books.report_book, name="report_book"),
    path("vouchers/data/", open_data.data_list, name="voucher_data"),
    path("vouchers/data/<slug:name>.<slug:kind>", open_data.data_file, name="voucher_data_file"),
    path("vouchers/my/reports/", writing.panel_reports, name="panel_reports"),
    path("vouchers/my/reports/<int:pk>/", writing.panel_report, name="panel_report"),
    path(
        "vouchers/my/reports/<int:pk>/review/",
        writing.panel_report_review,
        name="panel_report_review",
    ),
    path(
        "vouchers/my/reports/<int:pk>/pictures/",
        writing.panel_picture_add,
        name="panel_picture_add",
    ),
    path(
        "vouchers/my/pictures/<int:pk>/remove/",
        writing.panel_picture_remove,
        name="panel_picture_remove",
    ),
    path("vouchers/my/activity/", rewards.panel_activity, name="panel_activity"),
    path(
        "vouchers/my/certificates/<uuid:token>/",
        rewards.panel_certificate,
        name="panel_certificate",
    ),
    path("vouchers/supplier/", suppliers.supplier_desk, name="supplier_desk"),
    path("vouchers/supplier/reports/<int:pk>/", moderation.supplier_report, name="supplier_report"),
    path(
        "vouchers/supplier/corrections/<int:pk>/",
        corrections.supplier_correction,
        name="supplier_correction",
    ),
    path(
        "vouchers/supplier/suspensions/<int:pk>/",
        suspensions.supplier_suspension,
        name="supplier_suspension",
    ),
    path("vouchers/supplier/proofs/<int:pk>/", corrections.supplier_proof, name="supplier_proof"),
    path("api/v1/vouchers/reports/", reports_api.Reports.as_view(), name="api_voucher_reports"),
    path(
        "api/v1/vouchers/corrections/",
        corrections_api.Corrections.as_view(),
        name="api_voucher_corrections",
    ),
    path("vouchers/panels/<slug:code>/", panel.panel_detail, name="panel_detail"),
    path("vouchers/panels/<slug:code>/apply/", recruitment.panel_apply, name="panel_apply"),
    path("vouchers/panel/", members.panel_desk, name="panel_desk"),
    path(APPLICATION, recruitment.panel_application, name="panel_application"),
    path(f"{APPLICATION}evidence/", recruitment.panel_evidence_add, name="panel_evidence_add"),
    path(f"{APPLICATION}appeal/", recruitment.panel_appeal, name="panel_appeal"),
    path(f"{APPLICATION}withdraw/", recruitment.panel_withdraw, name="panel_withdraw"),
    path(f"{APPLICATION}decline/", selection.panel_decline, name="panel_decline"),
    path(EVIDENCE, recruitment.panel_evidence, name="panel_evidence"),
    path(f"{EVIDENCE}remove/", recruitment.panel_evidence_remove, name="panel_evidence_remove"),
    path(f"{MEMBER}wishes/", assignment.panel_wishes, name="panel_wishes"),
    path(f"{MEMBER}leave/", members.panel_leave, name="panel_leave"),
    path("vouchers/panel/assignments/<int:pk>/drop/", assignment.panel_drop, name="panel_drop"),
    path("api/v1/vouchers/services/", catalogue_api.Services.as_view(), name="api_services"),
    path(
        "api/v1/vouchers/services/<str:code>/", catalogue_api.Service.as_view(), name="api_service"
    ),
]
