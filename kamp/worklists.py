"""What waits for the editors of KAMP."""

from datetime import datetime

from django.db.models import QuerySet

from kamp.models import Showcase
from kamp.roles import CURATOR
from kamp.states import ShowcaseState
from kamp.visibility import showcases_of
from portal.models import User
from portal.staff.worklists import Area, Worklist


def in_review(person: User, now: datetime) -> QuerySet[Showcase]:
    return showcases_of(person).filter(state=ShowcaseState.REVIEW)


WORKLISTS = (
    Worklist(
        "showcases-in-review",
        Area.KAMP,
        "검토할 사례",
        frozenset({CURATOR}),
        in_review,
        "admin:kamp_showcase_changelist",
        {"state__exact": "review"},
        since="updated_at",
    ),
)
