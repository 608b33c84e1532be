"""Roles of the staff of the voucher programme and its public panel."""

from portal.access.roles import Role

MINISTRY = "ministry"
AGENCY = "agency"
PANEL_OPERATOR = "panel_operator"
MODERATOR = "moderator"
EDITORS = frozenset({PANEL_OPERATOR, AGENCY})
"""Roles that edit the catalogue, suppliers, links of firms, and panel rounds."""

ROLES = (
    Role(MINISTRY, "바우처 부처 담당자"),
    Role(AGENCY, "바우처 전담기관"),
    Role(PANEL_OPERATOR, "모니터링단 운영기관"),
    Role(MODERATOR, "보고서 검토자"),
)
