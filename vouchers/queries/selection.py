"""Results of a released selection."""

from vouchers.models import Assignment, PanelApplication, PanelDecision
from vouchers.states import PanelApplicationState, PanelSelectionState


def result_of(application: PanelApplication) -> PanelDecision | None:
    """Return the released decision on an application; None before the release."""
    return application.decisions.filter(selection__state=PanelSelectionState.RELEASED).first()


def may_decline(application: PanelApplication) -> bool:
    """Return whether a place may be declined: only until a service is assigned."""
    if application.state == PanelApplicationState.SELECTED:
        return not Assignment.objects.filter(monitor__application=application).exists()
    return application.state == PanelApplicationState.RESERVE
