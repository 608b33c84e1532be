"""What applications and their rows are about, and where people of the programmes belong."""

from applications.states import ApplicationState, InquiryKind, PartnerState
from portal.core.concerns import Belonging, Concern, Path

_FILED = [
    state
    for state in ApplicationState.values
    if state not in {ApplicationState.DRAFT, ApplicationState.WITHDRAWN}
]


def _firms(application: str = "", **where: object) -> tuple[Path, ...]:
    """Return the lookups to the applicant and the partners that joined, from a lookup to it."""
    joined = {f"{application}partners__state": PartnerState.ACCEPTED}
    return (
        Path(f"{application}company", where),
        Path(f"{application}partners__company", {**joined, **where}),
    )


_APPLICATION = Concern(firms=_firms("application__"))
_AGREEMENT = Concern(firms=(Path("agreement__company"), *_firms("agreement__application__")))
# A ranking is about all that it ranks.
_PROGRAM = Concern(
    firms=_firms("sub_program__applications__", sub_program__applications__state__in=_FILED)
)

CONCERNS = {
    "applications.Company": Concern(firms=(Path(""),)),
    "applications.CompanyClaim": Concern(firms=(Path("company"),), people=(Path("claimant"),)),
    "applications.Application": Concern(firms=_firms()),
    "applications.OfficerChange": _APPLICATION,
    "applications.StaffNote": _APPLICATION,
    "applications.StaffFlag": _APPLICATION,
    "applications.LateGrant": Concern(firms=(Path("company"),)),
    "applications.OwnerNomination": Concern(firms=(Path("company"),), people=(Path("user"),)),
    "applications.Check": _APPLICATION,
    "applications.BonusClaim": _APPLICATION,
    "applications.Supplement": _APPLICATION,
    "applications.ExclusionProposal": _APPLICATION,
    "applications.CommitteeProposal": _PROGRAM,
    "applications.CommitteeWish": _APPLICATION,
    "applications.ScoreSheet": Concern(firms=_firms("application__"), people=(Path("assessor"),)),
    # Nobody decides about a sheet of their own.
    "applications.SheetDecision": Concern(
        firms=_firms("sheet__application__"), people=(Path("sheet__assessor"),)
    ),
    "applications.ConflictOfInterest": _APPLICATION,
    # Nobody decides about a tie of their own.
    "applications.TieLift": Concern(
        firms=_firms("tie__application__"), people=(Path("tie__assessor"),)
    ),
    # Nobody edits or releases words that are partly their own.
    "applications.Opinion": Concern(
        firms=_firms("application__"), people=(Path("application__sheets__assessor"),)
    ),
    "applications.ScoreRun": _PROGRAM,
    "applications.RubricVersion": _PROGRAM,
    "applications.Selection": _PROGRAM,
    "applications.Decision": _APPLICATION,
    "applications.DecisionChange": _APPLICATION,
    "applications.Objection": _APPLICATION,
    # Nobody passes on a question of their own.
    "applications.Inquiry": Concern(
        firms=_firms("application__"), people=(Path("asked_by", {"kind": InquiryKind.ASSESSOR}),)
    ),
    "applications.Agreement": Concern(firms=(Path("company"), *_firms("application__"))),
    "applications.AgreementPaper": _AGREEMENT,
    "applications.Amendment": _AGREEMENT,
    "applications.Ending": _AGREEMENT,
    "applications.Instalment": _AGREEMENT,
    "applications.Spending": _AGREEMENT,
    "applications.Settlement": _AGREEMENT,
    "applications.Recovery": Concern(
        firms=(
            Path("settlement__agreement__company"),
            *_firms("settlement__agreement__application__"),
        )
    ),
    "applications.Deliverable": Concern(
        firms=(Path("agreement__company"), *_firms("agreement__application__")),
        people=(Path("expert__user"),),
    ),
    "applications.Expert": Concern(people=(Path("user"),), numbers=(Path("institution_number"),)),
    "applications.ExpertMatch": _PROGRAM,
    "applications.RegistryChange": Concern(numbers=(Path("subject"),)),
    # Rules are those of all that were filed under them.
    "programs.RuleProposal": _PROGRAM,
}

BELONGINGS = {
    "applications.Member": Belonging("user", "company__business_number"),
    "applications.AssessorProfile": Belonging("user", "business_number"),
    "applications.Expert": Belonging("user", "institution_number"),
}
