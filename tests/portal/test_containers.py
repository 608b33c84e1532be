"""Archives, and what documents in containers may fetch."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.core.errors import BadInput
from portal.uploads import files
from portal.uploads.filetypes import refusals
from tests.portal import corpus as made


def inspect(name: str, data: bytes) -> files.Inspected:
    return files.inspect(SimpleUploadedFile(name, data), allowed=tuple(files.CONTENT_TYPES))


def refused(name: str, data: bytes) -> BadInput:
    with pytest.raises(BadInput) as found:
        inspect(name, data)
    return found.value


# --- Archives ------------------------------------------------------------------------------------

LITTER = (
    "__MACOSX/._계획서.pdf",
    "__MACOSX/",
    "a/.DS_Store",
    "Thumbs.db",
    "a/desktop.ini",
    "._b.hwp",
)


def test_what_systems_drop_into_an_archive_is_ignored():
    litter = {name: b"" if name.endswith("/") else b"\x00\x05\x16\x07" for name in LITTER}
    assert inspect("plan.zip", made.zipped({"계획서.pdf": made.pdf(), **litter})).size
    assert refused("plan.zip", made.zipped(litter)).code == "file_empty"


@pytest.mark.parametrize(
    "name", ["__MACOSX/run.exe", "__MACOSX/../._a", "Thumbs.db.exe", "._a/b.exe"]
)
def test_what_only_looks_like_litter_is_judged(name):
    assert refused("plan.zip", made.zipped({"a.txt": "1", name: b"\x00"})).code == "file_unsafe"


def test_a_program_with_the_name_of_litter_is_refused():
    found = refused("plan.zip", made.zipped({"a.txt": "1", "Thumbs.db": b"MZ\x90\x00"}))
    assert "‘Thumbs.db’" in found.message


@pytest.mark.parametrize(
    "parts", [{}, {"폴더/": b""}, {"a/": b"", "a/b/": b"", "a/.DS_Store": b"x"}]
)
def test_an_archive_without_a_file_is_refused(parts):
    found = refused("plan.zip", made.zipped(parts))
    assert found.code == "file_empty"
    assert "파일이 없습니다" in found.message


def windows_archive(name: str, data: bytes) -> bytes:
    """As Explorer writes it on Korean Windows: the name in CP949, without saying so."""
    stand_in = "x" * (len(name.encode("cp949")) - 4) + name[-4:]
    return made.zipped({stand_in: data}).replace(stand_in.encode(), name.encode("cp949"))


INNER = {
    "locked": (made.locked_pdf(user="1"), "file_unsafe"),
    "active": (made.pdf(b"<</S/JavaScript/JS(1)>>"), "file_unsafe"),
    "damaged": (made.pdf()[:-40], "file_damaged"),
    "another kind": (made.picture("PNG"), "file_mismatch"),
}


@pytest.mark.parametrize("case", INNER)
@pytest.mark.parametrize("pack", [lambda n, d: made.zipped({f"현장/{n}": d}), windows_archive])
def test_the_refusal_of_an_inner_file_names_it(case, pack):
    data, code = INNER[case]
    found = refused("plan.zip", pack("견적서.pdf", data))
    assert found.code == code
    assert "‘견적서.pdf’" in found.message
    assert found.message.endswith("올려 주세요.")


def test_an_inner_file_with_a_password_is_named():
    found = refused("plan.zip", made.flagged(made.zipped({"a.txt": "1"}), 1))
    assert "‘a.txt’에 암호가" in found.message


# --- What a document may fetch -------------------------------------------------------------------

STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OUTSIDE = ' TargetMode="External"'


def related(kind: str, target: str, *, base: str = OFFICE, mode: str = OUTSIDE) -> str:
    return (
        f'{made.XML}<Relationships xmlns="x"><Relationship Id="r1" Type="{base}/{kind}"'
        f' Target="{target}"{mode}/></Relationships>'
    )


def word(body: str) -> bytes:
    return made.docx(word__styles_dot_xml=f'{made.XML}<w:document xmlns:w="w">{body}</w:document>')


def field(*runs: str) -> str:
    texts = "".join(f"<w:r><w:instrText>{run}</w:instrText></w:r>" for run in runs)
    return f'<w:fldChar w:fldCharType="begin"/>{texts}<w:fldChar w:fldCharType="end"/>'


HARMLESS = {
    "link.docx": made.docx(word___rels__a_dot_rels=related("hyperlink", "https://a.kr/DDE")),
    "strict-link.docx": made.docx(word___rels__a_dot_rels=related("hyperlink", "a", base=STRICT)),
    "link-in-another-case.xlsx": made.xlsx(
        xl___rels__a_dot_rels=related("HyperLink", "http://a.kr", mode=' TargetMode="external"')
    ),
    "own-picture.docx": made.docx(word___rels__a_dot_rels=related("image", "media/a.png", mode="")),
    "own-template.docx": made.docx(
        word___rels__a_dot_rels=related("attachedTemplate", "file:///C:\\Users\\kim\\a.dotm")
    ),
    "page-number.docx": word(field(" PAGE ")),
    "words-in-the-text.docx": word("<w:t>DDE cmd DDEAUTO</w:t>"),
    "long-reference.docx": word(field("ADDIN ", "CSL_CITATION {DDE c} " + "x" * 9000, "DDE c")),
    "contents.docx": word('<w:fldSimple w:instr=" TOC \\o "/>'),
    "picture-on-the-own-disk.docx": word(
        field('INCLUDEPICTURE "C:\\\\a\\\\b.png" \\* MERGEFORMAT')
    ),
    "no-connection.xlsx": made.xlsx(xl__connections_dot_xml=f"{made.XML}<connections/>"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_fetches_nothing_comes_in(name):
    assert inspect(name, HARMLESS[name]).size


FETCHING = {
    "a template on the web": related("attachedTemplate", "http://a.kr/t.dotm"),
    "a template in another case": related(
        "ATTACHEDTEMPLATE", "HTTP://a.kr/t", mode=' TargetMode="EXTERNAL"'
    ),
    "a template on a share": related("attachedTemplate", "\\\\10.0.0.1\\t"),
    "a template on a share, as an address": related("attachedTemplate", "file://10.0.0.1/t"),
    "a strict template": related("attachedTemplate", "http://a.kr", base=STRICT),
    "a picture on the web": related("image", "https://a.kr/a.png"),
    "an object": related("oleObject", "a.xlsx"),
    "a frame": related("frame", "a.html"),
    "a part of the document": related("subDocument", "a.docx"),
    "another workbook": related("externalLinkPath", "file:///C:/a.xlsx"),
    "an unknown kind": related("somethingNew", "a"),
    "an address without saying so": related("image", "http://a.kr/a.png", mode=""),
}
PARTS = ("word___rels__document_dot_xml_dot_rels", "WORD___RELS__Settings_dot_XML_dot_RELS")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", FETCHING)
def test_a_document_that_fetches_something_is_refused(name, part):
    found = refused("plan.docx", made.docx(**{part: FETCHING[name]}))
    assert found.message == refusals.external().message


@pytest.mark.parametrize("kind", ["aFChunk", "AFCHUNK"])
@pytest.mark.parametrize("mode", ["", OUTSIDE])
def test_a_page_as_a_part_of_a_document_is_refused(kind, mode):
    relations = related(kind, "a.mht", mode=mode)
    found = refused("plan.docx", made.docx(word___rels__a_dot_rels=relations))
    assert found.message == refusals.foreign_text().message


LIVE = {
    "plain.docx": word(field("DDEAUTO c:\\windows\\system32\\cmd.exe")),
    "several-runs.docx": word(field(" ", "D", "DE", "AUTO", " cmd")),
    "behind-spaces.docx": word(field(" " * 5000, "DDE cmd")),
    "lower-case.docx": word(field("dde cmd")),
    "short.docx": word('<w:fldSimple w:instr="DDE cmd"/>'),
    "header.docx": made.docx(
        word__header1_dot_xml=f'{made.XML}<w:h xmlns:w="w">{field("DDE cmd")}</w:h>'
    ),
    "database.docx": word(field("DATABASE c")),
    "link.xlsx": made.xlsx(
        xl__externalLinks__externalLink1_dot_xml=f"{made.XML}<externalLink><ddeLink/></externalLink>"
    ),
    "web.xlsx": made.xlsx(
        xl__connections_dot_xml=f"{made.XML}<connections><connection><webPr/></connection></connections>"
    ),
    "database.xlsx": made.xlsx(
        xl__Connections_dot_xml=f"{made.XML}<a><x:connection xmlns:x='x'><x:dbPr/></x:connection></a>"
    ),
}


@pytest.mark.parametrize("name", LIVE)
def test_a_document_that_asks_other_programs_is_refused(name):
    assert refused(name, LIVE[name]).message == refusals.live_data().message


@pytest.mark.parametrize(
    "instruction", ['INCLUDEPICTURE "http://a.kr/a.png"', "LINK \\\\10.0.0.1\\a"]
)
def test_a_field_that_fetches_from_elsewhere_is_refused(instruction):
    assert refused("a.docx", word(field(instruction))).message == refusals.external().message


def test_a_picture_of_a_hancom_document_may_not_be_elsewhere():
    def package(place: str) -> bytes:
        item = f'<o:item xmlns:o="o" id="a" href="{place}" isEmbeded="0"/>'
        return made.hwpx(Contents__content_dot_hpf=f"{made.XML}<package>{item}</package>")

    assert inspect("plan.hwpx", package("BinData/a.png")).size
    assert inspect("plan.hwpx", package("C:\\a.png")).size
    for place in ("http://a.kr/a.png", "\\\\10.0.0.1\\a.png", "file://10.0.0.1/a.png"):
        assert refused("plan.hwpx", package(place)).message == refusals.external().message


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.hwp", b"HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05" + bytes(999), "HWP 3"),
        ("a.hwp", b'<?xml version="1.0"?><HWPML Version="2.8"/>', "HWPML"),
        ("a.hwp", '<?xml version="1.0"?><HWPML/>'.encode("utf-16"), "HWPML"),
        ("a.docx", made.pdf(), "PDF로 보입니다"),
    ],
)
def test_a_format_of_another_kind_is_told_by_name(name, data, words):
    assert words in refused(name, data).message
