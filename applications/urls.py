"""Addresses of this app: pages, then API."""

from django.urls import path

from applications import api
from applications.views import (
    agreement,
    assessment,
    box,
    claims,
    company,
    documents,
    inquiries,
    objection,
    open_data,
    screening,
    selection,
    statistics,
)
from applications.views.application import overview, status
from applications.views.delivery import deliverables, experts
from applications.views.intake import drafting, filing, partners, tickets
from applications.views.settlement import reports, spending

urlpatterns = [
    path("applications/", overview.application_list, name="application_list"),
    path(
        "applications/new/<slug:round>/<slug:code>/",
        drafting.application_new,
        name="application_new",
    ),
    path("applications/<int:pk>/", status.application_detail, name="application_detail"),
    path(
        "applications/<int:pk>/edit/<slug:step>/",
        drafting.application_step,
        name="application_step",
    ),
    path(
        "applications/<int:pk>/again/",
        drafting.application_again,
        name="application_again",
    ),
    path("applications/<int:pk>/review/", filing.application_review, name="application_review"),
    path("applications/<int:pk>/submit/", filing.application_submit, name="application_submit"),
    path("applications/<int:pk>/ticket/", tickets.application_ticket, name="application_ticket"),
    path(
        "applications/<int:pk>/withdraw/",
        filing.application_withdraw,
        name="application_withdraw",
    ),
    path(
        "applications/<int:pk>/supplement/",
        screening.application_supplement,
        name="application_supplement",
    ),
    path(
        "applications/<int:pk>/objection/",
        objection.application_objection,
        name="application_objection",
    ),
    path("applications/<int:pk>/inquiries/", inquiries.inquiry_thread, name="inquiry_thread"),
    path("inquiries/<int:pk>/answer/", inquiries.inquiry_answer, name="inquiry_answer"),
    path(
        "applications/<int:pk>/decline/",
        selection.application_decline,
        name="application_decline",
    ),
    path("objections/papers/<int:pk>/", objection.objection_paper, name="objection_paper"),
    path("results/", selection.decision_changes, name="decision_changes"),
    path("applications/<int:pk>/result/", selection.application_result, name="application_result"),
    path(
        "applications/<int:pk>/documents/<slug:kind>/",
        documents.application_document,
        name="application_document",
    ),
    path("applications/<int:pk>/agreement/", agreement.agreement_detail, name="agreement_detail"),
    path("applications/<int:pk>/agreement/sign/", agreement.agreement_sign, name="agreement_sign"),
    path(
        "applications/<int:pk>/agreement/spending/",
        spending.agreement_spending,
        name="agreement_spending",
    ),
    path(
        "applications/<int:pk>/agreement/reports/<slug:kind>/",
        reports.agreement_report,
        name="agreement_report",
    ),
    path(
        "applications/<int:pk>/agreement/changes/<slug:kind>/",
        agreement.agreement_change,
        name="agreement_change",
    ),
    path(
        "applications/<int:pk>/agreement/give-up/",
        agreement.agreement_give_up,
        name="agreement_give_up",
    ),
    path("agreements/check/", agreement.agreement_check, name="agreement_check"),
    path("agreements/files/<slug:kind>/<int:pk>/", agreement.agreement_file, name="agreement_file"),
    path("attachments/<int:pk>/", status.attachment_download, name="attachment_download"),
    path("assessor/", assessment.assessor_desk, name="assessor_desk"),
    path("assessor/list.csv", assessment.assessor_export, name="assessor_export"),
    path("assessor/next/", assessment.assessor_next, name="assessor_next"),
    path("assessor/ties/", assessment.assessor_ties, name="assessor_ties"),
    path("assessor/statements/<int:pk>/", assessment.assessor_batch, name="assessor_batch"),
    path("assessor/sheets/<int:pk>/", assessment.assessor_sheet, name="assessor_sheet"),
    path(
        "assessor/sheets/<int:pk>/conflict/", assessment.assessor_conflict, name="assessor_conflict"
    ),
    path(
        "assessor/sheets/<int:pk>/autosave/", assessment.assessor_autosave, name="assessor_autosave"
    ),
    path("assessor/sheets/<int:pk>/abstain/", assessment.assessor_abstain, name="assessor_abstain"),
    path("assessor/sheets/<int:pk>/inquiry/", inquiries.assessor_inquiry, name="assessor_inquiry"),
    path("companies/", company.company_list, name="company_list"),
    path("companies/claims/", claims.claim_list, name="claim_list"),
    path("companies/claims/<int:pk>/file/", claims.claim_file, name="claim_file"),
    path("companies/<int:pk>/claims/<int:claim>/", claims.claim_answer, name="claim_answer"),
    path("companies/new/", company.company_new, name="company_new"),
    path("companies/papers/<int:pk>/", box.paper_file, name="paper_file"),
    path("companies/<int:pk>/papers/", box.company_papers, name="company_papers"),
    path("companies/<int:pk>/", company.company_detail, name="company_detail"),
    path("invitations/<str:token>/", company.invitation, name="invitation"),
    path("applications/<int:pk>/delivery/", deliverables.delivery_list, name="delivery_list"),
    path("delivery/<int:pk>/", deliverables.delivery_detail, name="delivery_detail"),
    path("delivery/files/<int:pk>/", deliverables.delivery_file, name="delivery_file"),
    path("experts/", experts.expert_desk, name="expert_desk"),
    path("experts/<slug:round>/<slug:pool>/", experts.expert_apply, name="expert_apply"),
    path("partners/terms/<int:pk>/", partners.partner_terms, name="partner_terms"),
    path("partners/<str:token>/", partners.partner_answer, name="partner_answer"),
    path("receipts/", documents.receipt_check, name="receipt_check"),
    path("jobs/<int:pk>/", status.job_status, name="job_status"),
    path("api/v1/sites/", api.Sites.as_view(), name="api_sites"),
    path("api/v1/applications/", api.Applications.as_view(), name="api_applications"),
    path("api/v1/applications/<int:pk>/", api.OneApplication.as_view(), name="api_application"),
    path("api/v1/applications/<int:pk>/files/", api.Files.as_view(), name="api_application_files"),
    path(
        "api/v1/applications/<int:pk>/files/<int:file>/",
        api.OneFile.as_view(),
        name="api_application_file",
    ),
    path(
        "api/v1/applications/<int:pk>/review/",
        api.Review.as_view(),
        name="api_application_review",
    ),
    path(
        "api/v1/applications/<int:pk>/submit/",
        api.Submit.as_view(),
        name="api_application_submit",
    ),
    path("open-data/", open_data.open_data_page, name="open_data"),
    path("open-data/index.json", open_data.open_data_index, name="open_data_index"),
    path(
        "open-data/<slug:code>.<slug:extension>",
        open_data.open_data_file,
        name="open_data_file",
    ),
    path("statistics/", statistics.statistics_page, name="statistics"),
    path("api/v1/open/", api.OpenCatalogue.as_view(), name="api_open_data"),
    path("api/v1/open/<slug:dataset>/", api.OpenRows.as_view(), name="api_open_rows"),
    path("api/v1/receipts/<str:number>/", api.Receipt.as_view(), name="api_receipt"),
]
