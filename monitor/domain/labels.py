"""Every label name Slipway writes on containers, networks, volumes and images, spelled once."""

from __future__ import annotations

INSTALL_ID = "slipway.install-id"
WORKSPACE = "slipway.workspace"
SPEC_HASH = "slipway.spec-hash"
GENERATION = "slipway.generation"
ROLE = "slipway.role"
PORT = "slipway.port"
STACK = "slipway.stack"
"""On a front: it is one of a stack's containers, without a readiness mark and without routes of its own."""

COMPOSE_PROJECT = "com.docker.compose.project"
COMPOSE_SERVICE = "com.docker.compose.service"
COMPOSE_NUMBER = "com.docker.compose.container-number"
COMPOSE_ONEOFF = "com.docker.compose.oneoff"
COMPOSE_CONFIG_HASH = "com.docker.compose.config-hash"
COMPOSE_NETWORK = "com.docker.compose.network"
COMPOSE_VOLUME = "com.docker.compose.volume"

COMPOSES_OWN = frozenset(
    f"com.docker.compose.{name}"
    for name in (
        *("config-hash", "container-number", "depends_on", "image", "oneoff", "project", "project.config_files"),
        *("project.working_dir", "project.environment_file", "replace", "service", "slug", "version"),
    )
)
"""What the Compose command line itself writes on containers it makes."""

OURS = ("traefik.", "slipway.", "com.docker.compose.")
"""What a user's image or compose file must not set: labels that routing, adoption or Compose act on."""

ROLE_APP = "app"
ROLE_INSTALL = "install"
ROLE_RUN = "run"
"""A person's command, run beside the instance."""
ROLE_DATA = "data"
ROLE_COPY = "copy"
"""A program of ours that copies or replaces a data volume."""
ROLE_CACHE = "cache"
ROLE_DEPS = "deps"
ROLE_PART = "part"
"""A service of a stack beside the one that visitors reach."""
ROLE_BUILD = "build"
"""An image built from a workspace's own Dockerfile, and what is left of its stages."""

TRAEFIK_ENABLE = "traefik.enable"
TRAEFIK_NETWORK = "traefik.docker.network"
TRAEFIK_HTTP = "traefik.http"
