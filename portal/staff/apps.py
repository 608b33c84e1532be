"""Make Django use the staff site; not in `portal.apps`, which may hold one default config only."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    default_site = "portal.staff.site.StaffSite"
