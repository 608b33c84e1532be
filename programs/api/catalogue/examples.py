"""Examples of the programme endpoints for the API documentation."""

from drf_spectacular.utils import OpenApiExample

PROGRAMS = OpenApiExample(
    "로봇활용 제조혁신만 보인 목록",
    response_only=True,
    value={
        "results": [
            {
                "code": "robot",
                "name": "로봇활용 제조혁신",
                "budget_won": 18_100_000_000,
                "quota": {"count": 57, "kind": "about"},
                "tracks": [
                    {
                        "code": "cobot",
                        "name": "협업로봇 공정개선",
                        "cap_won": 300_000_000,
                        "share_percent": 50,
                        "days": None,
                        "months": None,
                    }
                ],
                "balance": {
                    "appropriated_won": 18_100_000_000,
                    "reserved_won": 0,
                    "committed_won": 0,
                    "paid_won": 0,
                    "available_won": 18_100_000_000,
                },
            }
        ]
    },
)


PROGRAM = OpenApiExample(
    "목록마다 하나씩만 보인 답",
    response_only=True,
    value={
        "code": "robot",
        "name": "로봇활용 제조혁신",
        "budget_won": 18_100_000_000,
        "quota": {"count": 57, "kind": "about"},
        "tracks": [
            {
                "code": "cobot",
                "name": "협업로봇 공정개선",
                "cap_won": 300_000_000,
                "share_percent": 50,
                "days": None,
                "months": None,
                "summary": "협업로봇의 도입과 공정 설계, 안전 조치 비용입니다.",
                "grant_kind": "share",
                "flat_won": None,
                "planning_won": None,
                "previous_cap_won": None,
                "origins": {
                    "grant_kind": "source S12",
                    "cap_won": "source S12",
                    "share_percent": "source S12",
                },
            }
        ],
        "balance": {
            "appropriated_won": 18_100_000_000,
            "reserved_won": 0,
            "committed_won": 0,
            "paid_won": 0,
            "available_won": 18_100_000_000,
        },
        "round": "2021-1",
        "summary": "협업로봇으로 공정을 개선하는 기업을 지원합니다. 로봇 공급기업과 컨소시엄을 이루어 신청합니다.",
        "intake": "window",
        "open": False,
        "opens_at": "2021-01-22T00:00:00+09:00",
        "closes_at": "2021-02-25T18:00:00+09:00",
        "conditions": [
            {
                "code": "collaborative",
                "message": "협업로봇으로 공정을 개선하는 과제여야 합니다.",
                "blocking": True,
                "when": None,
                "origin": "source S11",
            }
        ],
        "self_check": [
            {
                "fact": "company_kind",
                "kind": "choice",
                "label": "신청자 구분",
                "choices": [["company", "기업"], ["association", "협회·단체"]],
            }
        ],
        "criteria": [
            {
                "code": "need",
                "label": "공정 개선 필요성",
                "guide": "위험하거나 반복되는 공정 등 로봇이 꼭 필요한가",
                "max_points": 20,
                "core": False,
                "skippable": False,
                "origin": "assumption",
            }
        ],
        "bonus_items": [],
        "documents": [
            {
                "code": "business_registration",
                "label": "사업자등록증",
                "guide": "사업장의 사업자등록증 사본",
                "required": True,
                "when": None,
                "formats": ["pdf", "jpg", "png"],
                "max_files": 1,
                "origin": "assumption",
            }
        ],
        "steps": [
            {
                "code": "submitted",
                "label": "신청·접수",
                "actor": "신청기업",
                "days": None,
                "origin": "assumption",
            }
        ],
        "form_version": "c539b1076f251d22453392839419fa83698f806e779d38c4032bef3f28ed8304",
        "origins": {"budget": "source S3 S11", "quota": "source S11"},
    },
)


FACTS = OpenApiExample(
    "사후관리에 신청하려는 중기업",
    request_only=True,
    value={
        "track": "emergency",
        "company_kind": "company",
        "company_size": "medium",
        "built_on": "2019-11-02",
        "closed_business": False,
        "tax_arrears": False,
        "credit_default": False,
        "insolvency": False,
        "banned": False,
        "unsettled": False,
        "duplicate_support": False,
        "excluded_industry": False,
    },
)
