"""What was filed and what was moved is never rewritten; a finished score sheet stays as it is."""

from portal.records.guards import Guard, append_only, refuse

SHEET = "applications_scoresheet"

FINISHED = (
    "(OLD.locked_at IS NOT NULL OR OLD.abstained_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL)"
)
UNCHANGED_BY_WITHDRAWAL = (
    "id", "application_id", "assessor_id", "rubric_id", "assigned_by_id", "assigned_at", "due_at",
    "declared_at", "marks", "reasons", "comment", "version", "locked_at", "sha256", "abstained_at",
)  # fmt: skip


def same(column: str) -> str:
    """Return the SQL, in either dialect, for "the update leaves this column alone"."""
    return f"COALESCE(NEW.{column} = OLD.{column}, NEW.{column} IS NULL AND OLD.{column} IS NULL)"


# A locked sheet may be withdrawn from the sum once: a tie was found late.
WITHDRAWN = (
    "(OLD.locked_at IS NOT NULL AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL AND "
    + " AND ".join(same(column) for column in UNCHANGED_BY_WITHDRAWAL)
    + ")"
)
OPEN_TIE = (
    "SELECT 1 FROM applications_conflictofinterest WHERE application_id = NEW.application_id"
    " AND assessor_id = NEW.assessor_id AND cleared_at IS NULL"
)
LOCKED_NOW = "(OLD.locked_at IS NULL AND NEW.locked_at IS NOT NULL)"
REASSIGNED = "(NEW.application_id <> OLD.application_id OR NEW.assessor_id <> OLD.assessor_id)"

sheet_is_not_changed = refuse(
    SHEET,
    "locked",
    "UPDATE",
    message="a locked sheet does not change",
    when=f"{FINISHED} AND NOT {WITHDRAWN}",
)
sheet_is_not_deleted = refuse(
    SHEET, "locked", "DELETE", message="a locked sheet does not change", when=FINISHED
)
no_sheet_for_a_tied_assessor = refuse(
    SHEET,
    "tied",
    "INSERT",
    message="assessor and application are tied",
    when="(NEW.abstained_at IS NULL AND NEW.withdrawn_at IS NULL)",
    exists=OPEN_TIE,
)
no_submission_by_a_tied_assessor = refuse(
    SHEET,
    "tied",
    "UPDATE",
    message="assessor and application are tied",
    when=f"({LOCKED_NOW} OR {REASSIGNED})",
    exists=OPEN_TIE,
)


def final(table: str, state: str) -> Guard:
    """Refuse to change or delete a row whose state is the last one."""
    return refuse(
        table,
        "final",
        "UPDATE",
        "DELETE",
        message=f"a row that is {state} does not change",
        when=f"OLD.state = '{state}'",
    )


def other_people(table: str, *columns: str, decision: str, when: str = "") -> Guard:
    """Refuse a person in these columns who took part in the decision that the row contests.

    That is: confirmed, proposed, seconded or approved it, or scored the case.
    """
    took_part = """
        SELECT 1 FROM applications_decision AS d
        JOIN applications_selection AS s ON s.id = d.selection_id
        LEFT JOIN applications_decisionchange AS c ON c.made_id = d.id
        WHERE d.id = {decision} AND {person} IN
            (s.confirmed_by_id, s.decided_by_id, c.proposed_by_id, c.seconded_by_id, c.approved_by_id)
        UNION ALL
        SELECT 1 FROM applications_scoresheet AS h
        WHERE h.application_id = NEW.application_id AND h.assessor_id = {person}
    """
    return refuse(
        table,
        "others",
        "INSERT",
        "UPDATE",
        message="objection_by_other_people: the person decided or scored the case",
        when=when,
        exists=" UNION ALL ".join(
            took_part.format(decision=decision, person=f"NEW.{column}") for column in columns
        ),
    )


objection_decided_by_others = other_people(
    "applications_objection", "decided_by_id", decision="NEW.decision_id"
)
change_after_objection_by_others = other_people(
    "applications_decisionchange",
    "proposed_by_id",
    "seconded_by_id",
    "approved_by_id",
    decision="NEW.replaces_id",
    when="NEW.kind = 'objection'",
)

GUARDS = [
    append_only("applications_applicationmove"),
    append_only("applications_formversion"),
    append_only("applications_submission"),
    append_only("applications_selectionmove"),
    append_only("applications_decision"),
    append_only("applications_aidexception"),
    append_only("applications_decisionchangemove"),
    append_only("applications_objectionmove"),
    append_only("applications_objectionpaper"),
    append_only("applications_agreementmove"),
    append_only("applications_agreementversion"),
    append_only("applications_agreementsignature"),
    append_only("applications_stagecheck"),
    append_only("applications_inkinduse"),
    append_only("applications_deliverablemove"),
    append_only("applications_deliveryfile"),
    append_only("applications_levelcertificate"),
    append_only("applications_conflictstatement"),
    append_only("applications_rubricversion"),
    sheet_is_not_changed,
    sheet_is_not_deleted,
    no_sheet_for_a_tied_assessor,
    no_submission_by_a_tied_assessor,
    objection_decided_by_others,
    change_after_objection_by_others,
    final("applications_instalment", "paid"),
    final("applications_settlement", "approved"),
    final("applications_recovery", "received"),
]
