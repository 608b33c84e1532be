"""What every form here does; see `portal.forms`."""

from portal.forms import CodedErrors, PlainForm, refuse

__all__ = ["CodedErrors", "PlainForm", "refuse"]
