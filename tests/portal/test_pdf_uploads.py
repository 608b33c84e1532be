"""What a PDF may hold: decided by its structure, never by a word in a text."""

import io

import pikepdf
import pytest

from portal.core.errors import BadInput
from portal.paper import pdf
from portal.uploads.filetypes import content, refusals
from portal.uploads.filetypes.budget import Budget
from tests.portal import corpus as made

GOTO = {"S": "/GoTo", "D": [0, "/Fit"]}
URI = {"S": "/URI", "URI": "https://www.smart-factory.kr"}
SCRIPT = {"S": "/JavaScript", "JS": "app.alert(1)"}
LAUNCH = {"S": "/Launch", "F": "cmd.exe"}
FILE = {"Type": "/Filespec", "F": "a.exe", "EF": {"F": {"A": 1}}}


def link(action: dict) -> dict:
    return {"Type": "/Annot", "Subtype": "/Link", "Rect": [0, 0, 9, 9], "A": action}


def outline(title: str, action: dict) -> dict:
    return {"Title": title, "A": action}


def refusal(data: bytes) -> BadInput | None:
    try:
        content.check(io.BytesIO(data), "pdf", Budget())
    except BadInput as refused:
        return refused
    return None


# (further objects, further entries of the catalogue)
QUIET: dict[str, tuple[list, dict]] = {
    "a link to a page on the web": ([link(URI)], {}),
    "a link by mail": ([link({"S": "/URI", "URI": "mailto:kim@example.kr"})], {}),
    "a link without a scheme": ([link({"S": "/URI", "URI": "www.mss.go.kr"})], {}),
    "a link to the author's own disk": ([link({"S": "/URI", "URI": "file:///C:/plan.hwp"})], {}),
    "a link within the document": ([link(GOTO)], {}),
    "opens at its first page": ([], {"OpenAction": GOTO}),
    "opens at a place": ([], {"OpenAction": [0, "/FitH", 800]}),
    "asks for the printer": ([], {"OpenAction": {"S": "/Named", "N": "/Print"}}),
    "the word JavaScript in a bookmark": ([outline("JavaScript 교육 /JavaScript (1)", GOTO)], {}),
    "the word Launch in a link's text": ([link(URI) | {"Contents": "/S /Launch /F (cmd)"}], {}),
    "the words of actions in a title": ([{"Title": "/EmbeddedFiles /XFA /AA /OpenAction"}], {}),
    "tagged paragraphs with names of actions": (
        [{"Type": "/StructElem", "S": f"/{name}", "P": {}, "K": []} for name in ("Sound", "Movie")],
        {},
    ),
    "a font with the name of a script": ([{"Font": {"JavaScript": {"Type": "/Font"}}}], {}),
    "roles of tags": ([{"RoleMap": {"JavaScript": "/P", "Launch": "/Span"}}], {}),
    "a list of attachments that is empty": ([], {"Names": {"EmbeddedFiles": {"Names": []}}}),
    "a list of scripts that is empty": ([], {"Names": {"JavaScript": {"Names": []}}}),
    "a form without a program": ([], {"AcroForm": {"Fields": [], "XFA": []}}),
    "a button that empties a form": ([link({"S": "/ResetForm"})], {}),
    "rights to attach files": ([{"UR": {"EF": ["/Create"], "Form": ["/Import"]}}], {}),
    "a signature": ([{"Type": "/Sig", "Filter": "/Adobe.PPKLite", "Contents": "x"}], {}),
}
ACTIVE: dict[str, tuple[list, dict, object]] = {
    "a script when it opens": ([], {"OpenAction": SCRIPT}, refusals.pdf_script),
    "a script behind another action": (
        [],
        {"OpenAction": GOTO | {"Next": [GOTO, SCRIPT]}},
        refusals.pdf_script,
    ),
    "a script of the document": (
        [],
        {"Names": {"JavaScript": {"Names": ["a", SCRIPT]}}},
        refusals.pdf_script,
    ),
    "a list of scripts": ([], {"Names": {"JavaScript": {"Kids": [1]}}}, refusals.pdf_script),
    "a script of a page": ([{"Type": "/Page", "AA": {"O": SCRIPT}}], {}, refusals.pdf_script),
    "a script of a field": ([{"FT": "/Tx", "AA": {"F": SCRIPT}}], {}, refusals.pdf_script),
    "a script of a bookmark": ([outline("차례", SCRIPT)], {}, refusals.pdf_script),
    "a script deep inside": ([{"B": [[{"C": [{"D": SCRIPT}]}]]}], {}, refusals.pdf_script),
    "a script that is no tag": (
        [SCRIPT | {"Type": "/StructElem", "P": {}}],
        {},
        refusals.pdf_script,
    ),
    "a program": ([link(LAUNCH)], {}, refusals.pdf_launch),
    "a program on Windows": ([link({"S": "/Launch", "Win": {"F": "x"}})], {}, refusals.pdf_launch),
    "another file": ([link({"S": "/GoToR", "F": "a.pdf", "D": [0]})], {}, refusals.pdf_elsewhere),
    "a thread of another file": (
        [link({"S": "/Thread", "F": "a.pdf"})],
        {},
        refusals.pdf_elsewhere,
    ),
    "a page of another file": ([{"Ref": {"F": "a.pdf", "Page": 0}}], {}, refusals.pdf_elsewhere),
    "an attached document": (
        [link({"S": "/GoToE", "T": {"R": "/C"}})],
        {},
        refusals.pdf_attachment,
    ),
    "attachments": (
        [],
        {"Names": {"EmbeddedFiles": {"Names": ["a", FILE]}}},
        refusals.pdf_attachment,
    ),
    "a file nobody lists": ([FILE], {}, refusals.pdf_attachment),
    "a pinned file": ([{"Subtype": "/FileAttachment", "FS": {}}], {}, refusals.pdf_attachment),
    "a portfolio": ([], {"Collection": {"View": "/D"}}, refusals.pdf_attachment),
    "a form that is sent": (
        [link({"S": "/SubmitForm", "F": "https://a.kr"})],
        {},
        refusals.pdf_sends,
    ),
    "data that are read": ([link({"S": "/ImportData", "F": "a.fdf"})], {}, refusals.pdf_sends),
    "a film": ([{"Subtype": "/Screen", "A": {"S": "/Rendition"}}], {}, refusals.pdf_media),
    "an old film": ([{"Subtype": "/Movie", "Movie": {}}], {}, refusals.pdf_media),
    "rich media": ([{"Subtype": "/RichMedia"}], {}, refusals.pdf_media),
    "a model": ([{"Subtype": "/3D", "3DD": {}}], {}, refusals.pdf_media),
    "a form that is a program": ([], {"AcroForm": {"XFA": ["a", 1]}}, refusals.pdf_xfa),
    "the web when it opens": ([], {"OpenAction": URI}, refusals.pdf_by_itself),
    "the web behind a place": ([], {"OpenAction": GOTO | {"Next": URI}}, refusals.pdf_by_itself),
    "the web when a page is shown": ([{"AA": {"O": URI}}], {}, refusals.pdf_by_itself),
    "the web under the mouse": ([link(GOTO) | {"AA": {"E": URI}}], {}, refusals.pdf_by_itself),
    "an unknown act when it opens": ([], {"OpenAction": {"S": "/New"}}, refusals.pdf_by_itself),
    "a link that is a script": (
        [link({"S": "/URI", "URI": "JavaScript:alert(1)"})],
        {},
        refusals.pdf_link,
    ),
    "a link to a shared folder": (
        [link({"S": "/URI", "URI": "file://10.0.0.1/a"})],
        {},
        refusals.pdf_link,
    ),
    "a link to a share of Windows": (
        [link({"S": "/URI", "URI": "\\\\server\\a"})],
        {},
        refusals.pdf_link,
    ),
}


@pytest.mark.parametrize("name", QUIET)
def test_what_nobody_runs_comes_in(name):
    things, catalog = QUIET[name]
    assert refusal(made.packed_pdf(things, **catalog)) is None


@pytest.mark.parametrize("name", ACTIVE)
def test_what_is_active_is_refused_with_its_own_advice(name):
    things, catalog, reason = ACTIVE[name]
    refused = refusal(made.packed_pdf(things, **catalog))
    assert refused is not None
    assert (refused.code, refused.message) == ("file_unsafe", reason().message)
    assert refused.message.endswith("올려 주세요.")


@pytest.mark.parametrize("mode", ["disable", "preserve", "generate"])
@pytest.mark.parametrize("user", [None, ""])
def test_the_way_of_writing_changes_nothing(mode, user):
    for action, wanted in ((URI, None), (LAUNCH, refusals.pdf_launch().message)):
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(made.packed_pdf([link(action)]))) as document:
            locks = pikepdf.Encryption(owner="o", user=user) if user is not None else False
            document.save(out, object_stream_mode=pikepdf.ObjectStreamMode[mode], encryption=locks)
        refused = refusal(out.getvalue())
        assert (refused and refused.message) == wanted


@pytest.mark.pdf
def test_our_own_print_comes_in():
    body = '<p>JavaScript, <a href="https://www.smart-factory.kr">Launch</a></p>' * 200
    printed = pdf.print_html(f'<html lang="ko"><title>자료</title><h1>차례</h1>{body}</html>')
    assert refusal(printed.data) is None


def test_an_attached_file_of_a_program_is_called_the_program():
    # Its parts are stored like attachments.
    part = b"<< /Type /EmbeddedFile /Length 2 >>\nstream\nMZ\nendstream"
    form = made.pdf(part, b"[(template) 4 0 R]", catalog=b"/AcroForm << /XFA 5 0 R >>")
    assert refusal(form).message == refusals.pdf_xfa().message


def test_content_kept_in_another_file_is_refused():
    outside = b"<< /F (a.bin) /Length 0 >>\nstream\n\nendstream"
    assert refusal(made.pdf(outside)).message == refusals.pdf_elsewhere().message


def test_a_document_to_open_with_a_password_is_refused_with_advice():
    refused = refusal(made.locked_pdf(user="1234"))
    assert "암호를 넣어 연 다음" in refused.message
    assert refusal(made.locked_pdf(user="")) is None


def test_tables_that_are_wrong_are_mended():
    data = made.pdf()
    assert refusal(data.replace(b"startxref\n", b"startxref\n9")) is None
    script = made.pdf(b"<< /S /JavaScript /JS (1) >>")
    assert refusal(script.replace(b"startxref\n", b"startxref\n9")).code == "file_unsafe"
