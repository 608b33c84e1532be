"""The floor of the PDF row: the raw engine in its own process, one document again and again.

`python -m bench.parts.paper_floor FILE TURNS WARM` prints the seconds of each.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import weasyprint


def main(words: Sequence[str]) -> None:
    """Print the document some times."""
    html = Path(words[0]).read_text(encoding="utf-8")
    turns, warm = int(words[1]), int(words[2])
    spent = []
    for _ in range(warm + turns):
        began = time.perf_counter()
        weasyprint.HTML(string=html).write_pdf(pdf_variant="pdf/ua-1")
        spent.append(time.perf_counter() - began)
    json.dump(spent[warm:], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
