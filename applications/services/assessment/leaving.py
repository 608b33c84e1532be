"""An assessor whose account ends: their open sheets wait for the officers to reassign them."""

from datetime import datetime

from django.db.models import Count

from applications.models import ScoreSheet
from portal.models import User
from portal.notices import outbox
from programs.models import SubProgram


def tell_officers(user: User, *, by: User, now: datetime) -> list[tuple[str, str]]:
    """Tell the officers of each sub-programme how many sheets nobody fills in any more.

    Return the numbers in words. Sheets have no successor: an assessor is chosen for each by the rules
    of the committee.
    """
    waiting = ScoreSheet.objects.filter(
        assessor=user, locked_at=None, abstained_at=None, withdrawn_at=None
    )
    counts = dict(
        waiting.order_by()
        .values_list("application__sub_program")
        .annotate(number=Count("pk"))
        .values_list("application__sub_program", "number")
    )
    programs = SubProgram.objects.filter(pk__in=counts).select_related("round")
    for program in programs.prefetch_related("officers"):
        for officer in program.officers.all():
            if officer.is_active and officer.pk != user.pk:
                outbox.write(
                    "applications/assessor_left",
                    to_email=officer.email,
                    user=officer,
                    key=f"assessor_left:{user.pk}:{program.pk}:{officer.pk}:{now.isoformat()}",
                    now=now,
                    assessor=user,
                    program=program,
                    count=counts[program.pk],
                )
    return [("남은 평가표", f"{row.name} {counts[row.pk]:,}부") for row in programs]
