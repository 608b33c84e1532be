"""Who a signed-in person is to the portal: the groups of staff and assessors."""

from django.contrib.auth.models import Group

ASSESSOR = "assessor"
OFFICER = "officer"
MANAGER = "manager"
AUDITOR = "auditor"
OPERATOR = "operator"
MINISTRY = "ministry"
AGENCY = "agency"
PANEL_OPERATOR = "panel_operator"
MODERATOR = "moderator"
CURATOR = "curator"
SYSTEM = "system"  # the portal's own jobs

LABELS = {
    ASSESSOR: "평가위원",
    OFFICER: "사업 담당자",
    MANAGER: "결정권자",
    AUDITOR: "감사 담당자",
    OPERATOR: "시스템 운영자",
    MINISTRY: "바우처 부처 담당자",
    AGENCY: "바우처 전담기관",
    PANEL_OPERATOR: "모니터링단 운영기관",
    MODERATOR: "보고서 검토자",
    CURATOR: "KAMP 편집자",
}
STAFF_ROLES = frozenset(LABELS)


def roles_of(user: object) -> frozenset[str]:
    """Return the roles a person holds; none for a visitor or a locked account."""
    if user is None or not getattr(user, "is_active", False):
        return frozenset()
    held = getattr(user, "_held_roles", None)
    if held is None:
        names = user.groups.values_list("name", flat=True)  # type: ignore[attr-defined]
        held = frozenset(names) & STAFF_ROLES
        user._held_roles = held  # type: ignore[attr-defined]
    return held


def ensure_groups() -> None:
    """Create the groups that carry the roles; safe to repeat."""
    for name in LABELS:
        Group.objects.get_or_create(name=name)
