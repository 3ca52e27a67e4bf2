"""What an install's things are called in Docker, so that a person can tell whose they are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one install's containers, networks, volumes and images; every one of them is also labelled."""

    install_id: str

    @property
    def prefix(self) -> str:
        return f"slipway-{self.install_id[:8]}"

    def project(self, workspace: str) -> str:
        """The Compose project; the workspace's network has the same name."""
        return f"{self.prefix}-{workspace}"

    def container(self, workspace: str, generation: int) -> str:
        return f"{self.prefix}-{workspace}-{generation}"

    def installer(self, workspace: str, deps_key: str) -> str:
        return f"{self.prefix}-{workspace}-install-{deps_key[:8]}"

    def run(self, workspace: str, command: str) -> str:
        return f"{self.prefix}-{workspace}-run-{command[:16]}"

    def data(self, workspace: str) -> str:
        return f"{self.prefix}-{workspace}-data"

    def cache(self, workspace: str) -> str:
        return f"{self.prefix}-{workspace}-cache"

    def part(self, workspace: str, service: str) -> str:
        """A service beside the front; no workspace's name has a dot, so nothing else is called that."""
        return f"{self.prefix}-{workspace}.{service}"

    def volume(self, workspace: str, name: str) -> str:
        """A named volume of a workspace's stack."""
        return f"{self.prefix}-{workspace}.{name}"

    def build_image(self, key: str) -> str:
        """The image a Dockerfile of the user's own is built as."""
        return f"slipway/build:{self.install_id[:8]}-{key}"


def deps_image(key: str) -> str:
    """The image a dependency layer is kept as."""
    return f"slipway/deps:{key}"


def runtime_image(runtime: str, digest: str) -> str:
    """The image a runtime is built as, named by what it is built from."""
    return f"slipway/runtime-{runtime}:{digest[:16]}"
