"""Further registries come from one setting, and nothing of it is taken that cannot be asked."""

import json

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.environment import further_registries

SME = {"address": "https://sme.example/api", "key": "a-key"}


def test_a_registry_is_named_with_address_and_key() -> None:
    made = further_registries(json.dumps({"sme_certificate": SME}))
    adapter = "portal.registries.public_data.Service"
    assert made == {"sme_certificate": {"adapter": adapter, "registry": "sme_certificate", **SME}}
    assert further_registries("") == {}


@pytest.mark.parametrize(
    "named",
    [
        "no json",
        "[]",
        json.dumps({"sme_certificate": {"address": "https://sme.example"}}),
        json.dumps({"sme_certificate": {**SME, "key": ""}}),
        json.dumps({"business_status": SME}),
        json.dumps({"nobody": SME}),
    ],
)
def test_anything_else_is_refused_without_telling_a_key(named: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        further_registries(named)
    assert "a-key" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
