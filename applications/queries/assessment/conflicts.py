"""Ties of assessors that people have to decide about."""

from django.db.models import Exists, OuterRef, QuerySet

from applications.models import ConflictOfInterest, ScoreSheet


def undecided_ties(rows: QuerySet[ConflictOfInterest]) -> QuerySet[ConflictOfInterest]:
    """Return the late ties about whose sheet nobody has decided yet."""
    late = rows.filter(late=True, cleared_at=None, kept_at=None)
    sheets = ScoreSheet.objects.filter(
        application=OuterRef("application"),
        assessor=OuterRef("assessor"),
        abstained_at=None,
        withdrawn_at=None,
    )
    return late.filter(Exists(sheets))
