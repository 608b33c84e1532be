"""The tables, columns and primary keys of bulk data, and how its rows are inserted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models, transaction

from applications.models import (
    Application,
    ApplicationMove,
    Attachment,
    BonusClaim,
    Company,
    Consent,
    Member,
    Partner,
    PartnerTerms,
    Pledge,
    ScoreSheet,
    Section,
    Site,
    Submission,
    Supplement,
)
from portal.models import User
from portal.records import bulk

Row = tuple[Any, ...]

TABLES: dict[type[models.Model], tuple[str, ...]] = {
    User: (
        "id", "email", "password", "name", "phone", "is_staff", "is_active", "is_superuser",
        "joined_at",
    ),
    Company: (
        "id", "business_number", "name", "kind", "size", "industry_code", "industry_revision",
        "founded_on", "employees", "representative", "region", "address", "phone", "created_at",
        "updated_at",
    ),
    Site: ("id", "company_id", "name", "region", "address"),
    Member: ("company_id", "user_id", "role", "since"),
    Application: (
        "id", "state", "sub_program_id", "track_id", "company_id", "site_id", "version", "created_by_id",
        "number", "submitted_at", "region", "size", "supplement_state", "created_at", "updated_at",
    ),
    ApplicationMove: ("thing_id", "move", "source", "target", "by_id", "at", "note"),
    Section: ("application_id", "name", "data", "version", "saved_by_id", "saved_at"),
    Partner: (
        "application_id", "role", "company_name", "email", "state", "company_id", "digest",
        "invited_by_id", "invited_at", "answered_at", "note",
    ),
    Attachment: (
        "application_id", "requirement", "name", "file", "size", "sha256", "content_type",
        "uploaded_by_id", "uploaded_at",
    ),
    Consent: ("application_id", "code", "wording", "given", "by_id", "at"),
    Submission: (
        "application_id", "number", "submitted_at", "submitted_by_id", "form_id", "content", "sha256",
        "total_cost_won", "support_won", "own_won",
    ),
    BonusClaim: (
        "application_id", "code", "label", "claim", "points", "hinted", "state", "reason",
        "decided_by_id", "decided_at",
    ),
    Supplement: (
        "application_id", "state", "message", "requirements", "requested_by_id", "requested_at", "due_at",
    ),
    ScoreSheet: (
        "application_id", "assessor_id", "assigned_by_id", "assigned_at", "marks", "reasons", "comment",
        "version", "locked_at", "sha256",
    ),
}  # fmt: skip


TERMS = (
    "partner_id",
    "part",
    "share_won",
    "quote_won",
    "set_by_id",
    "set_at",
    "confirmed",
    "signed",
    "answered_by_id",
    "answered_at",
    "note",
)
PLEDGE = ("terms_id", "company_id", "content", "sha256", "name", "signed_by_id", "signed_at")  # fmt: skip


def default_columns(model: type[models.Model]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Return the columns that `TABLES` leaves out and that need a value, with their defaults.

    Those with a default of the database are left to it.
    """
    columns = [
        column
        for column in model._meta.concrete_fields
        if column.attname not in TABLES[model]
        and not (column.null or column.primary_key or column.has_db_default())
    ]
    return tuple(row.attname for row in columns), tuple(row.get_default() for row in columns)


class KeyAllocator:
    """Allocates primary keys for rows that are inserted later."""

    def __init__(self) -> None:
        self.last: dict[type[models.Model], int] = {}

    def take(self, model: type[models.Model], count: int) -> list[int]:
        # From the sequence on PostgreSQL, so that no other session gets the same; else after the last.
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                    [model._meta.db_table, count],
                )
                return [row[0] for row in cursor.fetchall()]
        if model not in self.last:
            highest = model._default_manager.aggregate(last=models.Max("pk"))["last"]
            self.last[model] = highest or 0
        first = self.last[model] + 1
        self.last[model] += count
        return list(range(first, first + count))


def as_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(sep=" ")


@dataclass
class Batch:
    """Rows of several tables that are inserted together."""

    rows: dict[type[models.Model], list[Row]] = field(
        default_factory=lambda: {model: [] for model in TABLES}
    )
    last_moves: list[Row] = field(default_factory=list)  # inserted after all other moves
    terms: dict[str, Row] = field(default_factory=dict)  # by the digest of the partner's link
    pledges: dict[str, Row] = field(default_factory=dict)  # likewise

    def add(self, model: type[models.Model], *row: Any) -> None:
        self.rows[model].append(row)

    @transaction.atomic
    def save(self) -> None:
        """Insert everything in one transaction."""
        self.rows[ApplicationMove] += self.last_moves
        for model, rows in self.rows.items():
            if rows:
                names, values = default_columns(model)
                filled = [(*row, *values) for row in rows] if values else rows
                bulk.insert(model, [*TABLES[model], *names], filled)
        self._add_terms()

    def _add_terms(self) -> None:
        # Their partners have primary keys only now.
        if not self.terms:
            return
        joined = Partner.objects.filter(digest__in=list(self.terms))
        rows = [(pk, *self.terms[digest]) for pk, digest in joined.values_list("pk", "digest")]
        bulk.insert(PartnerTerms, TERMS, rows)
        latest = PartnerTerms.objects.filter(partner=models.OuterRef("pk")).values("pk")
        joined.update(terms=models.Subquery(latest[:1]))
        signed = joined.filter(digest__in=list(self.pledges)).values_list("terms", "digest")
        bulk.insert(Pledge, PLEDGE, [(pk, *self.pledges[digest]) for pk, digest in signed])
