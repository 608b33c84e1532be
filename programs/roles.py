"""Roles of the staff who run programmes and rounds."""

from portal.access.roles import AUDITOR, Role

OFFICER = "officer"
MANAGER = "manager"

STAFF_READERS = (OFFICER, MANAGER, AUDITOR)
"""Who may read what staff work on; only the first two act."""

ROLES = (
    Role(
        OFFICER,
        "사업 담당자",
        reads_incidents=True,
        parts="programs.services.officers.SubProgramParts",
    ),
    Role(MANAGER, "결정권자", reads_incidents=True, approves=True, essential=True),
)
