"""Where things are in this instance, what was asked of it, and what its tools must know."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import dotenv
import old_webpack

READY_MARK = ".container-ready"
STATE_FILE = ".slipway-files"
OURS = frozenset({READY_MARK, STATE_FILE})
"""Names at the top of the app folder that belong to us, whatever the source holds."""

_RUNTIMES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_OUR_SERVERS = (os.path.join(_RUNTIMES, "shared"), os.path.join(_RUNTIMES, "php"))
"""Where `slipway-serve` and `slipway-php` are found, in an image as on a host."""

_INTERNAL = (
    "SOURCE", "APP", "DATA_DIR", "CONTROL", "CACHE", "SOCKET", "SOURCE_MODE", "DATA_PATHS", "INSTALL", "SETUP",
    "BUILD", "START", "RESTART", "START_TIMEOUT", "DOTENV",
)  # fmt: skip


class Failed(Exception):
    """The instance cannot go on: says why; `code` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def say(text: str) -> None:
    """One line for people, on stderr; names that are no text are shown escaped."""
    line = text.encode("utf-8", "backslashreplace").decode()
    sys.stderr.write(f"slipway: {line}\n")
    sys.stderr.flush()


@dataclass(frozen=True)
class Places:
    """The folders of one instance and the commands it was given."""

    source: str
    app: str
    data: str
    control: str
    cache: str
    socket: str
    direct: bool
    data_paths: tuple[str, ...]
    install: str
    setup: str
    build: str
    start: str
    restart: bool
    start_timeout: float
    host: str
    port: int
    environment: Mapping[str, str]
    dotenv: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Places:
        def get(name: str, default: str = "") -> str:
            return env.get(f"SLIPWAY_{name}", default)

        tmp = env.get("TMPDIR", "/tmp")
        try:
            port, timeout = int(env.get("PORT", "8000")), float(get("START_TIMEOUT", "60"))
        except ValueError as error:
            raise Failed(f"PORT and SLIPWAY_START_TIMEOUT must be numbers: {error}", 2) from error
        return cls(
            source=get("SOURCE", "/workspace"),
            app=get("APP", "/app"),
            data=get("DATA_DIR", "/data"),
            control=get("CONTROL", "/slipway"),
            cache=get("CACHE", "/cache"),
            socket=get("SOCKET", f"{tmp}/slipway/control.sock"),
            direct=get("SOURCE_MODE") == "direct",
            data_paths=tuple(line for line in get("DATA_PATHS").split("\n") if line.strip()),
            install=get("INSTALL"),
            setup=get("SETUP"),
            build=get("BUILD"),
            start=get("START"),
            restart=get("RESTART", "1") != "0",
            start_timeout=timeout,
            host=env.get("HOST", "0.0.0.0"),
            port=port,
            environment=env,
            dotenv=tuple(line for line in get("DOTENV").split("\n") if line.strip()),
        )

    def for_server(self) -> dict[str, str]:
        """What the started command sees: its environment without our instructions, what its `.env` files add, and
        where tools keep things."""
        env = {name: value for name, value in self.environment.items() if name not in _internal_names()}
        env |= dotenv.values(self.source if self.direct else self.app, self.dotenv, env)
        env |= {"PORT": str(self.port), "HOST": self.host, "SLIPWAY_SHARED": _OUR_SERVERS[0]}
        own = (f"{self.app}/.venv/bin", f"{self.app}/node_modules/.bin")
        env["PATH"] = ":".join((*own, env.get("PATH", os.defpath), *_OUR_SERVERS))
        for name, value in (
            ("PYTHONUNBUFFERED", "1"),
            ("npm_config_update_notifier", "false"),
            ("GOMODCACHE", f"{self.app}/.go/mod"),
            ("GOCACHE", f"{self.app}/.go/build"),
            ("GOFLAGS", "-modcacherw"),
            ("BUNDLE_PATH", f"{self.app}/vendor/bundle"),
        ):
            env.setdefault(name, value)
        return env

    def for_tools(self) -> dict[str, str]:
        """The same for installing and building, with download caches where there is a cache folder."""
        env = {**_TOOLS, **self.for_server()}
        env |= old_webpack.node_options(self.app, os.path.join(_OUR_SERVERS[0], "md4.cjs"), env)
        if os.access(self.cache, os.W_OK):
            for name, folder in (
                ("XDG_CACHE_HOME", "xdg"),
                ("npm_config_cache", "npm"),
                ("npm_config_store_dir", "pnpm"),
                ("YARN_CACHE_FOLDER", "yarn"),
                ("PIP_CACHE_DIR", "pip"),
                ("COMPOSER_CACHE_DIR", "composer"),
            ):
                env.setdefault(name, f"{self.cache}/{folder}")
        return env

    def make_home(self) -> None:
        """HOME lies in a tmpfs and is missing at each start; tools expect it to be there."""
        home = self.environment.get("HOME")
        if home:
            os.makedirs(home, mode=0o700, exist_ok=True)


_TOOLS = {
    "npm_config_engine_strict": "false",
    # As npm spells it, which Yarn 1 reads too: later Yarns refuse every setting of their own that they do not know.
    "npm_config_ignore_engines": "true",
    "HUSKY": "0",
    # webpack-cli before 5 loads this, which takes modules for scripts on a Node that can `require` them.
    "DISABLE_V8_COMPILE_CACHE": "1",
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "PUPPETEER_SKIP_DOWNLOAD": "1",
    "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
    "CYPRESS_INSTALL_BINARY": "0",
    "NEXT_TELEMETRY_DISABLED": "1",
    "ASTRO_TELEMETRY_DISABLED": "1",
    "NUXT_TELEMETRY_DISABLED": "1",
    "GATSBY_TELEMETRY_DISABLED": "1",
    "NG_CLI_ANALYTICS": "false",
    "DO_NOT_TRACK": "1",
}
"""A project's word about engines is a warning; no git hooks, no browsers for tests, no talking home."""


def _internal_names() -> frozenset[str]:
    return frozenset(f"SLIPWAY_{name}" for name in _INTERNAL)
