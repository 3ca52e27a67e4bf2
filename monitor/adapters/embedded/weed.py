"""The bundled S3 server: SeaweedFS in one process, loopback only, synced to disk for our buckets.

`weed mini` is the start that is ready and gone in seconds. Everything it would open beyond S3 is off, or
closed with random keys; no secret stands on the command line. Folder layout under `folder`:

    credentials.json   our S3 key pair and the server's inner keys, made once (0600)
    ports.json         its ports, the same at every start while they are free
    run/               its working directory: options, identities, security.toml (0600)
    data/              what it keeps
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.embedded.binaries import find_binary
from monitor.adapters.embedded.child import ChildSpec, leftovers_of
from monitor.adapters.embedded.ports import settle_ports
from monitor.adapters.embedded.private_files import private_folder, write_private
from monitor.adapters.embedded.weed_keys import WeedKeys, identities, keys_in, security
from monitor.adapters.embedded.weed_ready import WeedReady
from monitor.adapters.loopback import LOOPBACK
from monitor.adapters.s3_access import S3Access

# gRPC listens at the HTTP port plus this; told another port, its own maintenance worker never finds it.
GRPC_OFFSET = 10_000
_PORTS = ("s3", "filer", "volume", "master", "admin")
_SOCKET_PATH_MAX = 100


@dataclass(frozen=True, slots=True)
class BundledStore:
    """What is needed to run the bundled store (`spec`) and to use it (`access`)."""

    spec: ChildSpec
    access: S3Access
    ready: WeedReady

    async def close(self) -> None:
        """Let go of the probe's connections; the server is not touched."""
        await self.ready.close()


def bundled_store(folder: Path, logs: Path, bucket: str = "slipway") -> BundledStore:
    """Settle ports, keys and files in `folder` (made if needed) and say how to run the store there.

    The spec is ready once `bucket` exists, writes to it reach the disk before they are acknowledged, and an
    object was written and read back.
    """
    folder = private_folder(folder.absolute())
    run, data = private_folder(folder / "run"), private_folder(folder / "data")
    pid_file = folder / "weed.pid"
    keys = keys_in(folder / "credentials.json")
    held = bool(leftovers_of(pid_file))
    ports = settle_ports(folder / "ports.json", _PORTS, offset=GRPC_OFFSET, keep=held)
    files = {
        "options": _options(data, run, ports, keys),
        "identities.json": identities(keys),
        "security.toml": security(keys),
    }
    for name, text in files.items():
        write_private(run / name, text)
    address = f"http://{LOOPBACK}:{ports['s3']}"
    access = S3Access(address, bucket, keys.access_key, keys.secret_key, timeout_s=30, disk=data)
    ready = WeedReady(access, f"http://{LOOPBACK}:{ports['filer']}", keys)
    spec = ChildSpec(
        name="S3 store",
        argv=(str(find_binary("weed")), "mini", f"-options={run / 'options'}"),
        env={"PATH": "/usr/bin:/bin", "HOME": str(run)},
        cwd=run,
        log=logs.absolute() / "store.log",
        pid_file=pid_file,
        ready=ready,
        stop_grace_s=10,
        config=json.dumps(files),
        listens=tuple((LOOPBACK, port + shift) for port in ports.values() for shift in (0, GRPC_OFFSET)),
        leavings=_leavings(data, run, ports),
    )
    return BundledStore(spec, access, ready)


def _options(data: Path, run: Path, ports: dict[str, int], keys: WeedKeys) -> str:
    """SeaweedFS's options file. Volumes are small and as many as the disk holds: each bucket takes several."""
    options: dict[str, object] = {
        "dir": data,
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        **{f"{name}.port": port for name, port in ports.items()},
        "s3.config": run / "identities.json",
        "s3.iam": "false",
        "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        **_sockets(run),
        "webdav": "false",
        "admin.ui": "false",
        "admin.password": keys.admin,
        "filer.exposeDirectoryData": "false",
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": 256,
        "volume.max": 0,
        "volume.preStopSeconds": 0,
    }
    return "".join(f"{name}={value}\n" for name, value in options.items())


def _sockets(run: Path) -> dict[str, Path]:
    """Its two HTTP unix sockets in our folder instead of /tmp, where the path is short enough for one."""
    sockets = {f"{name}.localSocket": run / f"{name}.sock" for name in ("filer", "s3")}
    return sockets if all(len(str(path)) < _SOCKET_PATH_MAX for path in sockets.values()) else {}


def _leavings(data: Path, run: Path, ports: dict[str, int]) -> tuple[Path, ...]:
    """Sockets a killed server leaves behind, and the copy of its options that it reads back by itself."""
    temporary = Path("/tmp")  # noqa: S108 (SeaweedFS has this path built in)
    sockets = [
        temporary / f"seaweedfs-{name}{kind}-{port + shift}.sock"
        for name, port in ports.items()
        for kind, shift in (("", 0), ("-grpc", GRPC_OFFSET))
    ]
    return (*sockets, run / "filer.sock", run / "s3.sock", data / "mini.options")
