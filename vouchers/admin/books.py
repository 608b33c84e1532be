"""Staff list of books of reports."""

from django.contrib import admin

from portal.staff.lists import ReadOnlyAdmin
from vouchers.models import ReportBook
from vouchers.visibility import DESK


@admin.register(ReportBook)
class ReportBookAdmin(ReadOnlyAdmin):
    read_roles = sorted(DESK)
    list_display = ["__str__", "reports", "pages", "requested_at", "issued_at"]
    list_filter = ["category"]
    list_select_related = ["round"]
    fields = ["round", "category", "number", "reports", "pages", "sha256", "content_sha256"]
    fields += ["requested_by", "requested_at", "issued_at"]
    ordering = ["-pk"]
