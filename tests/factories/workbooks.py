"""XLSX workbooks made of their parts, for forms that no library writes on purpose."""

import zipfile
from collections.abc import Sequence
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

TRANSITIONAL = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_RELATED = {
    TRANSITIONAL: "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    STRICT: "http://purl.oclc.org/ooxml/officeDocument/relationships",
}
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def cell(place: str, text: str) -> str:
    """Return a cell with a text of its own."""
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def rows(*lines: Sequence[str]) -> str:
    """Return rows from the first on; a cell that begins with `<` is XML."""
    made = []
    for number, line in enumerate(lines, 1):
        cells = [
            text.replace("<c", f'<c r="{chr(65 + place)}{number}"', 1)
            if text.startswith("<c")
            else cell(f"{chr(65 + place)}{number}", text)
            for place, text in enumerate(line)
            if text
        ]
        made.append(f'<row r="{number}">{"".join(cells)}</row>')
    return "".join(made)


def workbook(
    *sheets: tuple[str, str, str],
    texts: Sequence[str] = (),
    formats: Sequence[str] = (),
    extra: str = "",
    properties: str = "",
    namespace: str = TRANSITIONAL,
    styles: str = "",
) -> bytes:
    """Return a workbook of (name, state, rows) sheets; a sheet whose rows are "chart" is a chart.

    `texts` are shared strings as XML, `formats` number formats whose style is their place + 1.
    `extra` follows the rows of each sheet, `properties` stand in the workbook before its sheets.
    """
    relations, listed, parts, types = [], [], {}, []
    related = _RELATED[namespace]
    for place, (name, state, data) in enumerate(sheets, 1):
        chart = data == "chart"
        kind, folder = ("chartsheet", "chartsheets") if chart else ("worksheet", "worksheets")
        target = f"{folder}/sheet{place}.xml"
        relations.append(
            f'<Relationship Id="rId{place}" Type="{related}/{kind}" Target="{target}"/>'
        )
        listed.append(
            f'<sheet name={quoteattr(name)} sheetId="{place}" state="{state}" r:id="rId{place}"/>'
        )
        body = "" if chart else f"<sheetData>{data}</sheetData>{extra}"
        parts[f"xl/{target}"] = f'<{kind} xmlns="{namespace}">{body}</{kind}>'
        types.append(f'<Override PartName="/xl/{target}" ContentType="{_SHEET_TYPE}.{kind}+xml"/>')
    items = "".join(f"<si>{text}</si>" for text in texts)
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{namespace}">{items}</sst>'
    codes = "".join(
        f'<numFmt numFmtId="{164 + place}" formatCode={quoteattr(code)}/>'
        for place, code in enumerate(formats)
    )
    numbers = "".join(f'<xf numFmtId="{164 + place}"/>' for place in range(len(formats)))
    parts["xl/styles.xml"] = styles or (
        f'<styleSheet xmlns="{namespace}"><numFmts>{codes}</numFmts>'
        f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        f'<cellXfs><xf numFmtId="0"/>{numbers}</cellXfs></styleSheet>'
    )
    relations += [
        f'<Relationship Id="rT" Type="{related}/sharedStrings" Target="/xl/sharedStrings.xml"/>',
        f'<Relationship Id="rS" Type="{related}/styles" Target="styles.xml"/>',
    ]
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{namespace}" xmlns:r="{related}">{properties}'
        f"<sheets>{''.join(listed)}</sheets></workbook>"
    )
    parts["xl/_rels/workbook.xml.rels"] = (
        f'<Relationships xmlns="{_PACKAGE}/relationships">{"".join(relations)}</Relationships>'
    )
    parts["_rels/.rels"] = (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{related}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    )
    parts["[Content_Types].xml"] = (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
        f"{''.join(types)}</Types>"
    )
    return pack(parts)


def pack(parts: dict[str, str]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as container:
        for name in sorted(parts):
            container.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>\n' + parts[name])
    return file.getvalue()


def unpack(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(BytesIO(data)) as container:
        return {
            name: container.read(name).decode().partition("\n")[2] for name in container.namelist()
        }
