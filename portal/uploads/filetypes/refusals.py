"""The refusals of a file: stable codes, and Korean that says what to do next."""

from portal.core.errors import BadInput


def empty() -> BadInput:
    return BadInput("빈 파일입니다. 내용을 저장한 뒤 다시 올려 주세요.", code="file_empty")


def too_large(limit: int) -> BadInput:
    return BadInput(
        f"파일이 너무 큽니다. {limit // 1024**2}MB 이하로 줄여서 올려 주세요.",
        code="file_too_large",
    )


def wrong_type(allowed: str) -> BadInput:
    return BadInput(
        f"올릴 수 없는 형식입니다. {allowed} 파일로 저장하여 올려 주세요.", code="file_type"
    )


FAMILY_NAMES = {
    "pdf": "PDF",
    "ole": "한글이나 옛 오피스 문서",
    "zip": "압축 파일이나 오피스 문서",
    "jpg": "JPG 그림",
    "png": "PNG 그림",
}


def mismatch(ending: str, found: str = "") -> BadInput:
    """Refuse by the extension; `found` is the family of the content where it is known."""
    seen = f" 내용은 {FAMILY_NAMES[found]}로 보입니다." if found in FAMILY_NAMES else ""
    return BadInput(
        f"파일 내용이 확장자(.{ending})와 다릅니다.{seen} 이름만 바꾸지 말고 프로그램에서 "
        f"{ending.upper()} 형식으로 다시 저장하여 올려 주세요.",
        code="file_mismatch",
    )


def unsafe(reason: str) -> BadInput:
    return BadInput(reason, code="file_unsafe")


def damaged() -> BadInput:
    return BadInput(
        "파일이 손상되었거나 끝까지 올라오지 않았습니다. 프로그램에서 열어 다시 저장한 뒤 올려 주세요.",
        code="file_damaged",
    )


def locked() -> BadInput:
    return unsafe("암호가 걸린 파일입니다. 암호를 풀고 다시 저장하여 올려 주세요.")


def locked_inside(name: str) -> BadInput:
    return unsafe(
        f"압축 파일 안의 ‘{name}’에 암호가 걸려 있습니다. 암호 없이 다시 압축하여 올려 주세요."
    )


def inside(name: str, refused: BadInput) -> BadInput:
    """Return the same refusal with the name of the file within an archive that it is about."""
    return BadInput(f"압축 파일 안의 ‘{name}’: {refused.message}", code=refused.code)


def nothing_inside() -> BadInput:
    return BadInput(
        "압축 파일 안에 파일이 없습니다. 낼 파일을 넣어 다시 압축하여 올려 주세요.",
        code="file_empty",
    )


def scripted() -> BadInput:
    return unsafe("매크로나 스크립트가 들어 있습니다. 지우고 다시 저장하여 올려 주세요.")


def external() -> BadInput:
    return unsafe(
        "다른 파일이나 누리집의 내용을 불러오는 문서입니다. 연결된 서식·그림·통합 문서의 연결을 끊고(엑셀은 "
        "데이터 → 연결 편집 → 연결 끊기) 다시 저장하여 올려 주세요."
    )


def foreign_text() -> BadInput:
    return unsafe(
        "다른 형식의 문서(HTML 등)를 통째로 끼워 넣은 문서입니다. 그 부분을 복사하여 글로 붙여 넣고 다시 저장하여 "
        "올려 주세요."
    )


def live_data() -> BadInput:
    return unsafe(
        "다른 프로그램이나 누리집에서 자료를 가져오는 연결(DDE, 데이터 연결)이 들어 있습니다. 값만 남기고 연결을 "
        "지운 뒤 다시 저장하여 올려 주세요."
    )


def embedded() -> BadInput:
    return unsafe(
        "다른 프로그램의 개체가 들어 있습니다. 그림으로 바꾸어 다시 저장하여 올려 주세요."
    )


def bomb() -> BadInput:
    return unsafe("풀었을 때 지나치게 커지는 파일입니다. 나누어 저장하거나 줄여서 올려 주세요.")


def old_hwp() -> BadInput:
    return BadInput(
        "한글 97 이전의 옛 한글 문서(HWP 3)입니다. 한글에서 열어 '다른 이름으로 저장하기'로 "
        "한글 문서(HWP), HWPX나 PDF로 저장하여 올려 주세요.",
        code="file_mismatch",
    )


def hwpml() -> BadInput:
    return BadInput(
        "XML로 저장한 한글 문서(HWPML)입니다. 한글에서 열어 '다른 이름으로 저장하기'로 "
        "한글 문서(HWP), HWPX나 PDF로 저장하여 올려 주세요.",
        code="file_mismatch",
    )


def costly() -> BadInput:
    return unsafe(
        "내용을 확인하는 데 지나치게 많은 시간이나 메모리가 드는 파일입니다. 프로그램에서 다시 "
        "저장하거나 줄여서 올려 주세요."
    )


_PRINT = "인쇄 메뉴의 'PDF로 저장'(또는 Microsoft Print to PDF)으로 다시 만들어 올려 주세요."


def pdf_locked() -> BadInput:
    return unsafe(
        "열 때 암호를 묻는 PDF입니다. 암호를 넣어 연 다음 인쇄 메뉴의 'PDF로 저장'으로 암호 없이 다시 "
        "만들어 올려 주세요."
    )


def pdf_rights() -> BadInput:
    return unsafe(
        "특정 사람이나 프로그램만 열 수 있게 잠근 PDF(인증서·DRM)입니다. 잠금이 없는 PDF를 다시 만들어 "
        "올려 주세요."
    )


def pdf_script() -> BadInput:
    return unsafe(f"PDF에 스크립트(JavaScript)가 들어 있습니다. {_PRINT}")


def pdf_launch() -> BadInput:
    return unsafe(f"PDF에 다른 프로그램이나 파일을 실행하는 단추나 링크가 들어 있습니다. {_PRINT}")


def pdf_elsewhere() -> BadInput:
    return unsafe(f"PDF가 다른 파일의 내용을 불러오거나 다른 파일로 이동합니다. {_PRINT}")


def pdf_attachment() -> BadInput:
    return unsafe(
        "PDF 안에 다른 파일이 첨부되어 있습니다. 첨부 파일은 따로 올리고, PDF는 첨부를 지우거나 인쇄 "
        "메뉴의 'PDF로 저장'으로 다시 만들어 올려 주세요."
    )


def pdf_sends() -> BadInput:
    return unsafe(f"PDF 양식에 적은 내용을 밖으로 보내거나 불러오는 단추가 들어 있습니다. {_PRINT}")


def pdf_media() -> BadInput:
    return unsafe(f"PDF에 동영상, 소리나 3차원 개체가 들어 있습니다. {_PRINT}")


def pdf_xfa() -> BadInput:
    return unsafe(f"프로그램이 들어 있는 양식(XFA)으로 만든 PDF입니다. {_PRINT}")


def pdf_by_itself() -> BadInput:
    return unsafe(f"PDF를 열기만 해도 누리집이나 다른 자료로 연결됩니다. {_PRINT}")


def pdf_link() -> BadInput:
    return unsafe(
        "PDF에 누리집 주소가 아닌 곳(스크립트, 공유 폴더)으로 가는 링크가 들어 있습니다. 링크를 지우고 "
        "다시 저장하여 올려 주세요."
    )
