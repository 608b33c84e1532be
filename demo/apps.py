"""App configuration of the demo."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The commands, mailbox and notice of the demo."""

    name = "demo"
    verbose_name = "시연"
