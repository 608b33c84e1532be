"""The part of a data set to which a product belongs, by its serial."""

import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum


class Split(StrEnum):
    """Use of a product, with all its clips and frames."""

    FIT = "fit"
    THRESHOLD = "threshold"
    TEST = "test"


SHARES = {Split.FIT: 40, Split.THRESHOLD: 40, Split.TEST: 20}  # per cent


def split_of(serial: str, *, key: bytes) -> Split:
    """Return the part of a product by a keyed hash of its serial.

    `key` is the data set's own: within it a serial always gets the same part, whatever else is
    added or removed, and nobody can choose the part by choosing the serial.
    """
    digest = hmac.digest(key, serial.strip().casefold().encode(), hashlib.sha256)
    place = int.from_bytes(digest[:8]) % 100
    upto = 0
    for split, share in SHARES.items():
        upto += share
        if place < upto:
            return split
    raise AssertionError("the shares sum up to a hundred")


def part_of(
    serial: str, *, key: bytes, defective: bool, normals: Mapping[Split, int], needed: int
) -> Split:
    """Return the part of a product when its first label says what it is.

    `normals` counts the normal products of each part so far. The first `2 * needed` normals fill FIT
    and THRESHOLD equally, as training needs them before anything can be tested; of the further ones and
    of defects the keyed hash decides. A defect is never in THRESHOLD, which is set by normals alone.
    """
    drawn = split_of(serial, key=key)
    if defective:
        return Split.TEST if drawn == Split.TEST else Split.FIT
    lacking = [part for part in (Split.FIT, Split.THRESHOLD) if normals[part] < needed]
    if not lacking or drawn in lacking:
        return drawn
    return min(lacking, key=lambda part: normals[part])
