"""The first migration of an app, run with one look at all of its tables."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class Creation(migrations.Migration):
    """Create each table once, whole, from the models as the migration leaves them.

    Django would render the models and all their relatives anew for each of its operations: with
    the 150 tables of the portal that took most of the time of a first `migrate`.
    """

    def apply(
        self,
        project_state: ProjectState,
        schema_editor: BaseDatabaseSchemaEditor,
        collect_sql: bool = False,
    ) -> ProjectState:
        """Create the tables; an operation that does anything else goes the usual way, with all."""
        if not all(map(self.is_creation, self.operations)):
            return super().apply(project_state, schema_editor, collect_sql)
        after = project_state.clone()
        after.__dict__.pop("apps", None)  # nothing is rendered before the whole is known
        for operation in self.operations:
            operation.state_forwards(self.app_label, after)
        for operation in self.operations:
            if isinstance(operation, CreateModel | RunSQL):
                operation.database_forwards(self.app_label, schema_editor, after, after)
        return after

    def is_creation(self, operation: Operation) -> bool:
        """Tell whether the operation makes a table of this migration, a part of one, or runs SQL."""
        created = {each.name_lower for each in self.operations if isinstance(each, CreateModel)}
        match operation:
            case CreateModel() | RunSQL():
                return True
            case AddField() | AddConstraint() | AddIndex():
                return operation.model_name.lower() in created
        return False
