"""JSON values that several threads share: reading works as with lists and dicts, writing raises."""

from collections.abc import Callable
from typing import Any, NoReturn


def frozen(value: Any) -> Any:
    """Return decoded JSON of which no part can be changed; `copy.deepcopy` gives plain JSON again."""
    if isinstance(value, dict):
        return FrozenDict({name: frozen(part) for name, part in value.items()})
    if isinstance(value, list):
        return FrozenList(map(frozen, value))
    return value


def _refuse(self: object, *args: object, **kwargs: object) -> NoReturn:
    raise TypeError("This value is shared: copy it before changing it.")


class FrozenList(list[Any]):
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [_plain(part) for part in self]

    def __reduce__(self) -> tuple[Callable[..., list[Any]], tuple[Any, ...]]:
        return list, (tuple(self),)


class FrozenDict(dict[str, Any]):
    clear = pop = popitem = setdefault = update = _refuse
    __setitem__ = __delitem__ = __ior__ = _refuse

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {name: _plain(part) for name, part in self.items()}

    def __reduce__(self) -> tuple[Callable[..., dict[str, Any]], tuple[Any, ...]]:
        return dict, (tuple(self.items()),)


def _plain(value: Any) -> Any:
    return value.__deepcopy__({}) if isinstance(value, (FrozenList, FrozenDict)) else value
