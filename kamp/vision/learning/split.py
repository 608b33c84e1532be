"""Which part of the data a product belongs to: by its serial, once and for ever."""

import hashlib
import hmac
from enum import StrEnum


class Split(StrEnum):
    """What a product may be used for; all its clips and frames go the same way."""

    FIT = "fit"
    THRESHOLD = "threshold"
    TEST = "test"


LABELS = {Split.FIT: "학습", Split.THRESHOLD: "기준값", Split.TEST: "시험"}
SHARES = {Split.FIT: 40, Split.THRESHOLD: 40, Split.TEST: 20}  # per cent


def split_of(serial: str, *, key: bytes) -> Split:
    """Tell where a product belongs.

    `key` is the dataset's own: the same serial always falls the same way in one dataset, whatever
    else is added or removed, and nobody who names serials can choose the side.
    """
    digest = hmac.digest(key, serial.strip().casefold().encode(), hashlib.sha256)
    place = int.from_bytes(digest[:8]) % 100
    upto = 0
    for split, share in SHARES.items():
        upto += share
        if place < upto:
            return split
    raise AssertionError("the shares sum up to a hundred")
