"""Storing the files that a page sent."""

from collections.abc import Callable
from typing import Protocol

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from portal.core.errors import BadInput, PortalError
from portal.forms.errors import refuse
from portal.forms.uploads import UploadForm


class Stored(Protocol):
    name: str


def store_each(
    request: HttpRequest, form: UploadForm, store: Callable[["UploadedFile[bytes]"], Stored]
) -> int:
    """Store every file of a form on its own; return the status of the answer.

    A refused file becomes an error of the form that names the file; the others stay stored.
    """
    if not form.is_valid():
        return 400
    status = 200
    for upload in form.cleaned_data["files"]:
        try:
            stored = store(upload)
        except PortalError as error:
            named = BadInput(f"{upload.name}: {error.message}", code=error.code)
            refuse(form, named, fields={error.code: "files"})
            status = error.status
        else:
            messages.success(request, f"‘{stored.name}’ 파일을 올렸습니다.")
    return status
