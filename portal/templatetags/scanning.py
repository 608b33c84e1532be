"""The verdict of the scanner beside a file."""

from django.utils.safestring import SafeString

from portal.core.html import NOTHING, html
from portal.models import Verdict
from portal.templatetags.components import badge
from portal.templatetags.library import library
from portal.uploads import scanning

TONES = {Verdict.WAITING: "info", Verdict.PASSED: "success", Verdict.QUARANTINED: "danger"}
TO_OTHERS = {
    Verdict.WAITING: "악성 코드 검사를 기다립니다. 마칠 때까지 올린 사람만 열 수 있습니다.",
    Verdict.PASSED: "",
    Verdict.QUARANTINED: (
        "악성 코드가 발견되어 아무도 열 수 없습니다. 내용을 확인한 새 파일로 바꿔 주세요."
    ),
}
TO_STAFF = TO_OTHERS | {
    Verdict.QUARANTINED: (
        "악성 코드가 발견되어 아무도 열 수 없습니다. 필요하면 새 파일로 보완을 요청해 주세요."
    ),
}


@library.simple_tag
def scan_state(name: str, *, staff: bool = False) -> SafeString:
    """Render the verdict of a stored file, with what it means; nothing where none is known."""
    row = scanning.known([name]).get(name)
    if row is None:
        return NOTHING
    verdict = Verdict(row.verdict)
    words = (TO_STAFF if staff else TO_OTHERS)[verdict]
    mark = badge(
        f"검사 {verdict.label}" if verdict == Verdict.PASSED else verdict.label, TONES[verdict]
    )
    found = f" ({row.signature})" if staff and row.signature else ""
    return html(' <span class="scan-state">{} {}{}</span>', mark, words, found)
