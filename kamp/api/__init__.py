"""The programs' door to KAMP: its endpoints, by name."""

from kamp.api.views import OneShowcase, Showcases

__all__ = ["OneShowcase", "Showcases"]
