"""The bundled store's keys: random for each install, in files only their owner may read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from monitor.adapters.embedded.private_files import write_private


@dataclass(frozen=True, slots=True)
class WeedKeys:
    """`secret_key` is ours for S3; the others are between the server's own parts, for writing and reading."""

    access_key: str
    secret_key: str = field(repr=False)
    volume_write: str = field(repr=False)
    volume_read: str = field(repr=False)
    filer_write: str = field(repr=False)
    filer_read: str = field(repr=False)
    admin: str = field(repr=False)


def keys_in(path: Path) -> WeedKeys:
    """The keys in `path`, made now if there are none; a damaged file is replaced."""
    try:
        keys = WeedKeys(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        keys = WeedKeys(secrets.token_hex(10).upper(), *(secrets.token_hex(32) for _ in range(6)))
    write_private(path, json.dumps(asdict(keys), indent=1))
    return keys


def identities(keys: WeedKeys) -> str:
    """The one identity S3 knows; without it everybody would be an administrator."""
    pair = {"accessKey": keys.access_key, "secretKey": keys.secret_key}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    return json.dumps({"identities": [{"name": "slipway", "credentials": [pair], "actions": actions}]})


def security(keys: WeedKeys) -> str:
    """`security.toml`: the parts behind S3 answer nobody without a token, local users included."""
    sections = {
        "jwt.signing": keys.volume_write,
        "jwt.signing.read": keys.volume_read,
        "jwt.filer_signing": keys.filer_write,
        "jwt.filer_signing.read": keys.filer_read,
    }
    return "".join(f'[{name}]\nkey = "{key}"\n' for name, key in sections.items())


def token(key: str) -> str:
    """A JSON Web Token (RFC 7519, HS256) without claims, as the filer asks for; it only crosses loopback."""
    body = ".".join(map(_base64, (b'{"alg":"HS256","typ":"JWT"}', b"{}")))
    return f"{body}.{_base64(hmac.digest(key.encode(), body.encode(), hashlib.sha256))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
