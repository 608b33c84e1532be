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
# Only the owner of an index may flush what waits to be put into it: the function does so for others.
CREATE_FLUSH = {
    "postgresql": (
        "CREATE FUNCTION vouchers_service_words_flush() RETURNS bigint LANGUAGE sql"
        " SECURITY DEFINER SET search_path FROM CURRENT"
        " AS $$ SELECT pg_catalog.gin_clean_pending_list('vouchers_service_words') $$;"
        "REVOKE EXECUTE ON FUNCTION vouchers_service_words_flush() FROM PUBLIC"
    ),
    "sqlite": "SELECT 1",
}
DROP_FLUSH = {
    "postgresql": "DROP FUNCTION vouchers_service_words_flush()",
    "sqlite": "SELECT 1",
}


class PerVendor(migrations.RunSQL):
    """Run the statement written for the database at hand.

    RunPython would build the models of all apps first, which takes a second.
    """

    def _run_sql(self, schema_editor, sqls):
        schema_editor.execute(sqls[schema_editor.connection.vendor], params=None)
