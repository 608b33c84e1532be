"""Small files for the demo's documents."""

NOTE = "시연을 위해 만든 서류입니다."
# A font of the reader stands in for this one: Korean text without a font of a megabyte in each file.
FONT = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /HYGoThic-Medium /Encoding /UniKS-UTF16-H "
    b"/DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HYGoThic-Medium "
    b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Korea1) /Supplement 2 >> "
    b"/FontDescriptor << /Type /FontDescriptor /FontName /HYGoThic-Medium /Flags 4 "
    b"/FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 900 /Descent -200 /CapHeight 700 "
    b"/StemV 80 >> >>] >>"
)
PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
    b"/Resources << /Font << /F 6 0 R >> >> >>"
)


def sample_pdf(title: str) -> bytes:
    """Return a valid one-page PDF that shows its title; the title makes every file different."""
    drawn = b"BT /F 22 Tf 72 740 Td %s Tj /F 12 Tf 0 -40 Td %s Tj ET" % (_text(title), _text(NOTE))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        PAGE,
        b"<< /Title <feff" + title.encode("utf-16-be").hex().encode() + b"> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        FONT,
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1, len(body))
    )


def _text(words: str) -> bytes:
    return b"<" + words.encode("utf-16-be").hex().encode() + b">"
