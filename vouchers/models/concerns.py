"""What the rows of the voucher programme are about, and where its people belong."""

from portal.core.concerns import Belonging, Concern, Path
from vouchers.states import PanelApplicationState


def _supplier(path: str = "") -> Concern:
    """Return the concern of a lookup to a supplier, with a trailing `__`, or of suppliers."""
    return Concern(
        firms=(Path(path.removesuffix("__")), Path(f"{path}partners")),
        emails=(Path(f"{path}contacts__email"),),
    )


def _and_people(concern: Concern, *paths: Path) -> Concern:
    return Concern(concern.firms, concern.numbers, concern.people + paths, concern.emails)


_FILED = [
    state
    for state in PanelApplicationState.values
    if state not in {PanelApplicationState.DRAFT, PanelApplicationState.WITHDRAWN}
]


def _applicants(round: str) -> Path:
    return Path(f"{round}applications__user", {f"{round}applications__state__in": _FILED})


def _round(path: str = "") -> Concern:
    """Return the concern of a lookup to a round: its applicants, members and suppliers."""
    return _and_people(
        _supplier(f"{path}coverage__service__supplier__"),
        Path(f"{path}monitors__user"),
        _applicants(path),
    )


_OF_REPORT = _and_people(
    _supplier("assignment__service__supplier__"), Path("assignment__monitor__user")
)

CONCERNS = {
    "vouchers.Supplier": _supplier(),
    "vouchers.SupplierMember": _supplier("supplier__"),
    "vouchers.Service": _supplier("supplier__"),
    # Who applies judges no rival either: the places are shared out by rank.
    "vouchers.PanelApplication": Concern(
        people=(Path("user"), _applicants("round__")),
        numbers=(Path("business_number"),),
    ),
    "vouchers.PanelSelection": Concern(people=(_applicants("round__"),)),
    "vouchers.Monitor": Concern(people=(Path("user"),)),
    "vouchers.AssignmentRun": _round("round__"),
    "vouchers.Assignment": _and_people(_supplier("service__supplier__"), Path("monitor__user")),
    "vouchers.AssignmentRule": _and_people(_supplier("service__supplier__"), Path("monitor__user")),
    "vouchers.ConsumerReport": _OF_REPORT,
    "vouchers.ReportFee": Concern(people=(Path("report__assignment__monitor__user"),)),
    "vouchers.GoodCase": _and_people(
        _supplier("service__supplier__"), Path("report__assignment__monitor__user")
    ),
    "vouchers.Correction": _and_people(
        _supplier("service__supplier__"), Path("issues__report__assignment__monitor__user")
    ),
    "vouchers.SaleSuspension": _supplier("service__supplier__"),
    "vouchers.AwardRound": Concern(people=(Path("round__monitors__user"),)),
    "vouchers.PanelRound": _round(),
    "vouchers.ReportPlan": _round("round__"),
    "vouchers.SupplierTie": _and_people(_supplier("supplier__"), Path("user")),
    "vouchers.ExclusionProposal": Concern(people=(Path("application__user"),)),
}

BELONGINGS = {
    "vouchers.SupplierMember": Belonging("user", "supplier__business_number"),
    "vouchers.PanelApplication": Belonging("user", "business_number", {"state__in": _FILED}),
}
