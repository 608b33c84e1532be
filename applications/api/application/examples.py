"""Examples in the API documentation; tests compare them with real answers."""

from drf_spectacular.utils import OpenApiExample

SHA256 = "9f2c4b1e0d7a6f35c8e4b29170ad53fe61c07b8d9a2e4f136b5c7d80e1f2a3b4"

COMPANY = {"business_number": "1248100998", "name": "한빛정밀"}
SITE = {"id": 7, "name": "안산 1공장"}
ROW = {
    "id": 123,
    "number": None,
    "state": "draft",
    "state_label": "작성 중 (미제출)",
    "program": {"round": "2021-1", "code": "robot", "name": "로봇활용 제조혁신"},
    "track": "cobot",
    "company": COMPANY,
    "site": SITE,
    "version": 4,
    "created_at": "2021-02-08T09:12:40+09:00",
    "updated_at": "2021-02-10T14:03:22+09:00",
    "submitted_at": None,
}

FILE_ROW = {
    "id": 45,
    "document": "business_registration",
    "name": "사업자등록증.pdf",
    "size": 182_340,
    "sha256": SHA256,
    "uploaded_at": "2021-02-10T13:58:02+09:00",
}
FILE = OpenApiExample("올린 서류", response_only=True, value=FILE_ROW)
SEND_FILE = OpenApiExample(
    "사업자등록증",
    request_only=True,
    media_type="multipart/form-data",
    value={"document": "business_registration", "sha256": SHA256, "file": "@사업자등록증.pdf"},
)

RESERVE = {
    "outcome": "reserve",
    "label": "예비",
    "kind": "",
    "reason": "선정선 밖이어서 예비 3위입니다.",
    "grant_won": 0,
    "rank": 53,
    "at": "2021-04-02T10:00:00+09:00",
}

SITES = OpenApiExample(
    "사업장 하나", response_only=True, value={"results": [{**SITE, "company": COMPANY}]}
)
APPLICATION = OpenApiExample("작성 중인 신청", response_only=True, value=ROW)
START = OpenApiExample(
    "로봇활용 제조혁신", request_only=True, value={"program": "robot", "site": 7}
)
CHANGE = OpenApiExample(
    "지원유형과 사업비",
    request_only=True,
    value={
        "sections": {
            "plan": {"version": 0, "answers": {"track": "cobot"}},
            "cost": {"version": 0, "answers": {"robot": 520_000_000}},
        }
    },
)
WHOLE = OpenApiExample(
    "작성 중인 신청",
    response_only=True,
    value={
        **ROW,
        "sections": {
            "company": {
                "version": 1,
                "saved_at": "2021-02-08T09:12:40+09:00",
                "answers": {"company_kind": "company", "company_size": "small"},
            },
            "cost": {
                "version": 1,
                "saved_at": "2021-02-10T14:03:22+09:00",
                "answers": {"robot": 520_000_000},
            },
        },
        "missing": [
            {
                "code": "missing:document:quote",
                "message": "‘견적서’ 서류를 첨부하세요.",
                "blocking": True,
            }
        ],
        "files": [FILE_ROW],
        "preview": {
            "support_won": 260_000_000,
            "own_won": 260_000_000,
            "rows": [
                {"label": "총사업비", "won": 520_000_000, "reason": "입력한 금액입니다."},
                {
                    "label": "지원비율 적용",
                    "won": 260_000_000,
                    "reason": "총사업비의 50% 이내입니다.",
                },
            ],
        },
        "submission": None,
        "decision": None,
        "changes": [],
        "opinion": None,
        "objection": None,
    },
)
DECIDED = OpenApiExample(
    "예비로 발표된 신청",
    response_only=True,
    value={
        **WHOLE.value,
        "number": "2021-로봇-1차-000123",
        "state": "released",
        "state_label": "결과 발표",
        "submitted_at": "2021-02-16T17:59:58+09:00",
        "missing": [],
        "submission": {
            "number": "2021-로봇-1차-000123",
            "submitted_at": "2021-02-16T17:59:58+09:00",
            "sha256": SHA256,
        },
        "decision": RESERVE,
        "changes": [RESERVE],
        "opinion": {
            "released_at": "2021-04-01T10:00:00+09:00",
            "parts": [
                {
                    "label": "사업 필요성",
                    "text": "지금의 불량률을 잰 방법을 적으면 효과를 판단하기 쉽습니다.",
                }
            ],
            "withheld": "",
            "correction": "",
        },
        "objection": {
            "days": 10,
            "due_at": "2021-04-13T00:00:00+09:00",
            "open": True,
            "state": None,
            "state_label": None,
            "filed_at": None,
            "answer_due_at": None,
            "answer": None,
        },
    },
)
LINE = {"section": "사업비", "label": "로봇 본체", "text": "520,000,000원"}
REVIEW = OpenApiExample(
    "제출할 수 있는 신청",
    response_only=True,
    value={"seen": SHA256, "version": 4, "content": [LINE], "missing": []},
)
SUBMIT = OpenApiExample("확인한 내용을 제출", request_only=True, value={"seen": SHA256})
CHANGED_MESSAGE = (
    "확인하신 뒤에 신청 내용이나 공고 내용이 바뀌었습니다. 바뀐 내용을 확인하고 다시 제출해 주세요."
)
CHANGED = OpenApiExample(
    "확인한 뒤에 바뀜",
    response_only=True,
    status_codes=["409"],
    value={
        "code": "changed_since_review",
        "message": CHANGED_MESSAGE,
        "findings": [
            {"code": "changed_since_review", "message": CHANGED_MESSAGE, "blocking": True}
        ],
        "seen": "2" + SHA256[1:],
        "changes": [
            {
                "section": "사업비",
                "label": "로봇 본체",
                "before": "520,000,000원",
                "after": "480,000,000원",
            }
        ],
    },
)
FILED = OpenApiExample(
    "접수함",
    response_only=True,
    value={
        "number": "2021-로봇-1차-000123",
        "submitted_at": "2021-02-16T17:59:58+09:00",
        "sha256": SHA256,
    },
)
GENUINE = OpenApiExample("진짜", response_only=True, value={"valid": True, "withdrawn_at": None})
