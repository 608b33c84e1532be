"""App configuration."""

from django.apps import AppConfig


class VouchersConfig(AppConfig):
    """Services, the panel that tries them, its reports and what comes of them."""

    name = "vouchers"
    verbose_name = "비대면 바우처 모니터링단"
