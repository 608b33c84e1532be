"""Addresses of the panel: public pages, desks of members and suppliers, API."""

from django.urls import URLPattern, path

from vouchers.api import reports, services
from vouchers.views import catalogue, member, panel, published, supplier

APPLICATION = "vouchers/panel/applications/<int:pk>/"
EVIDENCE = "vouchers/panel/evidence/<int:pk>/"
MEMBER = "vouchers/panel/members/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path("vouchers/", catalogue.service_list, name="service_list"),
    path("vouchers/services/<str:code>/", catalogue.service_detail, name="service_detail"),
    path("vouchers/compare/", catalogue.service_compare, name="service_compare"),
    path("vouchers/reports/", published.report_list, name="report_list"),
    path("vouchers/reports/<int:pk>/", published.published_report, name="published_report"),
    path("vouchers/pictures/<int:pk>/", published.report_picture, name="report_picture"),
    path("vouchers/corrections/", published.correction_list, name="correction_list"),
    path("vouchers/corrections/<int:pk>/", published.correction_detail, name="correction_detail"),
    path("vouchers/books/<uuid:token>/", published.report_book, name="report_book"),
    path("vouchers/data/", published.open_data, name="voucher_data"),
    path(
        "vouchers/data/<slug:name>.<slug:kind>", published.open_data_file, name="voucher_data_file"
    ),
    path("vouchers/my/reports/", member.panel_reports, name="panel_reports"),
    path("vouchers/my/reports/<int:pk>/", member.panel_report, name="panel_report"),
    path(
        "vouchers/my/reports/<int:pk>/review/",
        member.panel_report_review,
        name="panel_report_review",
    ),
    path(
        "vouchers/my/reports/<int:pk>/pictures/", member.panel_picture_add, name="panel_picture_add"
    ),
    path(
        "vouchers/my/pictures/<int:pk>/remove/",
        member.panel_picture_remove,
        name="panel_picture_remove",
    ),
    path("vouchers/my/activity/", member.panel_activity, name="panel_activity"),
    path(
        "vouchers/my/certificates/<uuid:token>/", member.panel_certificate, name="panel_certificate"
    ),
    path("vouchers/supplier/", supplier.supplier_desk, name="supplier_desk"),
    path("vouchers/supplier/reports/<int:pk>/", supplier.supplier_report, name="supplier_report"),
    path(
        "vouchers/supplier/corrections/<int:pk>/",
        supplier.supplier_correction,
        name="supplier_correction",
    ),
    path("vouchers/supplier/proofs/<int:pk>/", supplier.supplier_proof, name="supplier_proof"),
    path("api/v1/vouchers/reports/", reports.Reports.as_view(), name="api_voucher_reports"),
    path(
        "api/v1/vouchers/corrections/",
        reports.Corrections.as_view(),
        name="api_voucher_corrections",
    ),
    path("vouchers/panels/<slug:code>/", panel.panel_detail, name="panel_detail"),
    path("vouchers/panels/<slug:code>/apply/", panel.panel_apply, name="panel_apply"),
    path("vouchers/panel/", panel.panel_desk, name="panel_desk"),
    path(APPLICATION, panel.panel_application, name="panel_application"),
    path(f"{APPLICATION}evidence/", panel.panel_evidence_add, name="panel_evidence_add"),
    path(f"{APPLICATION}withdraw/", panel.panel_withdraw, name="panel_withdraw"),
    path(f"{APPLICATION}decline/", panel.panel_decline, name="panel_decline"),
    path(EVIDENCE, panel.panel_evidence, name="panel_evidence"),
    path(f"{EVIDENCE}remove/", panel.panel_evidence_remove, name="panel_evidence_remove"),
    path(f"{MEMBER}wishes/", panel.panel_wishes, name="panel_wishes"),
    path(f"{MEMBER}leave/", panel.panel_leave, name="panel_leave"),
    path("vouchers/panel/assignments/<int:pk>/drop/", panel.panel_drop, name="panel_drop"),
    path("api/v1/vouchers/services/", services.Services.as_view(), name="api_services"),
    path("api/v1/vouchers/services/<str:code>/", services.Service.as_view(), name="api_service"),
]
