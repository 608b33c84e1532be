"""Configuration of the app."""

from django.apps import AppConfig


class VouchersConfig(AppConfig):
    name = "vouchers"
    verbose_name = "비대면 바우처 모니터링단"
