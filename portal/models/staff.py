"""What staff did to an object on its screen."""

from django.db import models

from portal.models.access import User


class StaffAct(models.Model):
    """One act of staff on one object: who, when, what changed from what to what, and why.

    `key` is that of the form: one form acts once. `number` counts the acts on the object, so that of
    two simultaneous ones the second fails. Append-only in the database.
    """

    subject = models.CharField("대상", max_length=100)
    number = models.PositiveIntegerField("차례")
    key = models.CharField("양식", max_length=40, unique=True)
    act = models.CharField("처리", max_length=40)
    label = models.CharField("처리", max_length=100)
    message = models.TextField("결과", blank=True)
    changes = models.JSONField("바뀐 것", default=list)
    note = models.TextField("사유", blank=True)
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name="처리한 사람"
    )
    at = models.DateTimeField("처리 시각")

    class Meta:
        verbose_name = "직원 처리 기록"
        verbose_name_plural = "직원 처리 기록"
        constraints = [
            models.UniqueConstraint(fields=["subject", "number"], name="one_staff_act_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.message}"


class ListColumns(models.Model):
    """Which columns of a staff list a person wants to see, in their order."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    screen = models.CharField("목록", max_length=100)
    columns = models.JSONField("열", default=list)

    class Meta:
        verbose_name = "목록의 열"
        verbose_name_plural = "목록의 열"
        constraints = [
            models.UniqueConstraint(fields=["user", "screen"], name="one_choice_of_columns"),
        ]

    def __str__(self) -> str:
        return self.screen


class SavedView(models.Model):
    """A list as somebody wants to find it again: filters, search, order, columns.

    `query` holds the parameters of the address, `words` what each of them says, so that a condition
    that no longer exists can still be named. `shared_with` is the role whose holders see it, too.
    """

    owner = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="+", verbose_name="만든 사람"
    )
    screen = models.CharField("목록", max_length=100)
    name = models.CharField("이름", max_length=40)
    query = models.JSONField("조건", default=dict)
    words = models.JSONField("조건의 말", default=dict)
    columns = models.JSONField("열", default=list)
    shared_with = models.CharField("함께 쓰는 역할", max_length=40, blank=True)
    at = models.DateTimeField("저장한 시각")

    class Meta:
        verbose_name = "저장한 보기"
        verbose_name_plural = "저장한 보기"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "screen", "name"], name="one_saved_view_of_a_name"
            ),
        ]
        indexes = [models.Index(fields=["screen", "shared_with"], name="saved_view_shared")]

    def __str__(self) -> str:
        return self.name
