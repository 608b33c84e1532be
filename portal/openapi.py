"""How the OpenAPI document describes our tokens; read once by `portal.urls`."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TokenScheme(OpenApiAuthenticationExtension):
    """Describe the bearer token in the OpenAPI document."""

    target_class = "portal.api.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Say how the token is sent."""
        return {"type": "http", "scheme": "bearer"}
