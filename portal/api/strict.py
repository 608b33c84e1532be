"""Bodies of requests: what an endpoint does not know is refused by its name, never dropped."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

UNKNOWN = "모르는 항목입니다. 이름을 확인해 주세요."


class SentShape(serializers.Serializer):
    """What a client sends. Every endpoint that writes reads its body with a child of this class."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(str(name) for name in set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({name: [UNKNOWN] for name in unknown})
        return super().to_internal_value(data)
