"""The words of each PDF of KAMP."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from kamp import queries
from kamp.models import Showcase
from portal import pdf


def showcase(case: Showcase) -> dict[str, Any]:
    """The one-pager: figures with definition, sample size and origin; where to read it whole."""
    url = f"{settings.ORIGIN}{reverse('kamp_showcase', args=[case.slug])}"
    return {
        "case": case,
        "figures": [queries.comparison(row) for row in case.metrics.all()],
        "steps": list(case.steps.all()),
        "testimonials": list(case.testimonials.all()),
        "url": url,
        "qr": pdf.qr_svg(url),
    }
