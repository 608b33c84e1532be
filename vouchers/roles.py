"""Roles of the staff of the voucher programme and its public panel."""

from portal.access.roles import Role

MINISTRY = "ministry"
AGENCY = "agency"
PANEL_OPERATOR = "panel_operator"
MODERATOR = "moderator"

ROLES = (
    Role(MINISTRY, "바우처 부처 담당자"),
    Role(AGENCY, "바우처 전담기관"),
    Role(PANEL_OPERATOR, "모니터링단 운영기관"),
    Role(MODERATOR, "보고서 검토자"),
)
