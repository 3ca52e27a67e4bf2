"""Credentials for remotes: from the settings, or `git-credentials.toml` in the data folder, by address.

```toml
[[credential]]
url = "https://example.org/team/"   # and everything below it
username = "robot"
password = "…"                      # a token
workspaces = ["shop"]               # all of them where this is missing

[[credential]]
url = "ssh://git@example.org/"
ssh_key = "/path/to/key"
```
"""

from __future__ import annotations

import os
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, ValidationError

from monitor.domain.git.urls import GitUrl, parse_place
from monitor.errors import UsageError

FILE = "git-credentials.toml"


def _place(text: str) -> str:
    parse_place(text)
    return text


class Credential(BaseModel):
    """What lets us in at `url` and below it; `workspaces` None: for whichever asks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, AfterValidator(_place)]
    username: str = "git"
    password: SecretStr = SecretStr("")
    ssh_key: Path | None = None
    workspaces: tuple[str, ...] | None = None

    def fits(self, workspace: str, url: GitUrl) -> bool:
        """Whether it may be shown to this address for this workspace."""
        if self.workspaces is not None and workspace not in self.workspaces:
            return False
        mine = parse_place(self.url)
        return url.place == mine or url.place.startswith(mine if mine.endswith("/") else f"{mine}/")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    credential: list[Credential] = []


@dataclass(frozen=True, slots=True)
class Credentials:
    """Those of the data folder's file, read anew each time, then `own`, that of the settings."""

    data: Path
    own: Credential | None = None

    def find(self, workspace: str, url: GitUrl) -> Credential | None:
        """The longest address that fits. Raises `UsageError` where the file is wrong or others can read it."""
        found = [one for one in (*self._file(), *([self.own] if self.own else [])) if one.fits(workspace, url)]
        return max(found, key=lambda one: len(one.url), default=None)

    def secrets(self) -> frozenset[str]:
        """Everything that must not be seen anywhere."""
        every = (*self._file(), *([self.own] if self.own else []))
        return frozenset(one.password.get_secret_value() for one in every) - {""}

    def _file(self) -> list[Credential]:
        path = self.data / FILE
        try:
            with path.open("rb") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise UsageError(f"{path} can be read by others, so it is not used", hint=f"chmod 600 {path}")
                return _File.model_validate(tomllib.load(file)).credential
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UsageError(f"{path} cannot be read ({type(error).__name__})", hint="mend the file") from None
        except ValidationError as error:
            # Not the message itself: it quotes what was given.
            place = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
            raise UsageError(f"{path}: `{place}` is not as it should be", hint="see the README") from None
