"""Selection."""

from vouchers.models import Assignment, PanelApplication, PanelDecision
from vouchers.states import PanelApplicationState, PanelSelectionState


def result_of(application: PanelApplication) -> PanelDecision | None:
    """What the released selection says of an application; nothing before the release."""
    return application.decisions.filter(selection__state=PanelSelectionState.RELEASED).first()


def may_decline(application: PanelApplication) -> bool:
    """Tell whether a place may be declined: until something is assigned; later one leaves."""
    if application.state == PanelApplicationState.SELECTED:
        return not Assignment.objects.filter(monitor__application=application).exists()
    return application.state == PanelApplicationState.RESERVE
