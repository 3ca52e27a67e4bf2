"""The Compose command line, given our own file and nothing of our environment: it creates, and starts in order."""

from __future__ import annotations

import shutil

from monitor.adapters.docker_engine.client import DockerClient
from monitor.adapters.docker_engine.command_line import environment, run
from monitor.adapters.docker_engine.control import ControlFolders
from monitor.ports.engine import LaunchFailed

CREATE_S = 120.0
START_S = 300.0
"""What services wait for each other at most."""


class ComposeCli:
    """Works on the compose file of one generation."""

    def __init__(self, client: DockerClient, control: ControlFolders) -> None:
        self._client = client
        self._control = control

    async def create(self, workspace: str, generation: int) -> None:
        """Create what is missing or changed, start nothing. Raises `LaunchFailed` with Compose's last lines."""
        words = ("create", "--no-build", "--pull", "never", "--quiet-pull")
        said = await run(self._command(workspace, generation, *words), environment(self._client.host), CREATE_S)
        if said.code != 0:
            why = next((line for line in reversed(said.lines) if line.strip()), "no reason given")
            raise LaunchFailed(f"Compose cannot create it: {why}", log=said.lines)

    async def start(self, workspace: str, generation: int) -> tuple[str, ...] | None:
        """Start every service once those it needs have come so far; Compose's last lines where one did not."""
        said = await run(self._command(workspace, generation, "start"), environment(self._client.host), START_S)
        if said.code is None:
            return (*said.lines, f"its services waited for each other for more than {START_S / 60:g} min")
        return said.lines if said.code else None

    def _command(self, workspace: str, generation: int, *words: str) -> list[str]:
        docker = shutil.which("docker")
        if docker is None:
            raise LaunchFailed(
                "it is started by `docker compose`, and the docker command is missing",
                hint="install docker-cli and the compose plugin",
            )
        file = self._control.folder(workspace, generation) / "compose.yaml"
        # Compose would read a file named .env beside ours if it were not told another.
        nothing = ("--env-file", "/dev/null", "--progress", "plain")
        return [docker, "compose", "--file", str(file), *nothing, *words]
