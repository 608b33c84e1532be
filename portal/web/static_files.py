"""Addresses of static files, with the hash of their content in the name, and where they lie."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.checks import Warning
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):
    """Whitenoise's, with each address computed once: the list of files is fixed while a process runs."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._address = cache(super().url)

    def url(self, name: str, force: bool = False) -> str:
        address: str = self._address(name, force)
        return address


def check_folders(**options: object) -> list[Warning]:
    """Warn of static files, which everybody reads, in the folder of the uploads."""
    static, data = Path(settings.STATIC_ROOT).resolve(), Path(settings.DATA_DIR).resolve()
    if not static.is_relative_to(data):
        return []
    return [Warning("PORTAL_STATIC_DIR lies in PORTAL_DATA_DIR.", id="portal.W010")]
