"""Reading of `PORTAL_FILES_URL` and `PORTAL_CLAMAV_URL`: which bucket holds files, who scans them."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

REGION = "us-east-1"  # what stores without regions expect in a signature
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket with the key that may read and write it; an empty endpoint means Amazon's own."""

    name: str
    key: str
    secret: str
    endpoint: str
    region: str


def read(url: str) -> Bucket | None:
    """Read `s3://key:secret@bucket?endpoint=…&region=…`; return None for an empty address.

    Raises ValueError with words that repeat no part of the address: it holds a secret.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
        options = dict(
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        )
    except ValueError:
        raise ValueError("주소를 읽을 수 없습니다.") from None
    if problem := _problem(parts, options):
        raise ValueError(problem)
    return Bucket(
        name=parts.hostname or "",
        key=unquote(parts.username or ""),
        secret=unquote(parts.password or ""),
        endpoint=options.get("endpoint", "").rstrip("/"),
        region=options.get("region", REGION),
    )


def storage(bucket: Bucket | None, *, signed: bool) -> dict[str, Any]:
    """Return the entry of Django's STORAGES for a bucket, or for the folder."""
    if bucket is None:
        return {"BACKEND": "portal.uploads.stores.folder.Folder"}
    return {
        "BACKEND": "portal.uploads.stores.objects.Objects",
        "OPTIONS": {
            "signed": signed,
            "bucket_name": bucket.name,
            "access_key": bucket.key,
            "secret_key": bucket.secret,
            "endpoint_url": bucket.endpoint or None,
            "region_name": bucket.region,
        },
    }


def _problem(parts: SplitResult, options: dict[str, str]) -> str:
    if parts.scheme != "s3":
        return "s3://로 시작해야 합니다. 폴더에 두려면 비워 두세요."
    if not parts.username or not parts.password:
        return "접근 키와 비밀 키가 있어야 합니다."
    if ":" in parts.netloc.rpartition("@")[2] or not _BUCKET.fullmatch(parts.hostname or ""):
        return "버킷 이름은 영문 소문자, 숫자, 점, 붙임표로 된 3~63자여야 합니다."
    if parts.path not in ("", "/"):
        return "버킷 이름 뒤에 경로를 둘 수 없습니다."
    if set(options) - {"endpoint", "region"}:
        return "endpoint와 region 말고는 정할 수 없습니다."
    endpoint = urlsplit(options.get("endpoint", "https://x"))
    if endpoint.scheme not in ("http", "https") or not endpoint.hostname:
        return "endpoint는 http:// 또는 https://로 시작하는 주소여야 합니다."
    return "" if options.get("region", REGION) else "region이 비어 있습니다."


def read_scanner(url: str) -> tuple[str, int] | str | None:
    """Read `tcp://host:port` or `unix:///path`; return host and port, a path, or None for "".

    Raises ValueError with words.
    """
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme == "unix" and not parts.netloc and len(parts.path) > 1:
        return parts.path
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme != "tcp" or not host or not port or parts.path not in ("", "/"):
        raise ValueError("tcp://호스트:포트 또는 unix:///경로 꼴이어야 합니다.")
    return host, port
