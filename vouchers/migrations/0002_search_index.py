"""The index of the search: pairs of letters of every service.

A GIN index of PostgreSQL, a full-text table (FTS5) of SQLite, which triggers keep up to date (see
`vouchers.guards`). Both find "회의" inside "화상회의", which an index of whole words would not.
"""

from django.db import migrations

CREATE = {
    "postgresql": (
        "CREATE INDEX vouchers_service_words ON vouchers_service"
        " USING gin (string_to_array(grams, ' '))"
    ),
    "sqlite": (
        "CREATE VIRTUAL TABLE vouchers_service_words USING fts5("
        "grams, content='vouchers_service', content_rowid='id', detail='none',"
        " tokenize='unicode61')"
    ),
}
DROP = {
    "postgresql": "DROP INDEX vouchers_service_words",
    "sqlite": "DROP TABLE vouchers_service_words",
}


class PerVendor(migrations.RunSQL):
    """Run the statement written for the database at hand.

    RunPython would build the models of all apps first, which takes a second.
    """

    def _run_sql(self, schema_editor, sqls):
        schema_editor.execute(sqls[schema_editor.connection.vendor], params=None)


class Migration(migrations.Migration):
    dependencies = [("vouchers", "0001_initial")]
    operations = [PerVendor(CREATE, DROP)]
