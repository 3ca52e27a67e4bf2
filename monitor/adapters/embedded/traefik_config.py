"""Traefik's static configuration, as text from the template in `traefik/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from monitor.domain.labels import INSTALL_ID
from monitor.errors import UsageError
from monitor.shipped import shipped

TEMPLATE = "traefik.yml.j2"
# Uploads end after this; a visitor who sends a header a minute is gone then, too.
UPLOAD_WITHIN = "30m"
_INSTALL_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class TraefikSettings:
    """What differs between installs.

    `bind` and `port` are where the workspaces answer; `api_port` is on loopback. `dynamic` is the folder
    watched for routes. `docker_host` is empty where no Docker is used; containers count only when they
    carry `install_id`.
    """

    bind: str
    port: int
    api_port: int
    dynamic: Path
    install_id: str
    docker_host: str = ""
    upload_within: str = UPLOAD_WITHIN


def render(settings: TraefikSettings, api_host: str = "127.0.0.1") -> str:
    """The configuration file's text; raises `UsageError` for an install id that is not a plain word."""
    if not _INSTALL_ID.fullmatch(settings.install_id):
        raise UsageError(f"The install id {settings.install_id!r} is not a plain word.")
    environment = Environment(
        loader=FileSystemLoader(shipped("traefik")),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 (the result is YAML; every value goes through tojson)
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE).render(
        web_address=_address(settings.bind, settings.port),
        api_address=_address(api_host, settings.api_port),
        dynamic=str(settings.dynamic),
        docker_host=settings.docker_host,
        constraint=f"Label(`{INSTALL_ID}`, `{settings.install_id}`)",
        upload_within=settings.upload_within,
    )


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
