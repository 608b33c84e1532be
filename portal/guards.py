"""Seals and verifications of the audit chain are only ever added."""

from portal.records.guards import append_only

GUARDS = [
    append_only("portal_auditseal"),
    append_only("portal_auditcheck"),
]
