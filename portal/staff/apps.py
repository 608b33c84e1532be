"""Tell Django that the staff site is ours; apart from `apps`, which may hold one config only."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    default_site = "portal.staff.site.StaffSite"
