"""Roles of the staff who edit KAMP."""

from portal.access.roles import Role

CURATOR = "curator"

ROLES = (Role(CURATOR, "KAMP 편집자", decides=False),)
