"""Codes of vouchers: how one is made, written, read and known again.

Rule of the room: a code is made of a key of the deployment and of names that the log holds, so that
it can be shown again and is stored nowhere. Whoever has the log and not the key can neither make a
code nor try one out.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: digits and capitals but I, L, O and U, which look like others or spell words.
Source: Douglas Crockford, Base 32, https://www.crockford.com/base32.html"""
CHECKED_MODULO: Final = 37
"""Crockford's check character is the number modulo 37, so that every single wrong character, and
every two swapped neighbours, change it."""
CODE_CHARS: Final = 20
"""19 characters of 5 bits each, and the check character: with 95 bits, two of 10^9 vouchers have the
same code with a chance below 10^-10, and nobody guesses one."""
GROUP_CHARS: Final = 5
DIGEST_HEX_CHARS: Final = 32
"""128 bits of the digest: more than the code has."""
QR_PREFIX: Final = "CLV1"
"""First word of what stands in a QR code: a carbon ledger's voucher, first form."""

_BITS: Final = 5
_VALUE_OF: Final = {character: value for value, character in enumerate(ALPHABET)}
_LOOKALIKES: Final = str.maketrans("OIL", "011", "- ")
_QR: Final = re.compile(rf"{QR_PREFIX}:([a-z0-9-]+):([0-9A-Z-]+)")


def make_code(key: str, programme_id: str, redemption_id: str) -> str:
    """Give the code of a voucher, as people read it: `7ZK3M-Q9D2T-…`.

    The same three give the same code, for ever and on every machine. Of the codes that could be, the
    first is taken whose check character is in the alphabet, for five of 37 are not.
    """
    attempt = 0
    while True:
        message = f"code\n{programme_id}\n{redemption_id}\n{attempt}"
        number = int.from_bytes(_hmac(key, message)) >> (256 - _BITS * (CODE_CHARS - 1))
        check = number % CHECKED_MODULO
        if check < len(ALPHABET):
            return written(number, check)
        attempt += 1


def written(number: int, check: int) -> str:
    """Write a number with its check character, in groups."""
    digits = [ALPHABET[number >> shift & 31] for shift in range(_BITS * (CODE_CHARS - 2), -1, -_BITS)]
    text = "".join(digits) + ALPHABET[check]
    return "-".join(text[at : at + GROUP_CHARS] for at in range(0, CODE_CHARS, GROUP_CHARS))


def read_code(text: str, programme_id: str) -> str | None:
    """Give a code as it was made from what somebody typed or scanned; None when it can be none.

    Small letters, characters taken for one another (O for 0, I and L for 1), hyphens and blanks make
    no difference. A scanned one says its programme, which must be this one.
    """
    bare = text.strip()
    if scanned := _QR.fullmatch(bare):
        if scanned[1] != programme_id:
            return None
        bare = scanned[2]
    bare = bare.upper().translate(_LOOKALIKES)
    if len(bare) != CODE_CHARS or any(character not in _VALUE_OF for character in bare):
        return None
    number = 0
    for character in bare[:-1]:
        number = number << _BITS | _VALUE_OF[character]
    check = _VALUE_OF[bare[-1]]
    return written(number, check) if number % CHECKED_MODULO == check else None


def digest_of(key: str, programme_id: str, code: str) -> str:
    """Give the keyed digest under which the log knows a code, 32 hexadecimal digits."""
    return _hmac(key, f"digest\n{programme_id}\n{code}").hex()[:DIGEST_HEX_CHARS]


def code_with(keys: Sequence[str], programme_id: str, redemption_id: str, digest: str) -> str | None:
    """Give the code of a voucher by whichever key made it; None when none of them did."""
    for key in keys:
        code = make_code(key, programme_id, redemption_id)
        if hmac.compare_digest(digest_of(key, programme_id, code), digest):
            return code
    return None


def qr_payload(programme_id: str, code: str) -> str:
    """Give what a QR code of a voucher says."""
    return f"{QR_PREFIX}:{programme_id}:{code}"


def _hmac(key: str, message: str) -> bytes:
    return hmac.new(bytes.fromhex(key), message.encode(), hashlib.sha256).digest()
