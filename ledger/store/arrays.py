"""Arrays as PostgreSQL reads them in binary, packed whole.

Rule of the room: no nulls, one dimension. The driver packs element by element in Python, which
took a third of the time of a group commit; the layout is that of `array_recv`.
"""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, repeat
from typing import Any, ClassVar, Final

from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER: Final = struct.Struct(">iiIii")
_LENGTH: Final = struct.Struct(">i")
_POSTGRES_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


class PackedArray(bytes):
    """The bytes of an array, ready to be sent."""

    __slots__ = ()
    element_oid: ClassVar[int]
    array_oid: ClassVar[int]

    @classmethod
    def header(cls, length: int) -> bytes:
        """Give what stands before the elements: dimensions, no nulls, type, length, lower bound."""
        return _HEADER.pack(1, 0, cls.element_oid, length, 1)


@lru_cache(maxsize=16)
def _empty(element_oid: int) -> bytes:
    """Give an array without elements, and so without dimensions."""
    return struct.pack(">iiI", 0, 0, element_oid)


class _Fixed(PackedArray):
    """Elements of one size."""

    __slots__ = ()
    element_format: ClassVar[str]
    element_bytes: ClassVar[int]

    @classmethod
    def of(cls, values: Sequence[int]) -> "_Fixed":
        """Pack whole numbers."""
        if not values:
            return cls(_empty(cls.element_oid))
        pairs = chain.from_iterable(zip(repeat(cls.element_bytes), values, strict=False))
        packed = struct.pack(">" + ("i" + cls.element_format) * len(values), *pairs)
        return cls(cls.header(len(values)) + packed)


class Int4Array(_Fixed):
    """Of `integer`."""

    __slots__ = ()
    element_oid, array_oid, element_format, element_bytes = 23, 1007, "i", 4


class Int8Array(_Fixed):
    """Of `bigint`."""

    __slots__ = ()
    element_oid, array_oid, element_format, element_bytes = 20, 1016, "q", 8


class TimestampArray(Int8Array):
    """Of `timestamptz`, which travels as microseconds since 2000."""

    __slots__ = ()
    element_oid, array_oid = 1184, 1185

    @classmethod
    def of_instants(cls, instants: Iterable[datetime]) -> "TimestampArray":
        """Pack aware datetimes."""
        return cls(cls.of([microseconds_since_2000(instant) for instant in instants]))


class _Sized(PackedArray):
    """Elements that bring their own size."""

    __slots__ = ()

    @classmethod
    def of(cls, values: Sequence[bytes]) -> "_Sized":
        """Pack bytes."""
        if not values:
            return cls(_empty(cls.element_oid))
        pack = _LENGTH.pack
        return cls(
            cls.header(len(values))
            + b"".join([part for value in values for part in (pack(len(value)), value)])
        )


class ByteaArray(_Sized):
    """Of `bytea`."""

    __slots__ = ()
    element_oid, array_oid = 17, 1001


class UuidArray(_Sized):
    """Of `uuid`, each given as its sixteen bytes."""

    __slots__ = ()
    element_oid, array_oid = 2950, 2951


class TextArray(_Sized):
    """Of `text`."""

    __slots__ = ()
    element_oid, array_oid = 25, 1009

    @classmethod
    def of_texts(cls, texts: Sequence[str]) -> "TextArray":
        """Pack strings; they recur (assets, lots, busy accounts), so packed ones are remembered."""
        if not texts:
            return cls(_empty(cls.element_oid))
        return cls(cls.header(len(texts)) + b"".join(map(packed_text, texts)))


@lru_cache(maxsize=100_000)
def packed_text(text: str) -> bytes:
    """Give a text with its length before it, as it stands in arrays and in rows that are copied."""
    encoded = text.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def microseconds_since_2000(instant: datetime) -> int:
    """Give an instant as PostgreSQL counts it."""
    since = instant - _POSTGRES_EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def register(connection: Connection[Any]) -> None:
    """Make a connection send packed arrays as they are."""
    for array in (Int4Array, Int8Array, TimestampArray, ByteaArray, UuidArray, TextArray):
        connection.adapters.register_dumper(array, _dumper(array))


def _dumper(array: type[PackedArray]) -> type[Dumper]:
    class PackedArrayDumper(Dumper):
        format = Format.BINARY
        oid = array.array_oid

        def dump(self, obj: Any) -> bytes:
            return bytes(obj)

    return PackedArrayDumper
