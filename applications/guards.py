"""What was filed and what was moved is never rewritten; a finished score sheet stays as it is."""

from applications.states import (
    AgreementMoves,
    ApplicationMoves,
    ChangeMoves,
    DeliverableMoves,
    InquiryMoves,
    ObjectionMoves,
    OpinionMoves,
    SelectionMoves,
)
from portal.records.guards import (
    Guard,
    append_only,
    by_outsiders,
    moves_by_outsiders,
    refuse,
)

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
# Taken back, with everything else as it was; `no_restoration_by_one` asks for the two people.
RESTORED = (
    "(OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS NULL AND NEW.end_reason = '' AND "
    + " AND ".join(same(column) for column in UNCHANGED_BY_WITHDRAWAL)
    + ")"
)
# Given up by a statement that was a mistake; `no_lift_by_one` asks for the two people.
LIFTED = (
    "(OLD.abstained_at IS NOT NULL AND NEW.abstained_at IS NULL AND NEW.declared_at IS NULL"
    " AND NEW.end_reason = '' AND "
    + " AND ".join(
        same(column)
        for column in (*UNCHANGED_BY_WITHDRAWAL, "withdrawn_at")
        if column not in {"abstained_at", "declared_at"}
    )
    + ")"
)
OPEN_TIE = (
    "SELECT 1 FROM applications_conflictofinterest WHERE application_id = NEW.application_id"
    " AND assessor_id = NEW.assessor_id AND cleared_at IS NULL AND kept_at IS NULL"
)
LOCKED_NOW = "(OLD.locked_at IS NULL AND NEW.locked_at IS NOT NULL)"
REASSIGNED = "(NEW.application_id <> OLD.application_id OR NEW.assessor_id <> OLD.assessor_id)"

sheet_is_not_changed = refuse(
    SHEET,
    "locked",
    "UPDATE",
    message="a locked sheet does not change",
    when=f"{FINISHED} AND NOT {WITHDRAWN} AND NOT {RESTORED} AND NOT {LIFTED}",
)
no_restoration_by_one = refuse(
    SHEET,
    "restored",
    "UPDATE",
    message="a sheet is restored by two people",
    when=RESTORED,
    exists="""
        SELECT 1 WHERE NOT EXISTS (
            SELECT 1 FROM applications_sheetdecision AS d
            WHERE d.sheet_id = NEW.id AND d.kind = 'restore' AND d.approved_by_id IS NOT NULL
                AND d.approved_by_id <> d.proposed_by_id AND d.approved_at >= OLD.withdrawn_at)
    """,
)
no_lift_by_one = refuse(
    SHEET,
    "lifted",
    "UPDATE",
    message="a tie is lifted by two people",
    when=LIFTED,
    exists="""
        SELECT 1 WHERE NOT EXISTS (
            SELECT 1 FROM applications_tielift AS l
            JOIN applications_conflictofinterest AS t ON t.id = l.tie_id
            WHERE t.application_id = NEW.application_id AND t.assessor_id = NEW.assessor_id
                AND l.approved_by_id IS NOT NULL AND l.approved_by_id <> l.proposed_by_id
                AND l.approved_at >= OLD.abstained_at)
    """,
)
no_exclusion_by_one = refuse(
    "applications_exclusion",
    "two_people",
    "INSERT",
    message="an application is excluded by two people",
    exists="""
        SELECT 1 WHERE NOT EXISTS (
            SELECT 1 FROM applications_exclusionproposal AS p
            WHERE p.id = NEW.proposal_id AND p.application_id = NEW.application_id
                AND p.approved_by_id = NEW.by_id AND p.approved_by_id <> p.proposed_by_id)
    """,
)
exclusion_proposal_is_not_changed = refuse(
    "applications_exclusionproposal",
    "ended",
    "UPDATE",
    "DELETE",
    message="a proposal that has ended does not change",
    when="(OLD.approved_at IS NOT NULL OR OLD.discarded_at IS NOT NULL)",
)
lift_is_not_changed = refuse(
    "applications_tielift",
    "ended",
    "UPDATE",
    "DELETE",
    message="a lift that has ended does not change",
    when="(OLD.approved_at IS NOT NULL OR OLD.discarded_at IS NOT NULL)",
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
    "tied_since",
    "UPDATE",
    message="assessor and application are tied",
    when=f"({LOCKED_NOW} OR {REASSIGNED})",
    exists=f"{OPEN_TIE} AND NOT late",
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
exclusion_contested_by_others = refuse(
    "applications_objection",
    "excluders",
    "INSERT",
    "UPDATE",
    message="objection_by_other_people: the person screened the application",
    exists="SELECT 1 FROM applications_exclusion AS e WHERE e.id = NEW.exclusion_id"
    " AND (e.by_id = NEW.decided_by_id OR EXISTS (SELECT 1 FROM applications_exclusionproposal AS p"
    " WHERE p.id = e.proposal_id AND p.proposed_by_id = NEW.decided_by_id)"
    " OR EXISTS (SELECT 1 FROM applications_check AS c"
    " WHERE c.application_id = e.application_id AND c.decided_by_id = NEW.decided_by_id))",
)
change_after_objection_by_others = other_people(
    "applications_decisionchange",
    "proposed_by_id",
    "seconded_by_id",
    "approved_by_id",
    decision="NEW.replaces_id",
    when="NEW.kind = 'objection'",
)


def not_by_who_refused_a_bonus(table: str, *columns: str, when: str) -> list[Guard]:
    """Refuse a person newly in one of these columns who refused a bonus of the case."""
    return [
        refuse(
            table,
            f"bonus_{column.removesuffix('_by_id')}",
            "UPDATE",
            message="objection_by_other_people: the person refused a bonus of the case",
            when=f"{when} AND NOT {same(column)}",
            exists="SELECT 1 FROM applications_bonusclaim AS b"
            " WHERE b.application_id = NEW.application_id AND b.state = 'refused'"
            f" AND b.decided_by_id = NEW.{column}",
        )
        for column in columns
    ]


refused_bonus_contested_by_others = [
    *not_by_who_refused_a_bonus(
        "applications_objection", "decided_by_id", when="NEW.decision_id IS NOT NULL"
    ),
    *not_by_who_refused_a_bonus(
        "applications_decisionchange",
        "proposed_by_id",
        "seconded_by_id",
        "approved_by_id",
        when="NEW.kind = 'objection'",
    ),
]


def members_of(application: str) -> str:
    """Return the query for the accounts of an applicant and the partners that joined."""
    return f"""
        SELECT m.user_id FROM applications_member AS m WHERE m.company_id IN (
            SELECT a.company_id FROM applications_application AS a WHERE a.id = {application}
            UNION ALL
            SELECT p.company_id FROM applications_partner AS p
            WHERE p.application_id = {application} AND p.state = 'accepted')
    """


def members_of_agreement(agreement: str) -> str:
    return f"""
        SELECT m.user_id FROM applications_member AS m WHERE m.company_id IN (
            SELECT g.company_id FROM applications_agreement AS g WHERE g.id = {agreement}
            UNION ALL
            SELECT a.company_id FROM applications_application AS a
            JOIN applications_agreement AS g ON g.application_id = a.id WHERE g.id = {agreement}
            UNION ALL
            SELECT p.company_id FROM applications_partner AS p
            JOIN applications_agreement AS g ON g.application_id = p.application_id
            WHERE g.id = {agreement} AND p.state = 'accepted')
    """


def of(table: str, column: str, row: str) -> str:
    return f"(SELECT {column} FROM applications_{table} WHERE id = {row})"


OF_THE_SHEET = f"""
    {members_of(of("scoresheet", "application_id", "NEW.sheet_id"))}
    UNION ALL SELECT assessor_id FROM applications_scoresheet WHERE id = NEW.sheet_id
"""
OF_THE_TIE = f"""
    {members_of(of("conflictofinterest", "application_id", "NEW.tie_id"))}
    UNION ALL SELECT assessor_id FROM applications_conflictofinterest WHERE id = NEW.tie_id
"""
OF_THE_AGREEMENT = members_of_agreement("NEW.agreement_id")
OF_THE_APPLICATION = members_of("NEW.application_id")
OF_THE_INQUIRY = members_of(of("inquiry", "application_id", "NEW.inquiry_id"))
OF_THE_PROGRAM = f"""
    SELECT m.user_id FROM applications_member AS m
    JOIN applications_application AS a ON a.company_id = m.company_id
    WHERE a.sub_program_id = {of("selection", "sub_program_id", "NEW.thing_id")}
        AND a.state NOT IN ('draft', 'withdrawn')
"""
SIGNATURE = "applications_agreementsignature"

outsiders = [
    *by_outsiders(
        SIGNATURE,
        "by_id",
        when="NEW.side = 'ministry'",
        insiders=members_of_agreement(of("agreementversion", "agreement_id", "NEW.version_id")),
    ),
    refuse(
        SIGNATURE,
        "two_people",
        "INSERT",
        message="one person does not sign for both sides",
        exists=f"SELECT 1 FROM {SIGNATURE} AS s WHERE s.version_id = NEW.version_id"
        " AND s.side <> NEW.side AND s.by_id = NEW.by_id",
    ),
    *by_outsiders("applications_instalment", "requested_by_id", insiders=OF_THE_AGREEMENT),
    *by_outsiders("applications_instalment", "paid_by_id", insiders=OF_THE_AGREEMENT),
    *by_outsiders("applications_amendment", "examined_by_id", insiders=OF_THE_AGREEMENT),
    *by_outsiders("applications_amendment", "decided_by_id", insiders=OF_THE_AGREEMENT),
    *by_outsiders(
        "applications_ending",
        "asked_by_id",
        when="NEW.kind <> 'decline'",
        insiders=OF_THE_AGREEMENT,
    ),
    *by_outsiders("applications_ending", "decided_by_id", insiders=OF_THE_AGREEMENT),
    *by_outsiders("applications_agreementpaper", "checked_by_id", insiders=OF_THE_AGREEMENT),
    *by_outsiders("applications_stagecheck", "by_id", insiders=OF_THE_AGREEMENT),
    *by_outsiders("applications_spending", "checked_by_id", insiders=OF_THE_AGREEMENT),
    *by_outsiders("applications_settlement", "proposed_by_id", insiders=OF_THE_AGREEMENT),
    *by_outsiders("applications_settlement", "decided_by_id", insiders=OF_THE_AGREEMENT),
    *by_outsiders(
        "applications_recovery",
        "recorded_by_id",
        insiders=members_of_agreement(of("settlement", "agreement_id", "NEW.settlement_id")),
    ),
    *by_outsiders("applications_objection", "decided_by_id", insiders=OF_THE_APPLICATION),
    *by_outsiders("applications_officerchange", "officer_id", insiders=OF_THE_APPLICATION),
    *by_outsiders("applications_aidexception", "by_id", insiders=OF_THE_APPLICATION),
    *by_outsiders(
        "applications_decisionchange",
        "proposed_by_id",
        # A firm declines itself, also after the decision; a lapse may follow from that.
        when="NEW.kind NOT IN ('decline', 'lapse')",
        insiders=OF_THE_APPLICATION,
    ),
    *by_outsiders("applications_decisionchange", "seconded_by_id", insiders=OF_THE_APPLICATION),
    *by_outsiders("applications_decisionchange", "approved_by_id", insiders=OF_THE_APPLICATION),
    *(
        guard
        for column in ("granted_by_id", "approved_by_id")
        for guard in by_outsiders(
            "applications_lategrant",
            column,
            insiders="SELECT m.user_id FROM applications_member AS m"
            " WHERE m.company_id = NEW.company_id",
        )
    ),
    *(
        guard
        for column in ("examined_by_id", "decided_by_id")
        for guard in by_outsiders(
            "applications_companyclaim",
            column,
            insiders="SELECT NEW.claimant_id UNION ALL SELECT m.user_id"
            " FROM applications_member AS m WHERE m.company_id = NEW.company_id",
        )
    ),
    moves_by_outsiders(
        "applications_applicationmove",
        ApplicationMoves.by_name(),
        insiders=members_of("NEW.thing_id"),
    ),
    moves_by_outsiders(
        "applications_agreementmove",
        AgreementMoves.by_name(),
        insiders=members_of_agreement("NEW.thing_id"),
    ),
    moves_by_outsiders(
        "applications_deliverablemove",
        DeliverableMoves.by_name(),
        insiders=members_of_agreement(of("deliverable", "agreement_id", "NEW.thing_id")),
    ),
    moves_by_outsiders(
        "applications_objectionmove",
        ObjectionMoves.by_name(),
        insiders=members_of(of("objection", "application_id", "NEW.thing_id")),
    ),
    moves_by_outsiders(
        "applications_decisionchangemove",
        ChangeMoves.by_name(),
        insiders=members_of(of("decisionchange", "application_id", "NEW.thing_id")),
    ),
    *by_outsiders(
        "applications_inquiry",
        "asked_by_id",
        when="NEW.kind NOT IN ('firm', 'result')",
        insiders=OF_THE_APPLICATION,
    ),
    *by_outsiders(
        "applications_inquiryanswer", "by_id", when="NEW.for_panel", insiders=OF_THE_INQUIRY
    ),
    moves_by_outsiders(
        "applications_inquirymove",
        InquiryMoves.by_name(),
        insiders=members_of(of("inquiry", "application_id", "NEW.thing_id")),
    ),
    *by_outsiders("applications_opinion", "ready_by_id", insiders=OF_THE_APPLICATION),
    *by_outsiders("applications_opinion", "released_by_id", insiders=OF_THE_APPLICATION),
    moves_by_outsiders(
        "applications_opinionmove",
        OpinionMoves.by_name(),
        insiders=members_of(of("opinion", "application_id", "NEW.thing_id")),
    ),
    moves_by_outsiders(
        "applications_selectionmove", SelectionMoves.by_name(), insiders=OF_THE_PROGRAM
    ),
]

ASKED = ("application_id", "kind", "text", "asked_by_id", "asked_at")
asked_is_not_changed = refuse(
    "applications_inquiry",
    "asked",
    "UPDATE",
    message="what was asked, and what was passed on, does not change",
    when=f"NOT ({' AND '.join(same(column) for column in ASKED)})"
    f" OR (OLD.passed_at IS NOT NULL AND NOT ({same('passed_text')} AND {same('passed_at')}))",
)
asked_is_not_deleted = refuse(
    "applications_inquiry", "kept", "DELETE", message="an inquiry is not deleted"
)

opinion_keeps_its_place = refuse(
    "applications_opinion",
    "place",
    "UPDATE",
    message="an opinion stays with its application and its number",
    when=f"NOT ({same('application_id')} AND {same('version')} AND {same('corrects_id')})",
)
opinion_is_not_deleted = refuse(
    "applications_opinion", "kept", "DELETE", message="an opinion stays on record"
)

GUARDS = [
    append_only("applications_applicationmove"),
    append_only("applications_formversion"),
    append_only("applications_submission"),
    append_only("applications_usedticket"),
    append_only("applications_pledge"),
    append_only("applications_exclusion"),
    append_only("applications_setchunk"),
    append_only("applications_setresult"),
    append_only("applications_selectionmove"),
    append_only("applications_decision"),
    append_only("applications_aidexception"),
    append_only("applications_decisionchangemove"),
    append_only("applications_objectionmove"),
    append_only("applications_objectionpaper"),
    append_only("applications_inquirymove"),
    append_only("applications_inquiryanswer"),
    asked_is_not_changed,
    asked_is_not_deleted,
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
    append_only("applications_opinionmove"),
    refuse(
        "applications_opinion",
        "final",
        "UPDATE",
        message="an opinion that is released or discarded does not change",
        when="OLD.state IN ('released', 'discarded')",
    ),
    opinion_keeps_its_place,
    opinion_is_not_deleted,
    append_only("applications_assessmentreminder"),
    append_only("applications_remindedassessor"),
    sheet_is_not_changed,
    no_restoration_by_one,
    refuse(
        SHEET,
        "member",
        "UPDATE",
        message="members of the firm submit no sheet",
        when=LOCKED_NOW,
        exists=f"SELECT 1 WHERE NEW.assessor_id IN ({OF_THE_APPLICATION})",
    ),
    append_only("applications_frozenparties"),
    append_only("applications_officerchange"),
    append_only("applications_staffnote"),
    refuse(
        "applications_staffflag",
        "cleared",
        "UPDATE",
        message="a cleared flag does not change",
        when="OLD.cleared_at IS NOT NULL",
    ),
    refuse("applications_staffflag", "kept", "DELETE", message="a flag stays on record"),
    append_only("applications_distributionplan"),
    append_only("applications_distributionrule"),
    append_only("applications_companytransfer"),
    *by_outsiders("applications_sheetdecision", "proposed_by_id", insiders=OF_THE_SHEET),
    *by_outsiders("applications_sheetdecision", "approved_by_id", insiders=OF_THE_SHEET),
    *by_outsiders("applications_exclusionproposal", "proposed_by_id", insiders=OF_THE_APPLICATION),
    *by_outsiders("applications_exclusionproposal", "approved_by_id", insiders=OF_THE_APPLICATION),
    exclusion_proposal_is_not_changed,
    no_exclusion_by_one,
    *by_outsiders("applications_tielift", "proposed_by_id", insiders=OF_THE_TIE),
    *by_outsiders("applications_tielift", "approved_by_id", insiders=OF_THE_TIE),
    lift_is_not_changed,
    no_lift_by_one,
    sheet_is_not_deleted,
    no_sheet_for_a_tied_assessor,
    no_submission_by_a_tied_assessor,
    objection_decided_by_others,
    exclusion_contested_by_others,
    change_after_objection_by_others,
    *refused_bonus_contested_by_others,
    *outsiders,
    final("applications_instalment", "paid"),
    final("applications_settlement", "approved"),
    final("applications_recovery", "received"),
]
