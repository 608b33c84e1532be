"""Seals and verifications are only ever added."""

from django.db import migrations

from portal.records.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]
    operations = [
        *append_only("portal_auditseal"),
        *append_only("portal_auditcheck"),
    ]
