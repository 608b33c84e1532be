"""Cursor pagination of every list."""

import re
from typing import Any

from django.conf import settings
from rest_framework import exceptions
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from portal.core.errors import BadInput

POSITION = re.compile(r"[0-9]{1,18}")


class Page(CursorPagination):
    """Cursor pages: their cost does not grow with the number of rows."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 100
    page_size_query_description = "한 쪽의 건수. 없으면 50, 100을 넘으면 100입니다."
    cursor_query_description = "next와 previous 주소에 들어 있는 값. 만들어 쓰지 마세요."
    ordering = "-pk"

    def get_page_size(self, request: Request) -> int:
        size = request.query_params.get(self.page_size_query_param)
        if size is None:
            return self.page_size
        if not size.isascii() or not size.isdigit() or not size.strip("0"):
            raise BadInput("page_size는 1 이상의 정수입니다.", code="page_size")
        return self.max_page_size if len(size) > 3 else min(int(size), self.max_page_size)

    def decode_cursor(self, request: Request) -> Cursor | None:
        try:
            cursor: Cursor | None = super().decode_cursor(request)
        except exceptions.NotFound as unreadable:
            raise BadInput("cursor가 올바르지 않습니다.", code="cursor") from unreadable
        if cursor and cursor.position and not POSITION.fullmatch(str(cursor.position)):
            raise BadInput("cursor가 올바르지 않습니다.", code="cursor")
        return cursor

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        where = {"type": ["string", "null"], "format": "uri"}
        description = {"description": "이 쪽의 것들"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {
                    **where,
                    "description": "다음 쪽의 주소. 마지막이면 null입니다.",
                    "example": f"{settings.ORIGIN}/api/v1/applications/?cursor=cD0xMjM%3D",
                },
                "previous": {
                    **where,
                    "description": "앞 쪽의 주소. 처음이면 null입니다.",
                    "example": None,
                },
                "results": {**schema, **description} if isinstance(schema, dict) else schema,
            },
        }

    def get_schema_operation_parameters(self, view: object) -> list[dict[str, Any]]:
        size, cursor = self.page_size_query_description, self.cursor_query_description
        number = {"type": "integer", "minimum": 1}
        return [
            {
                "name": self.cursor_query_param,
                "in": "query",
                "required": False,
                "description": cursor,
                "schema": {"type": "string"},
            },
            {
                "name": self.page_size_query_param,
                "in": "query",
                "required": False,
                "description": size,
                "schema": number,
            },
        ]
