"""Buckets: sums that are about the same, so that ranks can be counted without reading everybody.

Rule of the room: a bucket is never wider than 1/64 of its sums, and sums below 64 have one each.
"""

from bisect import bisect_right
from typing import Final

from ledger.store.arrays import Int8Array

_BITS: Final = 6
_VALUE_BITS: Final = 63

AMOUNT_MAX: Final = 2**_VALUE_BITS - 1
"""What a column holds."""

BOUNDS: Final = (
    *range(1 << _BITS),
    *((1 << _BITS | step) << octave for octave in range(_VALUE_BITS - _BITS) for step in range(1 << _BITS)),
)
"""The least sum of each bucket from 1 on, rising; whatever is below zero is in bucket 0. Frozen."""

PACKED_BOUNDS: Final = Int8Array.of(BOUNDS)
"""As the database takes them: its `width_bucket` gives what `bucket_of` gives."""


def bucket_of(amount: int) -> int:
    """Give the bucket of a sum."""
    return bisect_right(BOUNDS, amount)


def top_of(bucket: int) -> int:
    """Give the greatest sum of a bucket."""
    return BOUNDS[bucket] - 1 if bucket < len(BOUNDS) else AMOUNT_MAX


def bottom_of(bucket: int) -> int:
    """Give the least sum of a bucket."""
    return BOUNDS[bucket - 1] if bucket else -AMOUNT_MAX
