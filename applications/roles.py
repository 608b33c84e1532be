"""Roles of those who judge applications."""

from portal.access.roles import Role

ASSESSOR = "assessor"

ROLES = (Role(ASSESSOR, "평가위원", home="/assessor/", second_factor=True, staff=False),)
