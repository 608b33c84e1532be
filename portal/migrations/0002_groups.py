"""The groups that carry the roles."""

from django.db import migrations


def make_groups(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in (
        "assessor", "officer", "manager", "auditor", "operator",
        "ministry", "agency", "panel_operator", "moderator", "curator",
    ):
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
