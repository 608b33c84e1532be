"""Evidence, acts of staff, changes of roles and answers of agencies are only ever added."""

from portal.records.guards import append_only

GUARDS = [
    append_only("portal_auditseal"),
    append_only("portal_auditcheck"),
    append_only("portal_staffact"),
    append_only("portal_restorereceipt"),
    append_only("portal_registryanswer"),
    append_only("portal_rolechange"),
]
