"""The name of an account, which its owner types as a signature."""

from datetime import datetime

from django.db import transaction

from portal.core import text
from portal.core.errors import BadInput
from portal.models import User
from portal.notices import outbox

LONGEST = 50  # characters


@transaction.atomic
def change(user: User, *, name: str, now: datetime) -> User:
    """Change one's own name and tell the person by mail; signatures given before keep the old one.

    The audit log keeps both names. Raises BadInput (`name`).
    """
    new = text.name(name)
    if not new or len(new) > LONGEST:
        raise BadInput(f"이름을 {LONGEST}자까지 적어 주세요.", code="name")
    before = User.objects.select_for_update().get(pk=user.pk).name
    if new == before:
        raise BadInput("지금 이름과 같습니다.", code="name")
    user.name = new
    user.save(update_fields=["name"])
    outbox.write(
        "portal/name_changed",
        to_email=user.email,
        user=user,
        key=f"name_changed:{user.pk}:{now.isoformat()}",
        now=now,
        before=before,
        at=now,
    )
    return user
