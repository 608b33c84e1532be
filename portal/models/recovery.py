"""Receipts of restore drills."""

from django.db import models


class RestoreReceipt(models.Model):
    """What one drill found, signed. Append-only in the database."""

    finished_at = models.DateTimeField("끝")
    restored_to = models.DateTimeField("복구한 시점")
    passed = models.BooleanField("이상 없음")
    seconds = models.FloatField("걸린 초")
    rows = models.PositiveBigIntegerField("기록")
    files = models.PositiveBigIntegerField("파일")
    text = models.TextField("확인증")
    signature = models.CharField("서명", max_length=128)
    public_key = models.CharField("공개 키", max_length=64)

    class Meta:
        verbose_name = "복구 훈련 확인증"
        verbose_name_plural = "복구 훈련 확인증"

    def __str__(self) -> str:
        return f"복구 훈련 확인증 #{self.pk}"

    @property
    def lasted(self) -> str:
        """How long the drill took, in words."""
        minutes, seconds = divmod(round(self.seconds), 60)
        return f"{minutes:,}분 {seconds}초" if minutes else f"{seconds}초"
