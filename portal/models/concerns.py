"""Whom rows about accounts are about: nobody acts on their own account."""

from portal.core.concerns import Concern, Path

CONCERNS = {
    "portal.StaffInvitation": Concern(emails=(Path("email"),)),
    "portal.RoleRequest": Concern(people=(Path("user"),)),
    "portal.AccountEnding": Concern(people=(Path("user"),)),
}
