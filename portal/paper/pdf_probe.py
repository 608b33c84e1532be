"""Print, as a process of its own, the names of the packages that the PDF engine lacks."""

import ctypes
import json

LIBRARIES = {
    "libgobject-2.0.so.0": "libpango-1.0-0",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libharfbuzz.so.0": "libpango-1.0-0",
    "libfontconfig.so.1": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
FONTS = "fonts-nanum"


def has_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def has_korean_font() -> bool:
    # Without one a document would show boxes instead of Hangul.

    class FontSet(ctypes.Structure):
        _fields_ = [("count", ctypes.c_int), ("room", ctypes.c_int), ("fonts", ctypes.c_void_p)]

    fontconfig = ctypes.CDLL("libfontconfig.so.1")
    fontconfig.FcNameParse.restype = ctypes.c_void_p
    fontconfig.FcObjectSetCreate.restype = ctypes.c_void_p
    fontconfig.FcFontList.restype = ctypes.POINTER(FontSet)
    fontconfig.FcFontList.argtypes = [ctypes.c_void_p] * 3
    pattern, fields = fontconfig.FcNameParse(b":lang=ko"), fontconfig.FcObjectSetCreate()
    found = fontconfig.FcFontList(None, pattern, fields)
    return bool(found and found.contents.count)


def missing() -> list[str]:
    lacks = {package for name, package in LIBRARIES.items() if not has_library(name)}
    if not has_library("libfontconfig.so.1") or not has_korean_font():
        lacks.add(FONTS)
    return sorted(lacks)


if __name__ == "__main__":
    print(json.dumps(missing()))  # noqa: T201 - the answer to the process that asked
