"""Where a container finds its things on this host: folders, network, the extra CA, the machine's CPUs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from monitor.adapters.docker_engine.client import DockerClient
from monitor.adapters.docker_engine.control import ControlFolders, replace
from monitor.adapters.docker_engine.info import Daemon, daemon
from monitor.adapters.docker_engine.networks import Networks
from monitor.domain.container_plan import Place
from monitor.domain.docker_names import Names
from monitor.domain.launch import LaunchSpec
from monitor.errors import UsageError
from monitor.ports.engine import Launch, LaunchFailed


@dataclass(frozen=True, slots=True)
class Options:
    """What one install's engine is set up with.

    `data` is the data folder, `shipped` holds `runtimes/` and `compose/`, `subnets` is the IPv4 range networks
    are cut from, `docker_host` as Docker's own tools read it ("" for the environment's). A daemon that does not
    answer within `patience_s` is away.
    """

    install_id: str
    data: Path
    shipped: Path
    subnets: str
    docker_host: str = ""
    extra_ca: Path | None = None
    patience_s: float = 20.0


class Placing:
    """Answers where one workspace's containers have their things; makes the network where it is missing."""

    def __init__(
        self, options: Options, client: DockerClient, names: Names, networks: Networks, control: ControlFolders
    ) -> None:
        self._options = options
        self._client = client
        self._names = names
        self._networks = networks
        self._control = control
        self._daemon: Daemon | None = None

    async def place(self, spec: LaunchSpec, launch: Launch, image: str, generation: int) -> Place:
        """Raises `LaunchFailed` where no network is to be had or a path cannot be told to Docker; `EngineAway`."""
        self._daemon = self._daemon or await daemon(self._client)
        return Place(
            names=self._names,
            image=image,
            network=await self._networks.ensure(spec.workspace),
            source=sayable(launch.source),
            control=sayable(self._control.control(spec.workspace, generation)),
            ca=self._ca(),
            cpus=self._daemon.cpus,
            lacks=self._daemon.lacks,
        )

    def _ca(self) -> str:
        """The public authorities and the extra ones in one file: several tools replace the former by the latter."""
        if self._options.extra_ca is None:
            return ""
        path = self._options.data / "engine" / "extra-ca.pem"
        bundle = Path(DEFAULT_CA_BUNDLE_PATH).read_bytes() + b"\n" + _bytes(self._options.extra_ca)
        if not path.exists() or path.read_bytes() != bundle:
            replace(path, bundle)
        return sayable(path)


def sayable(path: Path) -> str:
    """An absolute path as Docker can be told it: its API speaks UTF-8. Raises `LaunchFailed`."""
    text = str(path.resolve())
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        shown = text.encode("utf-8", "backslashreplace").decode()
        raise LaunchFailed(f"Docker cannot mount {shown}: its name is not UTF-8", hint="rename the folder") from None
    return text


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"SLIPWAY_EXTRA_CA: {path} cannot be read: {error.strerror}") from error
