"""Real git for tests: a person's own repository, and an HTTP remote (git's own backend) that asks for a password."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.support.ports import free_port

CLEAN = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
}  # fmt: skip


def git(folder: Path, *words: str) -> str:
    """What git prints, run as a person would in a repository of their own."""
    done = subprocess.run(["git", *words], cwd=folder, env=CLEAN, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "surrogateescape")


class Remote:
    """A bare repository, and a person's clone of it to change it from."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.bare, self.person = folder / "repo.git", folder / "person"
        git(folder, "init", "-q", "--bare", "-b", "main", str(self.bare))
        git(self.bare, "config", "http.receivepack", "true")
        git(folder, "init", "-q", "-b", "main", str(self.person))
        git(self.person, "remote", "add", "origin", str(self.bare))

    def commit(self, files: Mapping[str, str | bytes | None], text: str = "change", branch: str = "main") -> str:
        """Change files (None removes one), commit and push; the commit's name."""
        for name, content in files.items():
            path = self.person / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        git(self.person, "add", "-A")
        git(self.person, "commit", "-q", "--allow-empty", "-m", text)
        git(self.person, "push", "-q", "origin", f"HEAD:{branch}")
        return git(self.person, "rev-parse", "HEAD").strip()

    def show(self, what: str) -> str:
        """`main:index.html`, or a commit."""
        return git(self.bare, "show", what)

    def paths(self, branch: str) -> list[str]:
        return git(self.bare, "ls-tree", "-r", "--name-only", branch).splitlines()

    def log(self, branch: str) -> list[str]:
        return git(self.bare, "log", "--format=%s", branch).splitlines()

    def branches(self, pattern: str) -> list[str]:
        return git(self.bare, "branch", "--list", pattern).split()

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


@asynccontextmanager
async def served(folder: Path, *, user: str = "", password: str = "") -> AsyncIterator[str]:
    """The repositories in `folder` over HTTP on loopback; the address below which they are."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    async def answer(request: web.Request) -> web.StreamResponse:
        if password and request.headers.get("Authorization") != wanted:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        return await _backend(folder, request)

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()


async def _backend(folder: Path, request: web.Request) -> web.Response:
    body = await request.read()
    environment: dict[str, Any] = {
        **CLEAN,
        "GIT_PROJECT_ROOT": str(folder),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query_string,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_USER": "tester",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_CONTENT_ENCODING": "",
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
    }
    process = await asyncio.create_subprocess_exec(
        "git", "http-backend", env=environment, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate(body)
    head, _, rest = out.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
    status = int(headers.pop("Status", "200").split(" ", 1)[0])
    return web.Response(status=status, body=rest, headers=headers)
