"""Books."""

from django.contrib import admin

from portal.staff.lists import ReadOnlyAdmin
from vouchers.admin.dashboard import READERS
from vouchers.models import ReportBook


@admin.register(ReportBook)
class ReportBookAdmin(ReadOnlyAdmin):
    """Books of published reports."""

    read_roles = READERS
    list_display = ["__str__", "reports", "pages", "requested_at", "issued_at"]
    list_filter = ["category"]
    list_select_related = ["round"]
    fields = ["round", "category", "number", "reports", "pages", "sha256", "content_sha256"]
    fields += ["requested_by", "requested_at", "issued_at"]
    ordering = ["-pk"]
