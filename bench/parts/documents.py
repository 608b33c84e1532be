"""Print a receipt as PDF through the portal, beside the raw engine on the same HTML."""

import json
import time
from pathlib import Path
from statistics import median

from django.template.loader import render_to_string

from applications import pdf_contexts
from applications.models import Application, IssuedDocument
from bench.environment import Environment, Log
from bench.report import Row, milliseconds, times
from portal.core.clock import now
from portal.paper import pdf

PART = "documents"
WARM, TURNS = 3, 20
WORST = 1.2


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    database = environment.create(PART, template=template)
    environment.manage(
        database, "seed_bulk", "--applications", "5", "--program", "build", "--stage", "submitted"
    )
    log(f"a receipt, {TURNS} times through the portal, {TURNS} times by the raw engine")
    page = environment.folder / "receipt.html"
    portal = environment.run_part(database, PART, page=str(page))
    module = f"{__package__}.document_floor"
    raw = json.loads(environment.python(database, "-m", module, str(page), str(TURNS), str(WARM)))
    environment.drop(database)
    ours, floor = median(portal["seconds"]), median(raw)
    return [
        Row(
            PART,
            f"a receipt as PDF ({portal['pages']} page, {portal['bytes'] / 1_024:.0f} KB), median",
            milliseconds(ours),
            f"{milliseconds(floor)} (raw engine)",
            times(ours / floor),
            f"≤ {WORST}x",
            ours <= WORST * floor,
        )
    ]


def run(*, page: str) -> dict[str, object]:
    application = Application.objects.exclude(number=None).latest("pk")
    document = IssuedDocument(
        application=application, kind=IssuedDocument.Kind.RECEIPT, requested_at=now()
    )
    template, title, context = pdf_contexts.describe(document)
    html = render_to_string(template, {**context, "title": title})
    Path(page).write_text(html, encoding="utf-8")
    seconds = []
    for _ in range(WARM + TURNS):
        started = time.perf_counter()
        printed = pdf.print_html(html)
        seconds.append(time.perf_counter() - started)
    return {"seconds": seconds[WARM:], "pages": printed.pages, "bytes": len(printed.data)}
