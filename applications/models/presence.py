"""Who has the page of an application open."""

from django.conf import settings
from django.db import models

from applications.models.application import Application


class Viewer(models.Model):
    """The last sign that a person has an application's page open; forgotten after a day."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="viewers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField("본 시각", db_index=True)

    class Meta:
        verbose_name = "보는 사람"
        verbose_name_plural = "보는 사람"
        constraints = [
            models.UniqueConstraint(fields=["application", "user"], name="one_sign_per_viewer"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.application}"
