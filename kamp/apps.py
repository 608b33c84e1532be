"""App configuration."""

from django.apps import AppConfig


class KampConfig(AppConfig):
    """Showcases and the inspection workbench."""

    name = "kamp"
    verbose_name = "KAMP"
