"""Guards of the database: logs and labels only grow; approved models and verdicts do not change."""

from collections.abc import Sequence

from kamp.states import ShowcaseMoves
from portal.records.guards import Guard, append_only, moves_by_outsiders, refuse


def fixed(table: str, columns: Sequence[str], *, when: str = "") -> list[Guard]:
    """Refuse to change these columns of a row, and to delete it; all rows, or those of `when`."""
    restriction = f"{when} AND " if when else ""
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in columns)
    # As text: not every type of a column can be compared.
    changed_postgresql = " OR ".join(
        f"OLD.{name}::text IS DISTINCT FROM NEW.{name}::text" for name in columns
    )
    return [
        refuse(
            table,
            "fixed",
            "UPDATE",
            message="what is fixed does not change",
            when=f"{restriction}({changed})",
            when_postgresql=f"{restriction}({changed_postgresql})",
        ),
        refuse(table, "fixed", "DELETE", message="what is fixed is not deleted", when=when),
    ]


GUARDS = [
    append_only("kamp_showcasemove"),
    append_only("kamp_inspectionmodelmove"),
    moves_by_outsiders(
        "kamp_showcasemove",
        ShowcaseMoves.by_name(),
        insiders="SELECT m.user_id FROM kamp_workspacemember AS m"
        " JOIN kamp_showcase AS s ON s.workspace_id = m.workspace_id WHERE s.id = NEW.thing_id",
    ),
    append_only("kamp_label"),
    append_only("kamp_labelundo"),
    append_only("kamp_inspectordecision"),
    *fixed(
        "kamp_inspectionmodel",
        (
            "dataset_id", "recipe_id", "parent_id", "version", "seed", "is_synthetic", "artefact",
            "artefact_sha256", "manifest_sha256", "manifest", "thresholds", "facts", "measures",
            "trained_by_id", "trained_at", "approved_by_id", "approved_at",
        ),
        when="OLD.state IN ('approved', 'retired') AND OLD.approved_at IS NOT NULL",
    ),
    *fixed(
        "kamp_inspection",
        (
            "model_id", "clip_id", "verdict", "reasons", "known_score", "anomaly_score",
            "frame_scores", "times", "inspected_at",
        ),
    ),
]  # fmt: skip
