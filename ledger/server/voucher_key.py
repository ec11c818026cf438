"""The secret that an embedded database's vouchers have their codes from, kept beside it."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from ledger.config import Settings

KEY_BYTES: Final = 32
_OWNER_ONLY: Final = 0o600


def voucher_key_file(settings: Settings) -> Path:
    """Where the secret is kept."""
    return settings.data_dir / "voucher.key"


def kept_voucher_key(settings: Settings) -> str:
    """Give the secret, made when there is none yet.

    Whoever gets there first makes it, whole, and the others read it: the file takes its name only
    when nobody has it.
    """
    path = voucher_key_file(settings)
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{secrets.token_hex(6)}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(part)
        part.unlink()
    return path.read_text(encoding="ascii").strip()
