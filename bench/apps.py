"""App configuration of the benchmarks."""

from django.apps import AppConfig


class BenchConfig(AppConfig):
    """Commands that write bulk data and measure."""

    name = "bench"
    verbose_name = "측정"
