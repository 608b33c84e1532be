"""Row 4: a receipt as PDF through the portal, against the raw engine on the same HTML."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from django.template.loader import render_to_string

from applications import pdf_contexts
from applications.models import Application, IssuedDocument
from bench.environment import Stage
from bench.report import Row, milliseconds, times
from portal.core.clock import now
from portal.paper import pdf

PART = "paper"
WARM, TURNS = 3, 20
WORST = 1.2


def measure(stage: Stage, template: str, *, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """Print one receipt many times, by both ways."""
    database = stage.create(PART, template=template)
    stage.manage(
        database, "seed_bulk", "--applications", "5", "--program", "build", "--stage", "submitted"
    )
    say(f"a receipt, {TURNS} times through the portal, {TURNS} times by the raw engine")
    page = stage.folder / "receipt.html"
    ours = stage.inside(database, PART, page=str(page))
    module = f"{__package__}.paper_floor"
    raw = json.loads(stage.python(database, "-m", module, str(page), str(TURNS), str(WARM)))
    stage.drop(database)
    mine, floor = median(ours["seconds"]), median(raw)
    return [
        Row(
            PART,
            f"a receipt as PDF ({ours['pages']} page, {ours['bytes'] / 1_024:.0f} KB), median",
            milliseconds(mine),
            f"{milliseconds(floor)} (raw engine)",
            times(mine / floor),
            f"≤ {WORST}x",
            mine <= WORST * floor,
        )
    ]


def inside(*, page: str) -> dict[str, object]:
    """Print one receipt many times; leave its HTML for the floor."""
    application = Application.objects.exclude(number=None).latest("pk")
    document = IssuedDocument(
        application=application, kind=IssuedDocument.Kind.RECEIPT, requested_at=now()
    )
    template, title, context = pdf_contexts.describe(document)
    html = render_to_string(template, {**context, "title": title})
    Path(page).write_text(html, encoding="utf-8")
    spent = []
    for _ in range(WARM + TURNS):
        began = time.perf_counter()
        paper = pdf.print_html(html)
        spent.append(time.perf_counter() - began)
    return {"seconds": spent[WARM:], "pages": paper.pages, "bytes": len(paper.data)}
