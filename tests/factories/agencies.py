"""Every registry connected to the agencies of the demo, which answer about each firm as it says."""

from typing import Any

from portal.registries.declared import registries

ANSWERING: dict[str, dict[str, Any]] = {
    code: {"adapter": "demo.registries.Known", "registry": code} for code in registries()
} | {
    "business_status": {"adapter": "demo.registries.Status"},
    "business_identity": {"adapter": "demo.registries.Identity"},
}
