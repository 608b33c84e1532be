"""Parts of a draft: sections, attachments, consents."""

from django.conf import settings
from django.db import models

from applications.models.application import Application

USER = settings.AUTH_USER_MODEL


class Section(models.Model):
    """Answers of one section; `version` keeps two people from overwriting each other.

    `carried` are the codes of answers from a self-check or a preview that nobody has looked at yet.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="sections")
    name = models.CharField("단계", max_length=20)
    data = models.JSONField("내용", default=dict)
    carried = models.JSONField("자격 확인에서 가져온 항목", null=True, editable=False)
    version = models.PositiveIntegerField(default=1)
    saved_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    saved_at = models.DateTimeField("저장 시각")

    class Meta:
        verbose_name = "신청서 단계"
        verbose_name_plural = "신청서 단계"
        constraints = [
            models.UniqueConstraint(fields=["application", "name"], name="one_section_per_step"),
        ]

    def __str__(self) -> str:
        return self.name


class Attachment(models.Model):
    """Uploaded file, checked by content and stored under a random name."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="attachments"
    )
    requirement = models.CharField("제출서류", max_length=40)
    supplement = models.ForeignKey(
        "Supplement", on_delete=models.PROTECT, null=True, related_name="attachments"
    )
    name = models.CharField("파일 이름", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("크기")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)
    uploaded_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("올린 시각")
    # Known of papers from the box of the firm.
    issued_on = models.DateField("발급일", null=True)
    valid_until = models.DateField("유효기간의 마지막 날", null=True)
    removed_at = models.DateTimeField("삭제 시각", null=True)

    class Meta:
        verbose_name = "첨부 파일"
        verbose_name_plural = "첨부 파일"

    def __str__(self) -> str:
        return self.name


class Consent(models.Model):
    """Consent given or refused, with the version of its wording."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="consents")
    code = models.CharField("동의", max_length=40)
    wording = models.CharField("문구 버전", max_length=20)
    given = models.BooleanField("동의 여부")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "동의"
        verbose_name_plural = "동의"
        constraints = [
            models.UniqueConstraint(fields=["application", "code"], name="one_consent_per_code"),
        ]

    def __str__(self) -> str:
        return self.code
