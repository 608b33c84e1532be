"""What happened stays; people tied to a supplier get no part; the search index follows.

Part means: a place in a selection, a membership of the panel, an assignment.
"""

from portal.records.guards import (
    Guard,
    Trigger,
    append_only,
    by_outsiders,
    moves_by_outsiders,
    refuse,
)
from vouchers.states import (
    CorrectionMoves,
    GoodCaseMoves,
    PanelApplicationMoves,
    ReportMoves,
    ServiceMoves,
    SuspensionMoves,
)

APPLICATION = "vouchers_panelapplication"
MONITOR = "vouchers_monitor"
ASSIGNMENT = "vouchers_assignment"
SERVICE, INDEX = "vouchers_service", "vouchers_service_words"


def untied(table: str, *, user: str, on_insert: str, on_update: str) -> list[Guard]:
    """Refuse a row of `user` (SQL) while an open tie to a supplier bars that person."""
    tie = (
        f"SELECT 1 FROM vouchers_suppliertie WHERE user_id = {user} AND ended_at IS NULL"
        " AND standing = 'bars'"
    )
    return [
        refuse(table, "untied", event, message="tied to a supplier", when=when, exists=tie)
        for event, when in (("INSERT", on_insert), ("UPDATE", on_update))
    ]


# The query for words reads pairs of letters from a full-text table that SQLite keeps apart from
# the services; PostgreSQL has an index instead (migration `0002_search_index`).
LEARN = f"INSERT INTO {INDEX}(rowid, grams) VALUES (NEW.id, NEW.grams);"
FORGET = f"INSERT INTO {INDEX}({INDEX}, rowid, grams) VALUES ('delete', OLD.id, OLD.grams);"
search_index = Guard(
    promise="the full-text table holds the words of every service",
    sqlite=(
        Trigger(f"{INDEX}_added", "AFTER INSERT", SERVICE, f"BEGIN {LEARN} END"),
        Trigger(f"{INDEX}_deleted", "AFTER DELETE", SERVICE, f"BEGIN {FORGET} END"),
        Trigger(
            f"{INDEX}_changed",
            "AFTER UPDATE OF grams",
            SERVICE,
            f"WHEN OLD.grams <> NEW.grams BEGIN {FORGET} {LEARN} END",
        ),
    ),
    postgresql=(),
)


def accounts_of_service(service: str) -> str:
    """Return the query for the accounts of a service's supplier."""
    return f"""
        SELECT m.user_id FROM vouchers_suppliermember AS m
        JOIN vouchers_service AS s ON s.supplier_id = m.supplier_id WHERE s.id = {service}
    """


def author_of(report: str) -> str:
    return f"""
        SELECT m.user_id FROM vouchers_consumerreport AS r
        JOIN vouchers_assignment AS a ON a.id = r.assignment_id
        JOIN vouchers_monitor AS m ON m.id = a.monitor_id WHERE r.id = {report}
    """


def service_of(table: str) -> str:
    return f"(SELECT service_id FROM vouchers_{table} WHERE id = NEW.thing_id)"


SERVICE_OF_REPORT = """(
    SELECT a.service_id FROM vouchers_consumerreport AS r
    JOIN vouchers_assignment AS a ON a.id = r.assignment_id WHERE r.id = NEW.thing_id)"""
APPLICANT = "SELECT user_id FROM vouchers_panelapplication WHERE id = {row}"
MEMBERS = "SELECT user_id FROM vouchers_monitor WHERE round_id = NEW.round_id"

outsiders = [
    *by_outsiders(
        "vouchers_panelmark", "by_id", insiders=APPLICANT.format(row="NEW.application_id")
    ),
    *by_outsiders("vouchers_awardround", "proposed_by_id", insiders=MEMBERS),
    *by_outsiders("vouchers_awardround", "approved_by_id", insiders=MEMBERS),
    *by_outsiders(
        "vouchers_goodcase",
        "decided_by_id",
        insiders=f"{author_of('NEW.report_id')} UNION ALL {accounts_of_service('NEW.service_id')}",
    ),
    *by_outsiders(
        "vouchers_feesettlement",
        "by_id",
        insiders=author_of("(SELECT report_id FROM vouchers_reportfee WHERE id = NEW.fee_id)"),
    ),
    moves_by_outsiders(
        "vouchers_panelapplicationmove",
        PanelApplicationMoves.by_name(),
        insiders=APPLICANT.format(row="NEW.thing_id"),
    ),
    moves_by_outsiders(
        "vouchers_consumerreportmove",
        ReportMoves.by_name(),
        insiders=f"{author_of('NEW.thing_id')} UNION ALL {accounts_of_service(SERVICE_OF_REPORT)}",
    ),
    moves_by_outsiders(
        "vouchers_servicemove",
        ServiceMoves.by_name(),
        insiders=accounts_of_service("NEW.thing_id"),
    ),
    moves_by_outsiders(
        "vouchers_salesuspensionmove",
        SuspensionMoves.by_name(),
        insiders=accounts_of_service(service_of("salesuspension")),
    ),
    moves_by_outsiders(
        "vouchers_correctionmove",
        CorrectionMoves.by_name(),
        insiders=accounts_of_service(service_of("correction")),
    ),
    moves_by_outsiders(
        "vouchers_goodcasemove",
        GoodCaseMoves.by_name(),
        insiders=accounts_of_service(service_of("goodcase")),
    ),
]

GUARDS = [
    append_only("vouchers_servicemove"),
    append_only("vouchers_panelroundchange"),
    append_only("vouchers_panelapplicationmove"),
    append_only("vouchers_panelselectionmove"),
    append_only("vouchers_monitormove"),
    append_only("vouchers_assignmentrunmove"),
    append_only("vouchers_assignmentmove"),
    append_only("vouchers_tiedecision"),
    append_only("vouchers_consumerreportmove"),
    append_only("vouchers_reportversion"),
    append_only("vouchers_reportcheck"),
    append_only("vouchers_reportscreening"),
    append_only("vouchers_suppliercomment"),
    append_only("vouchers_goodcasemove"),
    append_only("vouchers_correctionmove"),
    append_only("vouchers_salesuspensionmove"),
    append_only("vouchers_issue"),
    append_only("vouchers_correctionanswer"),
    append_only("vouchers_correctionevidence"),
    append_only("vouchers_reportfee"),
    append_only("vouchers_feesettlement"),
    append_only("vouchers_awardroundmove"),
    append_only("vouchers_award"),
    *untied(
        APPLICATION,
        user="NEW.user_id",
        on_insert="NEW.state IN ('draft', 'submitted', 'selected', 'reserve')",
        on_update=("OLD.state <> NEW.state AND NEW.state IN ('submitted', 'selected', 'reserve')"),
    ),
    *untied(
        MONITOR,
        user="NEW.user_id",
        on_insert="NEW.state = 'active'",
        on_update=(
            "(OLD.state <> NEW.state OR OLD.user_id <> NEW.user_id) AND NEW.state = 'active'"
        ),
    ),
    *untied(
        ASSIGNMENT,
        user=f"(SELECT user_id FROM {MONITOR} WHERE id = NEW.monitor_id)",
        on_insert="NEW.state = 'active'",
        on_update=(
            "(OLD.state <> NEW.state OR OLD.monitor_id <> NEW.monitor_id) AND NEW.state = 'active'"
        ),
    ),
    *outsiders,
    search_index,
]
