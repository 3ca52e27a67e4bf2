"""How to reach one bucket on one S3 server: address, credentials, patience."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class S3Access:
    """An S3 server and the bucket on it; the secret stays out of `repr`, and so out of logs.

    `endpoint` is a URL without the bucket, empty for AWS itself. `timeout_s` bounds one whole request,
    its body included. `disk` is where the server keeps its data, for one whose disk is this machine's.
    """

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    timeout_s: float = 60.0
    connect_timeout_s: float = 5.0
    disk: Path | None = None

    @property
    def host(self) -> str:
        """The endpoint's host name or address, empty for AWS."""
        return urlsplit(self.endpoint).hostname or ""

    @property
    def plain_http(self) -> bool:
        return urlsplit(self.endpoint).scheme == "http"

    @property
    def on_loopback(self) -> bool:
        """True where requests never leave this machine (and so must never go to a proxy)."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
