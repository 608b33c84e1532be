"""App configuration of the benchmarks."""

from django.apps import AppConfig


class BenchConfig(AppConfig):
    """The commands `bench`, `seed_bulk` and `kamp_elpv`."""

    name = "bench"
    verbose_name = "측정"
