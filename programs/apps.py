"""App configuration of the programmes."""

from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    """What is offered, and how much money is left."""

    name = "programs"
    verbose_name = "사업과 예산"
