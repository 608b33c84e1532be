"""Download of a book of reports."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from portal.access.decorators import public
from portal.uploads import files
from vouchers.visibility import public_books


@public
@require_safe
def report_book(request: HttpRequest, token: str) -> HttpResponseBase:
    book = get_object_or_404(public_books(), token=token)
    return files.serve(book.file, filename=f"{book}.pdf", content_type="application/pdf")
