"""Let the role that serves flush the search index after an import, see `_search_index`."""

from django.db import migrations

from vouchers.migrations._search_index import CREATE_FLUSH, DROP_FLUSH, PerVendor


class Migration(migrations.Migration):
    dependencies = [("vouchers", "0001_squashed_0007_suspensions")]
    operations = [PerVendor(CREATE_FLUSH, DROP_FLUSH)]
