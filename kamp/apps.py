"""App configuration."""

from django.apps import AppConfig


class KampConfig(AppConfig):
    name = "kamp"
    verbose_name = "KAMP"
