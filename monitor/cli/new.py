"""`slipway new`: a workspace from a remote repository, a template, or what was kept of another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.cli.backup_reach import job, offline, runs
from monitor.cli.options import as_json, data_folder, settings
from monitor.cli.talk import out, out_json, say
from monitor.errors import Refused
from monitor.settings import Settings


@click.command()
@click.argument("name")
@click.option("--from-git", "url", metavar="URL", help="Begin with the files of a remote repository, and follow it.")
@click.option("--branch", metavar="BRANCH", help="The branch to take; the repository's own default unless said.")
@click.option("--template", metavar="TEMPLATE", help="Begin with a small project, such as page, node or python.")
@click.option("--from", "source", metavar="SOURCE", help="Begin with what was kept: shop, shop@v1, shop@12.")
@data_folder
@as_json
def new(
    name: str,
    url: str | None,
    branch: str | None,
    template: str | None,
    source: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Make a workspace: from a template, a git address, the past.

    From a repository: submodules and Git LFS content are named, not fetched. It is pulled from at each start and by
    `slipway sync NAME --pull`; say `git:` in its slipway.yaml to have it pushed, too.

    \b
    Examples:
      slipway new shop --from-git https://example.org/team/shop.git --branch main
      slipway new page --template page
      slipway new shop-2 --from shop@v1
    """
    if sum(value is not None for value in (url, template, source)) != 1:
        raise click.UsageError("say what it begins with: one of --from-git, --template and --from")
    if branch is not None and url is None:
        raise click.UsageError("--branch belongs to --from-git")
    where = settings({"data": data})
    made = _from_git(where, name, url, branch) if url else _here(where, name, {"template": template, "from": source})
    if as_json:
        out_json(made)
        return
    for line in made.get("lines") or ():
        out(line)
    say(f"{name} is made")


def _from_git(where: Settings, name: str, url: str, branch: str | None) -> dict[str, Any]:
    if runs(where):
        return job(where, "/api/workspaces", {"name": name, "git": {"url": url, "branch": branch}})
    from monitor.app.git import make

    return dict(offline(where, make, name, url, branch, doing=f"fetching {name}"))


def _here(where: Settings, name: str, begins: dict[str, str | None]) -> dict[str, Any]:
    if not runs(where):
        raise Refused("this needs a running monitor", hint="start it with `slipway up`")
    return job(where, "/api/workspaces", {"name": name, **begins})
