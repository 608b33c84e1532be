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


def mismatch(ending: str) -> BadInput:
    return BadInput(
        f"파일 내용이 확장자(.{ending})와 다릅니다. 이름만 바꾸지 말고 프로그램에서 "
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


def scripted() -> BadInput:
    return unsafe("매크로나 스크립트가 들어 있습니다. 지우고 다시 저장하여 올려 주세요.")


def embedded() -> BadInput:
    return unsafe(
        "다른 프로그램의 개체가 들어 있습니다. 그림으로 바꾸어 다시 저장하여 올려 주세요."
    )


def bomb() -> BadInput:
    return unsafe("풀었을 때 지나치게 커지는 파일입니다. 나누어 저장하거나 줄여서 올려 주세요.")
