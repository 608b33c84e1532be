"""The editors' screens of KAMP."""

from kamp.admin import showcases

__all__ = ["showcases"]
