"""App configuration of the demo."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Commands and pages for trying the portal."""

    name = "demo"
    verbose_name = "시연"
