"""Errors of clips and models, each with a Korean message and a stable code."""

from portal.core.errors import BadInput, PortalError, RuleBroken

CLIP_MESSAGES = {
    "clip_container": "읽을 수 있는 동영상이나 이미지가 아닙니다. MP4, MKV, AVI 동영상이나 PNG, JPEG 이미지를 올리세요.",
    "clip_codec": "지원하지 않는 코덱입니다. H.264, MJPEG, FFV1, PNG 영상을 올리세요.",
    "clip_too_large": "파일이 너무 큽니다. 200 MB 이하의 파일을 올리세요.",
    "clip_too_long": "동영상이 너무 깁니다. 5분 이하의 동영상을 올리세요.",
    "clip_too_many_frames": "프레임이 너무 많습니다. 동영상은 3,000프레임, 이미지는 500장까지 올릴 수 있습니다.",
    "clip_too_wide": "화면이 너무 큽니다. 1920×1200 이하의 영상을 올리세요.",
    "clip_empty": "영상에 읽을 수 있는 프레임이 없습니다.",
    "clip_broken": "파일이 손상되었거나 중간에 잘렸습니다. 원본을 확인한 뒤 다시 올리세요.",
    "clip_scale": "화소당 길이(mm)를 확인하세요. 0.05에서 5 사이여야 합니다.",
    "clip_extent": "영상에 담긴 범위가 너무 넓습니다. 화소당 길이(mm)가 맞는지 확인하세요.",
    "clip_depth": "촬영 조건에는 8비트로 적혀 있지만 파일은 8비트보다 깊습니다. 밝기를 잘라 버리지 않도록 촬영 조건의 비트 수를 장비에 맞게 적은 자료에 올리세요.",
    "clip_depth_low": "촬영 조건의 비트 수로 나타낼 수 없는 밝은 값이 파일에 있습니다. 장비의 비트 수가 맞는지 확인하세요.",
    "clip_depth_unused": "파일의 밝기가 촬영 조건의 비트 수에 비해 너무 낮습니다. 장비가 12비트나 14비트로 찍는지 확인하고 그 비트 수를 적은 자료에 올리세요.",
    "clip_unmeasured": "영상을 재는 중에 문제가 생겼습니다. 이 영상을 빼거나 다시 찍은 영상을 올리세요.",
    "clip_sizes": "프레임의 크기가 서로 다릅니다. 같은 크기로 찍은 영상을 올리세요.",
}
DECODE_MESSAGES = {
    "decode_time": "영상을 제한 시간 안에 읽지 못했습니다. 더 짧은 영상을 올리세요.",
    "decode_memory": "영상을 읽는 데 메모리가 너무 많이 필요합니다. 더 작은 영상을 올리세요.",
    "decode_crash": "영상을 읽는 프로그램이 멈췄습니다. 파일이 손상되지 않았는지 확인하세요.",
}


class ClipRefused(BadInput):
    """The file cannot be inspected; codes are the keys of `CLIP_MESSAGES`."""

    default_code = "clip_broken"

    def __init__(self, code: str) -> None:
        super().__init__(CLIP_MESSAGES[code], code=code)


class DecodeFailed(PortalError):
    """The decoding process exceeded a limit or died; codes are the keys of `DECODE_MESSAGES`."""

    status = 422
    default_code = "decode_crash"

    def __init__(self, code: str) -> None:
        super().__init__(DECODE_MESSAGES[code], code=code)


class TrainingRefused(RuleBroken):
    """The samples are not enough for a model; `findings` holds every reason."""

    default_code = "training_refused"


class ModelUnreadable(PortalError):
    """The artefact is not a model of this version."""

    status = 422
    default_code = "model_unreadable"
    default_message = "모델 파일을 읽을 수 없습니다. 모델을 다시 학습하세요."


class MeasureRefused(BadInput):
    """Too little data to measure anything."""

    default_code = "measure_refused"
    default_message = "측정할 자료가 부족합니다."


class ExtraMissing(PortalError):
    status = 503
    default_code = "extra_missing"
    default_message = (
        "선택 패키지 elpv-dataset이 설치되어 있지 않습니다. pip install '.[elpv]' 로 설치하세요."
    )
