"""How a receiver knows that a message is ours and new: Standard Webhooks' symmetric signatures.

Rule of the room: a secret is made here, and nothing here writes one anywhere.
"""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from standardwebhooks import Webhook

from ledger.webhooks.message import Message

SECRET_BYTES: Final = 32
"""The standard asks for 24 to 64 random bytes."""


def new_secret() -> str:
    """Make a secret, in the form in which receivers' libraries take it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers_of(message: Message, signed_with: Sequence[str], now: datetime) -> dict[str, str]:
    """Give the headers that go with a message.

    Args:
        message: what is sent.
        signed_with: every secret that the receiver may know, the newest first.
        now: when it is sent; receivers take what is a few minutes old at most.
    """
    text = message.body.decode()
    signatures = [Webhook(secret).sign(message.id, now, text) for secret in signed_with]
    return {
        "content-type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
