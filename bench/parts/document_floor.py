"""The floor of the PDF part: the raw engine prints one document again and again.

`python -m bench.parts.document_floor FILE TURNS WARM` prints the seconds of each turn as JSON.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import weasyprint


def main(arguments: Sequence[str]) -> None:
    html = Path(arguments[0]).read_text(encoding="utf-8")
    turns, warm = int(arguments[1]), int(arguments[2])
    seconds = []
    for _ in range(warm + turns):
        started = time.perf_counter()
        weasyprint.HTML(string=html).write_pdf(pdf_variant="pdf/ua-1")
        seconds.append(time.perf_counter() - started)
    json.dump(seconds[warm:], sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
