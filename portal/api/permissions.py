"""Who may call: the rule each view declares."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.access.second_factor import lacks_second_factor
from portal.core.errors import SecondFactorNeeded
from portal.models import ApiToken, TokenScope

SAFE = {"GET", "HEAD", "OPTIONS"}


class DeclaredAccess(BasePermission):
    """A view declares `access_rule` ("public" or "signed_in"); without it nobody may call."""

    def has_permission(self, request: Request, view: object) -> bool:
        # A token needs no second factor: it was issued behind one.
        rule = getattr(view, "access_rule", None)
        if rule == "public":
            return True
        if rule != "signed_in" or not request.user.is_authenticated:
            return False
        token = request.auth
        if token is None and lacks_second_factor(request):
            raise SecondFactorNeeded
        writes = request.method not in SAFE
        return not (isinstance(token, ApiToken) and writes and token.scope != TokenScope.WRITE)
