"""The index of the search, see `_search_index`."""

from django.db import migrations

from vouchers.migrations._search_index import CREATE, DROP, PerVendor


class Migration(migrations.Migration):
    dependencies = [("vouchers", "0001_initial")]
    operations = [PerVendor(CREATE, DROP)]
