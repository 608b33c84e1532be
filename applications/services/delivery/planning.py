"""Planning: create the deliverables of an agreement when it is concluded."""

from datetime import datetime

from applications.models import Agreement, Deliverable
from programs.rules.facts import applies, parse_when


def plan(agreement: Agreement, *, now: datetime) -> list[Deliverable]:
    """Create the deliverables that the catalogue states for the track and the filed answers, once.

    An agreement that has deliverables keeps them.
    """
    application = agreement.application
    facts = {
        **application.submission.content.get("facts", {}),
        "track": application.track.code if application.track else None,
    }
    rows = [
        row
        for row in application.sub_program.delivery
        if applies(parse_when(row.get("when")), facts) is True
    ]
    Deliverable.objects.bulk_create(
        (
            Deliverable(
                agreement=agreement, code=row["code"], label=row["label"], order=place, spec=row
            )
            for place, row in enumerate(rows, start=1)
        ),
        ignore_conflicts=True,
    )
    return list(agreement.deliverables.order_by("order"))
