"""Random credentials, new for every test: nothing can come to depend on a known one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """An S3 key pair; the secret stays out of assertion messages."""

    access_key: str
    secret_key: str = field(repr=False)


def random_credentials() -> Credentials:
    """A key pair of the lengths AWS uses, which every server accepts."""
    return Credentials(secrets.token_hex(10).upper(), secrets.token_hex(20))
