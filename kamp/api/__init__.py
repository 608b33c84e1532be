"""The programs' door to KAMP: its endpoints, by name."""

from kamp.api.showcases.views import OneShowcase, Showcases

__all__ = ["OneShowcase", "Showcases"]
