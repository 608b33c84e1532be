"""Uploads: checked by content, stored whole or not at all, served as downloads."""

import hashlib
import io
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import openpyxl
import pikepdf
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.errors import BadInput, NotFound, Unavailable
from portal.uploads import files
from portal.uploads.filetypes import content
from portal.uploads.filetypes.budget import Budget
from portal.uploads.filetypes.names import safe_name
from portal.uploads.filetypes.scripts import is_idle
from tests.portal import corpus as made

ALL = tuple(files.CONTENT_TYPES)
OLE_OBJECT = made.ole({"\x01Ole10Native": b"MZ" + bytes(500)})
CHART_OBJECT = made.ole({"Contents": bytes(500)})
EQUATION = made.ole({"Equation Native": bytes(500)})
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n(run) exec\n"
HTML = b"<!doctype html><script>alert(1)</script>"
MACRO = (
    "application/vnd.ms-word.document.macroEnabled.main+xml",
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
)
DOCTYPE = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
LAUGHS = (
    '<?xml version="1.0"?><!--' + " " * 9000 + '--><!DOCTYPE a [<!ENTITY b "ha">'
    '<!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'
)


CODES = {"", "file_type", "file_mismatch", "file_unsafe", "file_damaged", "file_too_large"}


def inspect(name: str, data: bytes, allowed=ALL):
    return files.inspect(SimpleUploadedFile(name, data), allowed=allowed)


def sheet_of_openpyxl() -> bytes:
    out, book = io.BytesIO(), openpyxl.Workbook()
    for row in range(200):
        book.active.append([row, "예산", row * 1000])
    book.save(out)
    return out.getvalue()


def pdf_of_pikepdf() -> bytes:
    out, document = io.BytesIO(), pikepdf.new()
    for _ in range(30):
        document.add_blank_page()
    document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def zip64_sheet() -> bytes:
    """As Java writers make it: 64-bit end record although nothing is large."""
    data = made.xlsx()
    at = data.rfind(b"PK\x05\x06")
    _, _, _, here, entries, octets, offset, _ = struct.unpack_from("<4s4H2LH", data, at)
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, here, entries, octets, offset
    )
    return data[:at] + record + struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1) + data[at:]


GOOD = {
    "plain.pdf": made.pdf(),
    "junk-before.pdf": b"\n\n" + made.pdf(),
    "mail-before.pdf": b"Content-Type: application/pdf\r\n\r\n" + made.pdf(),
    "printer-behind.pdf": made.pdf() + b"\x1b%-12345X@PJL EOJ\r\n",
    "owner-only.pdf": made.locked_pdf(user=""),
    "objects-packed.pdf": made.pdf(made.packed_objects(b"<< /A 1 >>", b"[1 2 3]")),
    "packed-by-a-library.pdf": pdf_of_pikepdf(),
    "numbers-first.pdf": made.pdf(
        b"<< /Length 40 >>\nstream\n1 0 0 1 72 720 cm BT (/JavaScript) Tj ET\nendstream".replace(
            b"/JavaScript", b"text"
        )
    ),
    "plain.hwp": made.hwp(),
    "unpacked.hwp": made.hwp(0, DocInfo=bytes(300)),
    "picture.hwp": made.hwp(BinData__BIN0001_dot_jpg=made.deflated(made.picture("JPEG"))),
    "chart.hwp": made.hwp(
        BinData__BIN0001_dot_OLE=made.deflated(struct.pack("<I", 9) + CHART_OBJECT)
    ),
    "many-streams.hwp": made.hwp(
        **{f"BinData__BIN{n:04}_dot_png": made.picture("PNG") for n in range(40)}
    ),
    "no-script.hwp": made.hwp(Scripts__DefaultJScript=b""),
    "plain.hwpx": made.hwpx(),
    "picture.hwpx": made.hwpx(BinData__image1_dot_png=made.picture("PNG")),
    "chart.hwpx": made.hwpx(BinData__ole1_dot_OLE=struct.pack("<I", 9) + CHART_OBJECT),
    "plain.docx": made.docx(),
    "link.docx": made.docx(
        word___rels__document_dot_xml_dot_rels=made.remote("hyperlink", "https://www.mss.go.kr")
    ),
    "own-template.docx": made.docx(
        word___rels__settings_dot_xml_dot_rels=made.remote(
            "attachedTemplate", "file:///C:\\Users\\kim\\Normal.dotm"
        )
    ),
    "chart.docx": made.docx(word__embeddings__Sheet1_dot_xlsx=made.xlsx()),
    "plain.xlsx": made.xlsx(),
    "java.xlsx": zip64_sheet(),
    "library.xlsx": sheet_of_openpyxl(),
    "documents.zip": made.zipped({"계획서.hwp": made.hwp(), "현장/사진.jpg": made.picture("JPEG")}),
    "office.zip": made.zipped({"a.docx": made.docx(word__embeddings__S_dot_xlsx=made.xlsx())}),
    "text.zip": made.zipped({"설비.csv": "설비,수량\n로봇,2".encode("cp949"), "읽기.txt": "메모"}),
    "zip-in.zip": made.zipped({"안.zip": made.zipped({"a.txt": "1"})}),
    "small-but-dense.zip": made.zipped({"기록.csv": b"0," * 1024**2}),
    "plain.jpg": made.picture("JPEG"),
    "progressive.jpeg": made.picture("JPEG", progressive=True),
    "capital.JPG": made.picture("JPEG"),
    "phone.jpg": made.picture("JPEG") + b"SEFT\x00\xff\xd9" + os.urandom(200),
    "exif.jpg": made.picture("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08" + bytes(6)),
    "large.jpg": made.picture("JPEG", (4000, 3000), quality=30),
    "tiny.jpg": made.picture("JPEG", (1, 3)),
    "tiny.png": made.picture("PNG", (1, 1)),
    "plain.png": made.picture("PNG"),
    "palette.png": made.picture("PNG", (300, 200), optimize=True),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_comes_in(name):
    data = GOOD[name]
    found = inspect(name, data)
    assert (found.size, found.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert found.extension == name.rpartition(".")[2].lower().replace("jpeg", "jpg")
    assert found.content_type == files.CONTENT_TYPES[found.extension]


def script(text: str) -> bytes:
    return made.hancom_script(made.IDLE_SCRIPT[0], text)


# name -> (bytes, the code it is refused with)
HOSTILE: dict[str, tuple[bytes, str]] = {
    # not what it says
    "empty.pdf": (b"", "file_empty"),
    "page.html": (HTML, "file_type"),
    "drawing.svg": (b"<svg onload='alert(1)'/>", "file_type"),
    "run.exe": (b"MZ" + bytes(100), "file_type"),
    "no-ending": (made.pdf(), "file_type"),
    "double.pdf.exe": (made.pdf(), "file_type"),
    "stream.pdf::$DATA": (made.pdf(), "file_type"),
    "macro.docm": (made.docx(MACRO[0]), "file_type"),
    "page.pdf": (HTML, "file_mismatch"),
    "script.png": (b"alert(1)//", "file_mismatch"),
    "svg.jpg": (b"<svg onload='alert(1)'/>", "file_mismatch"),
    "xml.xlsx": (b"<?xml version='1.0'?><Workbook/>", "file_mismatch"),
    "program.hwp": (b"MZ" + bytes(4000), "file_mismatch"),
    "old.hwp": (b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05" + bytes(999), "file_mismatch"),
    "word97.hwp": (made.ole({"WordDocument": bytes(4000)}), "file_mismatch"),
    "renamed-png.jpg": (made.picture("PNG"), "file_mismatch"),
    "renamed-pdf.docx": (made.pdf(), "file_mismatch"),
    "renamed-docx.xlsx": (made.docx(), "file_mismatch"),
    "renamed-docx.zip": (made.docx(), "file_mismatch"),
    "renamed-hwp.docx": (made.hwp(), "file_mismatch"),
    "renamed-zip.hwpx": (made.zipped({"a.txt": "1"}), "file_mismatch"),
    "odt.hwpx": (
        made.zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}),
        "file_mismatch",
    ),
    "slides.docx": (made.office("ppt/presentation.xml", "application/x-slides"), "file_mismatch"),
    "page-before.pdf": (HTML + made.pdf(), "file_mismatch"),
    "program-before.pdf": (b"MZ\x90\x00" + made.pdf(), "file_mismatch"),
    "mail-with-page-before.pdf": (b"Content-Type: a\n\n" + HTML + made.pdf(), "file_unsafe"),
    "too-late.pdf": (b"\n" * 1100 + made.pdf(), "file_mismatch"),
    "markup.hwp": (b'<?xml version="1.0"?><HWPML Version="2.8"></HWPML>', "file_mismatch"),
    "wide-markup.hwp": ('<?xml version="1.0"?><HWPML/>'.encode("utf-16"), "file_mismatch"),
    # PDF
    "script.pdf": (
        made.pdf(b"<< /S /JavaScript /JS (app.alert(1)) >>", catalog=b"/OpenAction 4 0 R"),
        "file_unsafe",
    ),
    "escaped-script.pdf": (made.pdf(b"<< /S /J#61va#53cript /JS (1) >>"), "file_unsafe"),
    "packed-script.pdf": (
        made.pdf(made.packed_objects(b"<< /S /JavaScript /JS (1) >>")),
        "file_unsafe",
    ),
    "packed-escaped-script.pdf": (
        made.pdf(made.packed_objects(b"<< /S /JavaScrip#74 /JS (1) >>", name=b"/Obj#53tm")),
        "file_unsafe",
    ),
    "twice-packed-script.pdf": (
        made.pdf(
            made.packed_objects(
                b"<< /S /JavaScript /JS (1) >>", filters=b"[/ASCIIHexDecode /FlateDecode]"
            )
        ),
        "file_unsafe",
    ),
    "hidden-by-a-string.pdf": (
        made.pdf(
            made.packed_objects(b"<< /S /JavaScript /JS (1) >>", name=b"/ObjStm /X (stream\n)")
        ),
        "file_unsafe",
    ),
    "launch.pdf": (made.pdf(b"<< /S /Launch /F (cmd.exe) >>"), "file_unsafe"),
    "attachment.pdf": (
        made.pdf(b"<< /Type /EmbeddedFile /Length 2 >>\nstream\nMZ\nendstream"),
        "file_unsafe",
    ),
    "attachments.pdf": (
        made.pdf(b"<< /Names [(a) null] >>", catalog=b"/Names << /EmbeddedFiles 4 0 R >>"),
        "file_unsafe",
    ),
    "form-script.pdf": (made.pdf(b"[(a) 9]", catalog=b"/AcroForm << /XFA 4 0 R >>"), "file_unsafe"),
    "media.pdf": (made.pdf(b"<< /Subtype/RichMedia/RichMediaContent 5 0 R>>"), "file_unsafe"),
    "locked.pdf": (made.locked_pdf(user="1234"), "file_unsafe"),
    "rights.pdf": (
        made.pdf(b"<< /Filter /Adobe.PubSec /V 4 >>", trailer=b"/Encrypt 4 0 R"),
        "file_unsafe",
    ),
    "zip-behind.pdf": (made.pdf() + made.zipped({"a.exe": b"MZ"}), "file_unsafe"),
    "html-behind.pdf": (made.pdf() + HTML, "file_unsafe"),
    "cut.pdf": (made.pdf()[:-40], "file_damaged"),
    "head-only.pdf": (b"%PDF-1.7\n", "file_damaged"),
    "unpackable.pdf": (
        made.pdf(made.packed_objects(b"<< /A (" + os.urandom(4000).hex().encode() + b") >>"))
        .replace(b"\nendstream", b"", 1)
        .replace(b"endobj\nxref", b"endstream\nendobj\nxref", 1)[:-1000]
        + b"endstream\nstartxref\n0\n%%EOF\n",
        "file_damaged",
    ),
    # HWP
    "password.hwp": (made.hwp(1 | 2), "file_unsafe"),
    "rights.hwp": (made.hwp(1 | 16), "file_unsafe"),
    "certificate.hwp": (made.hwp(1 | 256), "file_unsafe"),
    "distribution.hwp": (made.hwp(1 | 4), "file_unsafe"),
    "script-flag.hwp": (made.hwp(1 | 8), "file_unsafe"),
    "script.hwp": (
        made.hwp(Scripts__DefaultJScript=script("function OnDocument_Open() { Run('cmd'); }")),
        "file_unsafe",
    ),
    "script-behind-a-string.hwp": (
        made.hwp(Scripts__DefaultJScript=script('var a = "//"; Run("cmd");')),
        "file_unsafe",
    ),
    "unreadable-script.hwp": (made.hwp(Scripts__DefaultJScript=b"\xff" * 90), "file_unsafe"),
    "eps.hwp": (made.hwp(BinData__BIN0001_dot_eps=made.deflated(EPS)), "file_unsafe"),
    "eps-as-jpg.hwp": (made.hwp(BinData__BIN0001_dot_jpg=made.deflated(EPS)), "file_unsafe"),
    "package.hwp": (
        made.hwp(BinData__BIN0001_dot_OLE=made.deflated(struct.pack("<I", 9) + OLE_OBJECT)),
        "file_unsafe",
    ),
    "equation.hwp": (made.hwp(BinData__BIN0001_dot_OLE=made.deflated(EQUATION)), "file_unsafe"),
    "program-inside.hwp": (made.hwp(BinData__BIN0001_dot_bmp=b"MZ" + bytes(90)), "file_unsafe"),
    "ole-package.hwp": (made.hwp(**{"Pool__\x01Ole10Native": b"MZ"}), "file_unsafe"),
    "bomb.hwp": (
        made.hwp(BinData__BIN0001_dot_OLE=made.deflated(CHART_OBJECT + bytes(210 * 1024**2))),
        "file_unsafe",
    ),
    "broken-text.hwp": (made.hwp(DocInfo=b"\xff\xff\xff"), "file_damaged"),
    "no-body.hwp": (made.hwp(BodyText__Section0=b""), "file_damaged"),
    "cut.hwp": (made.hwp()[:1024], "file_damaged"),
    "head-only.hwp": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_damaged"),
    # documents in containers
    "macro.docx": (made.docx(MACRO[0]), "file_unsafe"),
    "macro.xlsx": (made.xlsx(MACRO[1]), "file_unsafe"),
    "vba.docx": (made.docx(word__vbaProject_dot_bin=b"x"), "file_unsafe"),
    "vba-capital.xlsx": (made.xlsx(xl__VBAPROJECT_dot_BIN=b"x"), "file_unsafe"),
    "macro-sheet.xlsx": (made.xlsx(xl__macrosheets__sheet1_dot_xml="<a/>"), "file_unsafe"),
    "package.docx": (made.docx(word__embeddings__o1_dot_bin=OLE_OBJECT), "file_unsafe"),
    "equation.docx": (made.docx(word__embeddings__o1_dot_bin=EQUATION), "file_unsafe"),
    "program-inside.docx": (made.docx(word__media__image1_dot_png=b"MZ\x90"), "file_unsafe"),
    "macro-inside.docx": (
        made.docx(word__embeddings__S_dot_xlsx=made.xlsx(MACRO[1])),
        "file_unsafe",
    ),
    "template.docx": (
        made.docx(
            word___rels__settings_dot_xml_dot_rels=made.remote("attachedTemplate", "http://a.kr/t")
        ),
        "file_unsafe",
    ),
    "share-template.docx": (
        made.docx(
            word___rels__settings_dot_xml_dot_rels=made.remote(
                "attachedTemplate", "\\\\10.1.1.1\\t"
            )
        ),
        "file_unsafe",
    ),
    "external-entity.xlsx": (made.xlsx(xl__sharedStrings_dot_xml=DOCTYPE), "file_unsafe"),
    "external-entity.docx": (made.docx(word__styles_dot_xml=DOCTYPE), "file_unsafe"),
    "external-entity.hwpx": (made.hwpx(Contents__section1_dot_xml=DOCTYPE), "file_unsafe"),
    "entity-bomb.xlsx": (made.xlsx(xl__styles_dot_xml=LAUGHS), "file_unsafe"),
    "entity-bomb-wide.docx": (
        made.docx(word__styles_dot_xml=LAUGHS.replace("1.0", "1.0").encode("utf-16")),
        "file_unsafe",
    ),
    "entity-in-types.docx": (
        made.zipped({"[Content_Types].xml": DOCTYPE, "word/document.xml": "<a/>"}),
        "file_unsafe",
    ),
    "locked-office.docx": (made.ole({"EncryptedPackage": bytes(5000)}), "file_unsafe"),
    "locked-office.xlsx": (made.ole({"EncryptedPackage": bytes(5000)}), "file_unsafe"),
    "locked.hwpx": (
        made.hwpx(**{"META-INF__manifest_dot_xml": "<m><encryption-data/></m>"}),
        "file_unsafe",
    ),
    "script.hwpx": (
        made.hwpx(Scripts__sourceScripts_dot_js="Run('cmd');".encode("utf-16-le")),
        "file_unsafe",
    ),
    "conditional-comment.hwpx": (
        made.hwpx(Scripts__sourceScripts_dot_js=b"/*@cc_on Run('cmd') @*/"),
        "file_unsafe",
    ),
    "eps.hwpx": (made.hwpx(BinData__image1_dot_eps=EPS), "file_unsafe"),
    "eps-as-png.hwpx": (made.hwpx(BinData__image1_dot_png=EPS), "file_unsafe"),
    "package.hwpx": (made.hwpx(BinData__ole1_dot_OLE=OLE_OBJECT), "file_unsafe"),
    "no-contents.hwpx": (made.zipped({"mimetype": "application/hwp+zip"}), "file_damaged"),
    "not-xml.docx": (made.docx(word__styles_dot_xml="not xml"), "file_damaged"),
    # archives
    "bomb.zip": (made.bomb(50 * 1024**2), "file_unsafe"),
    "larger-than-allowed.zip": (made.bomb(201 * 1024**2), "file_unsafe"),
    "nested-bomb.zip": (made.zipped({"a.zip": made.bomb(50 * 1024**2)}), "file_unsafe"),
    "nested.zip": (
        made.zipped({"a.zip": made.zipped({"b.zip": made.zipped({"c.txt": "1"})})}),
        "file_unsafe",
    ),
    "many.zip": (made.forged_count(2_001, 2_001), "file_unsafe"),
    "many-denied.zip": (made.forged_count(2_001, 5), "file_unsafe"),
    "some-denied.zip": (made.forged_count(9, 5), "file_unsafe"),
    "forged-size.zip": (made.forged_size(10, 5_000_000), "file_unsafe"),
    "overlapping.zip": (made.overlapping(), "file_unsafe"),
    "two-names.zip": (made.differing_names(), "file_unsafe"),
    "locked.zip": (made.flagged(made.zipped({"a.txt": "1"}), 1), "file_unsafe"),
    "climbing.zip": (made.entry("../../etc/cron.d/a.txt"), "file_unsafe"),
    "climbing-back.zip": (made.entry("..\\..\\a.txt"), "file_unsafe"),
    "absolute.zip": (made.entry("/etc/a.txt"), "file_unsafe"),
    "drive.zip": (made.entry("C:/a.txt"), "file_unsafe"),
    "control.zip": (made.entry("a\r\nb.txt"), "file_unsafe"),
    "nul.zip": (made.entry("a.txt\x00.exe"), "file_unsafe"),
    "link.zip": (made.entry("a.txt", b"/etc/passwd", mode=0o120777), "file_unsafe"),
    "device.zip": (made.entry("a.txt", b"", mode=0o060644), "file_unsafe"),
    "doubled.zip": (
        made.zipped({"a.txt": "1", "b.txt": "2"}).replace(b"b.txt", b"A.txt"),
        "file_unsafe",
    ),
    "program.zip": (made.zipped({"a.exe": b"MZ"}), "file_unsafe"),
    "page.zip": (made.zipped({"a.html": HTML}), "file_unsafe"),
    "page-as-text.zip": (made.zipped({"a.txt": HTML}), "file_mismatch"),
    "program-as-pdf.zip": (made.zipped({"a.pdf": b"MZ" + bytes(90)}), "file_mismatch"),
    "script-pdf.zip": (made.zipped({"a.pdf": made.pdf(b"<</S/JavaScript>>")}), "file_unsafe"),
    "jar.zip": (made.zipped({"META-INF/MANIFEST.MF": "x", "A.class": b"\xca\xfe"}), "file_unsafe"),
    "behind.zip": (made.zipped({"a.txt": "1"}) + HTML, "file_unsafe"),
    "hollow.zip": (b"PK\x03\x04" + bytes(60), "file_damaged"),
    "cut.zip": (made.zipped({"a.txt": os.urandom(5000)})[:3000], "file_damaged"),
    "lzma.zip": (b"", ""),
    # pictures
    "pixels.png": (made.pixel_flood(30_000, 30_000), "file_unsafe"),
    "just-too-many.png": (made.pixel_flood(10_000, 8_001), "file_unsafe"),
    "hollow.png": (made.pixel_flood(2_000, 2_000), "file_damaged"),
    "broken-pixels.png": (made.broken_pixels(), "file_damaged"),
    "zip-behind.png": (made.picture("PNG") + made.zipped({"a.txt": "1"}), "file_unsafe"),
    "page-behind.png": (made.picture("PNG") + HTML, "file_unsafe"),
    "page-in-notes.png": (
        made.picture("PNG")[:33]
        + made.png_chunk(b"tEXt", b"a\x00" + HTML)
        + made.picture("PNG")[33:],
        "file_unsafe",
    ),
    "php-in-notes.jpg": (
        made.with_segment(made.picture("JPEG"), 0xFE, b"<?php system($_GET[0]); ?>"),
        "file_unsafe",
    ),
    "script-in-notes.jpg": (made.with_segment(made.picture("JPEG"), 0xFE, HTML), "file_unsafe"),
    "page-behind.jpg": (made.picture("JPEG") + HTML + b"\xff\xd9", "file_unsafe"),
    "page-between.jpg": (
        made.picture("JPEG")[:20] + HTML + made.picture("JPEG")[20:],
        "file_unsafe",
    ),
    "zip-behind.jpg": (made.picture("JPEG") + made.zipped({"a.txt": "1"}), "file_unsafe"),
    "cut.jpg": (made.picture("JPEG", (400, 300))[:3000], "file_damaged"),
    "cut.png": (made.picture("PNG")[:-20], "file_damaged"),
    "wrong-sum.png": (made.picture("PNG").replace(b"IDAT", b"IDAT\x00", 1), "file_damaged"),
    "head-only.png": (b"\x89PNG\r\n\x1a\n", "file_damaged"),
    "head-only.jpg": (b"\xff\xd8\xff\xe0", "file_damaged"),
}


def lzma_archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as container:
        container.writestr("a.txt", "1")
    return out.getvalue()


HOSTILE["lzma.zip"] = (lzma_archive(), "file_unsafe")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_code(name):
    data, code = HOSTILE[name]
    with pytest.raises(BadInput) as refused:
        inspect(name, data)
    assert refused.value.code == code
    assert refused.value.message.endswith(("주세요.", "있습니다."))


# --- What a file may cost ------------------------------------------------------------------------

SECONDS = 12  # of a processor; each of these took from half a minute to days


def many_chunks() -> bytes:
    note = made.png_chunk(b"tEXt", b"a\x00b")
    return made.picture("PNG")[:33] + note * 900_000 + made.picture("PNG")[33:]


def endless_streams(count: int, body: bytes, behind: bytes = b"") -> bytes:
    """A PDF of streams that never end, so that each could be read to the end of the file."""
    streams = (b"stream\n" + body) * count + behind
    return made.pdf(b"<< /Length 9 >>\n" + streams).replace(b"startxref", b"startxref\n0", 1)


def unlisted_streams(count: int, body: bytes) -> bytes:
    """A PDF without a table, so that its objects are searched for; each has a stream that never ends."""
    things = b"".join(
        b"%d 0 obj\n<< /Length 9 >>\nstream\n%s\n" % (n, body) for n in range(9, count)
    )
    return made.pdf().replace(b"xref\n0 4", things + b"xrxx\n0 4", 1)


def crowd(count: int) -> bytes:
    """Packed objects that must all be looked at closely."""
    return made.packed_pdf([{"AA": {"O": {"S": "/GoTo"}}} for _ in range(count)])


def nested(depth: int) -> bytes:
    return made.pdf(b"<< /AA " * depth + b">> " * depth)


def shared_sectors() -> bytes:
    """A HWP document whose many parts are all the same four megabytes."""
    parts = {f"BinData__B{n:05}_dot_png": b"\xff" * 5000 for n in range(400)}
    parts["BinData__B00000_dot_png"] = made.ole({})[:8].ljust(4_000_000, b"a")
    data = bytearray(made.hwp(0, **parts))
    places = [data.find(f"B{n:05}.png".encode("utf-16-le")) for n in range(400)]
    first = data[places[0] + 116 : places[0] + 128]  # where it begins, and its length
    for place in places[1:]:
        data[place + 116 : place + 128] = first
    return bytes(data)


def long_directory() -> bytes:
    """A compound file that is nearly all directory, one chain of sectors that leads to itself."""
    data = bytearray(made.hwp(0).ljust(15_000_000, b"\xff"))
    start = struct.unpack_from("<I", data, 48)[0]
    table = struct.unpack_from("<I", data, 76)[0]
    struct.pack_into("<I", data, 512 + table * 512 + 4 * start, start)
    return bytes(data)


def relations() -> bytes:
    tags = b"".join(b"<%c/>" % letter for letter in os.urandom(990_000).translate(LETTERS))
    body = b"<a>" + tags + b"</a>"
    return made.docx(**{f"word__x{n}_dot_rels": body for n in range(24)})


LETTERS = bytes(97 + n % 12 for n in range(256))
BLANK = made.picture("JPEG", (6_000, 6_000), quality=1)
COSTLY = {
    "many-chunks.png": (many_chunks, "file_damaged"),
    "many-segments.jpg": (
        lambda: made.picture("JPEG")[:2] + b"\xff\xe1\0\x02" * 4_500_000 + made.picture("JPEG")[2:],
        "file_damaged",
    ),
    "fill.jpg": (
        lambda: made.picture("JPEG")[:2] + b"\xff" * 19_000_000 + made.picture("JPEG")[2:],
        "file_damaged",
    ),
    "open-streams.pdf": (
        lambda: endless_streams(90_000, zlib.compress(b"1 1 <"), bytes(15_000_000)),
        "file_damaged",
    ),
    "comments.pdf": (lambda: endless_streams(90_000, b"%"), "file_damaged"),
    "numbers.pdf": (
        lambda: endless_streams(90_000, zlib.compress(b"1 " * 32_000 + b"q")),
        "file_damaged",
    ),
    "unlisted.pdf": (lambda: unlisted_streams(60_000, b"%"), "file_damaged"),
    "crowd.pdf": (lambda: crowd(20_000), ""),
    "nested.pdf": (lambda: nested(300_000), ""),
    "comments.hwpx": (
        lambda: made.hwpx(Scripts__sourceScripts_dot_js="/* " * 300_000),
        "",
    ),
    "shared-sectors.hwp": (shared_sectors, "file_damaged"),
    "long-directory.hwp": (long_directory, "file_unsafe"),
    "relations.docx": (relations, "file_unsafe"),
    "pictures.zip": (
        lambda: made.zipped({f"{n}.jpg": BLANK for n in range(60)}),
        "file_unsafe",
    ),
    "packed.zip": (
        lambda: made.zipped(
            {
                f"{n}.pdf": made.pdf(made.packed_objects(bytes(60 * 1024**2) + b"<< >>"))
                for n in range(8)
            }
        ),
        "file_unsafe",
    ),
}


@pytest.mark.parametrize("name", COSTLY)
def test_no_file_takes_more_time_than_its_bytes_are_worth(name):
    make, code = COSTLY[name]
    data = make()
    assert len(data) <= 20 * 1024**2
    with limited(SECONDS):
        try:
            content.check(io.BytesIO(data), name.rpartition(".")[2], Budget())
            found = ""
        except BadInput as refused:
            found = refused.code
    assert found == code


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """End what takes more processor time."""

    def end(*_signal: object) -> None:
        raise AssertionError(f"more than {seconds} s of a processor")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def test_every_kind_can_be_cut_anywhere_without_another_error():
    for name in ("plain.pdf", "plain.hwp", "plain.hwpx", "plain.docx", "plain.jpg", "plain.png"):
        data = GOOD[name]
        for end in range(1, len(data) - 1, max(1, len(data) // 60)):
            with pytest.raises(BadInput):
                inspect(name, data[:end])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        [
            "plain.pdf",
            "plain.hwp",
            "chart.hwp",
            "plain.hwpx",
            "plain.docx",
            "plain.zip",
            "plain.jpg",
            "plain.png",
        ]
    ),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_changed_bytes_are_judged_and_never_break_the_judge(name, changes):
    data = bytearray(GOOD.get(name) or GOOD["documents.zip"])
    for place, value in changes:
        data[int(place * len(data))] = value
    try:
        code = "" if inspect(name, bytes(data)).size == len(data) else "wrong size"
    except BadInput as refused:
        code = refused.code
    assert code in CODES


def test_only_the_allowed_kinds_come_in():
    with pytest.raises(BadInput) as refused:
        inspect("plan.pdf", made.pdf(), allowed=("hwp", "hwpx"))
    assert refused.value.code == "file_type"
    assert "HWP, HWPX" in refused.value.message


def test_jpeg_may_be_allowed_by_either_name():
    data = made.picture("JPEG")
    assert inspect("a.jpg", data, allowed=("jpeg",)).extension == "jpg"
    assert inspect("a.jpeg", data, allowed=("jpg",)).extension == "jpg"


def test_refuses_one_byte_over_the_limit(settings):
    settings.UPLOAD_MAX_BYTES = len(made.pdf()) - 1
    with pytest.raises(BadInput) as refused:
        inspect("plan.pdf", made.pdf())
    assert refused.value.code == "file_too_large"
    settings.UPLOAD_MAX_BYTES += 1
    assert inspect("plan.pdf", made.pdf()).extension == "pdf"


def test_a_lie_about_the_size_does_not_help():
    upload = SimpleUploadedFile("plan.pdf", made.pdf())
    upload.size = 1
    assert files.inspect(upload, allowed=ALL).size == len(made.pdf())


def test_the_upload_is_left_at_its_start():
    upload = SimpleUploadedFile("plan.hwpx", made.hwpx())
    files.inspect(upload, allowed=ALL)
    assert upload.read() == made.hwpx()


BOMBS = [
    "bomb.zip",
    "larger-than-allowed.zip",
    "nested-bomb.zip",
    "forged-size.zip",
    "many.zip",
    "bomb.hwp",
    "pixels.png",
    "entity-bomb.xlsx",
]


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_little_memory_and_time(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(HOSTILE[name][0])
    code = f"""
import hashlib, resource, time
from portal.core.errors import BadInput
from portal.uploads.filetypes import content
from portal.uploads.filetypes.budget import Budget
with open({str(path)!r}, "rb") as upload:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    try:
        content.check(upload, {name.rpartition(".")[2]!r}, Budget())
    except BadInput as refused:
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        spent = time.process_time() - start
        start = time.process_time()
        hashlib.sha256(bytes(Budget().octets))  # what reading the allowance once costs here
        print(refused.code, grown // 1024, spent / (time.process_time() - start))
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert answer[0] == "file_unsafe"
    assert int(answer[1]) <= 50
    assert float(answer[2]) <= 12


# --- Hancom scripts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "",
        "\ufeff" + made.IDLE_SCRIPT[0] + made.IDLE_SCRIPT[1],
        "function OnDocument_New() { /*todo*/ }\nfunction OnDocument_Open(){}",
        'var Edit = Document.XHwpFormEdits.ItemFromName("성명");',
    ],
)
def test_the_script_that_every_document_carries_is_idle(code):
    assert is_idle(code)


@pytest.mark.parametrize(
    "code",
    [
        "Run('cmd')",
        "// x\rRun('cmd')",
        "// x\u2028Run('cmd')",
        "/[/*]/; Run('cmd'); /[*/]/",
        "function OnDocument_Open() { Run(); }",
        'var a = Document.XHwpFormEdits.ItemFromName("a"); Run()',
        "var a = Run();",
        "/*@cc_on Run() @*/",
        "<!-- x",
    ],
)
def test_a_script_that_does_something_is_not_idle(code):
    assert not is_idle(code)


# --- Names ---------------------------------------------------------------------------------------

NAMES = {
    "사업계획서.hwp": "사업계획서.hwp",
    unicodedata.normalize("NFD", "사업계획서.hwp"): "사업계획서.hwp",
    "../../etc/passwd": "passwd",
    "..\\..\\windows\\plan.pdf": "plan.pdf",
    "C:\\Users\\김\\plan.pdf": "plan.pdf",
    "/abs/plan.pdf": "plan.pdf",
    "plan\x00.pdf": "plan.pdf",
    "plan\r\nX-Header: 1.pdf": "planX-Header_ 1.pdf",
    "plan\tA.pdf": "planA.pdf",
    "fdp.\u202egpj.exe": "fdp.gpj.exe",
    "\u2066plan\u2069.pdf": "plan.pdf",
    "pl\u200ban\ufeff.pdf": "plan.pdf",
    "plan\u3164.pdf": "plan.pdf",
    "  여백  많은   이름 .pdf": "여백 많은 이름.pdf",
    ".htaccess": "첨부파일.htaccess",
    "...": "첨부파일",
    "": "첨부파일",
    "..": "첨부파일",
    "/": "첨부파일",
    "a/": "첨부파일",
    ".pdf": "첨부파일.pdf",
    "\u202e\u200b.pdf": "첨부파일.pdf",
    "plan.pdf...": "plan.pdf",
    "plan.pdf ": "plan.pdf",
    'a<b>c"d|e?f*g.pdf': "a_b_c_d_e_f_g.pdf",
    "plan.pdf::$DATA": "plan.pdf__$DATA",
    "CON.pdf": "_CON.pdf",
    "nul": "_nul",
    "com1.hwp": "_com1.hwp",
    "constant.pdf": "constant.pdf",
    "긴" * 400 + ".pdf": "긴" * 146 + ".pdf",
    "a" * 400: "a" * 150,
    "x." + "e" * 400: "x." + "e" * 75,
    "\ud800plan.pdf": "plan.pdf",
    "견적서(최종)_v2 [수정].xlsx": "견적서(최종)_v2 [수정].xlsx",
    "보급ㆍ확산.pdf": "보급ㆍ확산.pdf",
    "事業計劃書.pdf": "事業計劃書.pdf",
    "plan.PDF": "plan.PDF",
    "%2e%2e%2fplan.pdf": "%2e%2e%2fplan.pdf",
    "😀.png": "😀.png",
}


@pytest.mark.parametrize(("claimed", "safe"), NAMES.items(), ids=range(len(NAMES)))
def test_a_name_is_made_safe(claimed, safe):
    assert safe_name(claimed) == safe


@given(st.text())
def test_a_safe_name_is_short_printable_without_path_and_stays_the_same(claimed):
    name = safe_name(claimed)
    assert 0 < len(name) <= 150
    assert not re.search(r'[/\\\x00-\x1f\x7f<>:"|?*]', name)
    assert safe_name(name) == name


# --- Keeping -------------------------------------------------------------------------------------


@pytest.fixture
def root(settings, tmp_path) -> Path:
    settings.PRIVATE_ROOT = tmp_path / "private"
    return settings.PRIVATE_ROOT


def kept(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_file_is_kept_under_a_random_name_for_the_owner_of_the_process_only(root):
    name = files.store_made(SimpleUploadedFile("../../x.pdf", made.pdf()))
    assert re.fullmatch(r"([0-9a-f]{2})/\1[0-9a-f]{30}", name)
    (path,) = kept(root)
    assert path == root / name
    assert path.read_bytes() == made.pdf()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


def test_the_same_file_twice_is_kept_twice(root):
    names = {files.store_made(ContentFile(b"1", "a.pdf")) for _ in range(3)}
    assert len(names) == len(kept(root)) == 3


def test_what_no_row_names_can_be_discarded(root):
    name = files.store_bytes(b"%PDF-1.7")
    assert (root / name).read_bytes() == b"%PDF-1.7"
    files.discard(name)
    files.discard(name)
    files.discard("../outside")
    assert kept(root) == []


def test_a_private_file_has_no_address(root):
    with pytest.raises(ValueError, match="no address"):
        storages["private"].url(files.store_made(ContentFile(b"1", "a.pdf")))


def test_a_full_disk_is_said_and_nothing_stays_behind(root):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
    try:
        with pytest.raises(Unavailable) as refused:
            files.store_made(ContentFile(bytes(300_000), "a.pdf"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert refused.value.code == "storage_full"
    assert kept(root) == []
    assert (root / files.store_made(ContentFile(bytes(300_000), "a.pdf"))).stat().st_size == 300_000


def test_a_folder_that_cannot_be_written_is_said(settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.PRIVATE_ROOT = tmp_path / "file" / "private"
    with pytest.raises(Unavailable) as refused:
        files.store_made(ContentFile(b"1", "a.pdf"))
    assert refused.value.code == "storage_unavailable"


def test_an_upload_that_breaks_off_leaves_nothing(root):
    class Breaking(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise ConnectionResetError
            return super().read(100)

    with pytest.raises(Unavailable):
        files.store_made(Breaking(bytes(1000)))
    assert kept(root) == []


# --- Sending back --------------------------------------------------------------------------------


@pytest.mark.django_db  # closing a response looks at the connections
def test_a_kept_file_is_sent_as_an_inert_download_with_its_korean_name(root):
    name = files.store_made(ContentFile(made.pdf(), "a.pdf"))
    response = files.serve(name, filename="사업 계획서.pdf", content_type="application/pdf")
    with closing(response):
        assert b"".join(response) == made.pdf()
    assert response["Content-Disposition"] == (
        "attachment; filename*=utf-8''%EC%82%AC%EC%97%85%20%EA%B3%84%ED%9A%8D%EC%84%9C.pdf"
    )
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Length"] == str(len(made.pdf()))
    assert response["X-Content-Type-Options"] == "nosniff"
    policy = "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert response["Content-Security-Policy"] == policy
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.django_db
@pytest.mark.parametrize("claimed", NAMES, ids=range(len(NAMES)))
def test_no_name_breaks_the_header(root, claimed):
    name = files.store_made(ContentFile(b"1", "a.pdf"))
    with closing(files.serve(name, filename=claimed, content_type="application/pdf")) as response:
        header = response["Content-Disposition"]
        assert re.fullmatch(
            r"attachment; filename(=\"[^\"\\]+\"|\*=utf-8''[A-Za-z0-9%._~!$&+^`|-]+)", header
        )


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "ab/../../x", "", "ab", "ab/" + "0" * 31, "ab/" + "0" * 32]
)
def test_what_was_not_kept_is_not_found(root, name):
    with pytest.raises(NotFound):
        files.serve(name, filename="a.pdf", content_type="application/pdf")
