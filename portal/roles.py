"""Who a signed-in person is to the portal: the groups of staff and assessors."""

from django.contrib.auth.models import Group

ASSESSOR = "assessor"
OFFICER = "officer"
MANAGER = "manager"
AUDITOR = "auditor"
OPERATOR = "operator"
SYSTEM = "system"  # the portal's own jobs

LABELS = {
    ASSESSOR: "평가위원",
    OFFICER: "사업 담당자",
    MANAGER: "결정권자",
    AUDITOR: "감사 담당자",
    OPERATOR: "시스템 운영자",
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
