"""What happened stays."""

from django.db import migrations

from portal.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("kamp", "0001_initial")]
    operations = [
        *append_only("kamp_showcasemove"),
    ]
