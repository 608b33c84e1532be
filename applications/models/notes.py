"""What staff write down about an application for each other: memos and calls."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from applications.states import CallDirection, NoteKind

USER = settings.AUTH_USER_MODEL


class StaffNote(models.Model):
    """A memo or a call, for staff alone. Append-only in the database.

    A correction is a new line that names the old one; each line is corrected once at most.
    """

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="staff_notes", verbose_name="신청"
    )
    kind = models.CharField("구분", max_length=10, choices=NoteKind.choices)
    direction = models.CharField("방향", max_length=10, choices=CallDirection.choices, blank=True)
    counterpart = models.CharField("통화 상대", max_length=100, blank=True)
    happened_at = models.DateTimeField("있었던 때")
    text = models.TextField("내용")
    by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="적은 사람"
    )
    at = models.DateTimeField("적은 시각")
    corrects = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="correction",
        verbose_name="바로잡은 내용",
    )

    class Meta:
        verbose_name = "메모·통화"
        verbose_name_plural = "메모·통화"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="staff_note_says_something"),
            models.CheckConstraint(
                condition=Q(kind=NoteKind.MEMO, direction="", counterpart="")
                | (Q(kind=NoteKind.CALL) & ~Q(direction="") & ~Q(counterpart="")),
                name="staff_note_of_a_call_names_who_called",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
