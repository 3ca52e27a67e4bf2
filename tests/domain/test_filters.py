"""What counts as source: precedence, built-ins only beside what regenerates them, secrets failing closed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.filters import FilterRules, Overrides, Surroundings
from monitor.domain.generated import build_outputs
from monitor.domain.gitindex import Tracked
from monitor.domain.secrets import begins_as_key, secret_by_name, secret_by_text


def rules(
    names: str = "",
    ignore: str = "",
    *,
    tracked: tuple[str, ...] = (),
    outputs: tuple[str, ...] = (),
    **lists: tuple[str, ...],
) -> FilterRules:
    here = Surroundings(frozenset(names.split()), ignore.encode(), outputs)
    return FilterRules({"": here}, Tracked.of(tracked), Overrides(**lists))


SECRETS = [
    ".env", ".ENV", ".env.local", ".env.production", ".envrc", ".env~", ".env.bak", "#.env#", ".#.env", ".env.swp",
    "id_rsa", "id_ed25519", "id_rsa.old", "server.pem", "server.key", "Server.KEY", "server.key.bak~", "app.p12",
    ".server.key.swp", "release.jks", ".pypirc", ".netrc", ".git-credentials", ".htpasswd", ".pgpass", "auth.json",
    "credentials.json", "service-account-prod.json", "terraform.tfstate", "terraform.tfstate.backup", "AuthKey.p8",
]  # fmt: skip
HARMLESS = [
    ".env.example", ".env.sample", ".env.template", ".env.production.example", "env.py", "environment.ts",
    "id_rsa.pub", "keys.py", "keyboard.js", "monkey", "pem.txt", "index.html", "README.md", "package.json",
    "identity.go", "server.crt", "id_card.png", "idea.md", "config.json",
]  # fmt: skip


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_not_kept_whatever_else_says_so(name: str) -> None:
    asked = rules("", f"!{name}\n!*", tracked=(name, f"a/{name}"), include=(name, "*"))
    for path in (name, f"a/{name}", f"deep/er/{name}"):
        verdict = asked.decide(path, False)
        assert not verdict.kept
        assert verdict.secret
        assert verdict.runs, "a running copy needs its .env"
    opted_in = rules(secrets=(name.replace("#", "\\#"),)).decide(name, False)
    assert opted_in.kept


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_a_secret_is_kept(name: str) -> None:
    assert rules().decide(name, False).kept


@given(st.sampled_from(SECRETS), st.sampled_from(["~", ".bak", ".old", ".orig", ".tmp", ".swp"]))
def test_leftovers_of_secrets_are_secrets(name: str, ending: str) -> None:
    assert secret_by_name(name + ending)


@pytest.mark.parametrize("folder", [".ssh", ".gnupg", ".aws", ".env"])
def test_secret_folders_are_not_entered(folder: str) -> None:
    verdict = rules(include=("*",)).decide(f"{folder}/config", False)
    assert (verdict.kept, verdict.secret, verdict.runs) == (False, True, False)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("registry=https://registry.example/\nlegacy-peer-deps=true\n", False),
        ("//registry.example/:_authToken=${NPM_TOKEN}\n", False),
        ("//registry.example/:_authToken=npm_abcdef\n", True),
        ("_auth=dXNlcjpwYXNz\n", True),
        ("# _authToken=example\n", False),
        ("index-url = https://me:hunter2@pypi.example/simple\n", True),
        ("npmAuthToken: abc\n", True),
        (None, True),
        ("x" * 70_000, True),
    ],
)
def test_settings_with_tokens_are_secrets(text: str | None, secret: bool) -> None:
    assert bool(secret_by_text(".npmrc", text)) is secret
    assert rules().decide("web/.npmrc", False, text=text).kept is not secret


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"-----BEGIN PRIVATE KEY-----\n", True),
        (b"\n-----BEGIN RSA PRIVATE KEY-----\n", True),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n", True),
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", True),
        (b"-----BEGIN CERTIFICATE-----\n", False),
        (b'EXAMPLE = "-----BEGIN PRIVATE KEY-----"\n', False),
    ],
)
def test_a_file_that_begins_as_a_key_is_one(data: bytes, key: bool) -> None:
    assert begins_as_key(data) is key


def test_version_control_is_never_source() -> None:
    asked = rules(ignore="!.git", include=("*", ".git/"), secrets=("*",))
    assert not asked.decide(".git", True).enter
    assert not asked.decide("sub/.git", False).kept


@pytest.mark.parametrize(
    ("name", "maker"),
    [("node_modules", "package.json"), ("target", "Cargo.toml"), ("target", "pom.xml"), ("venv", "requirements.txt")],
)
def test_a_generated_folder_is_left_out_only_beside_its_maker(name: str, maker: str) -> None:
    left_out = rules(maker).decide(f"{name}/a.txt", False)
    assert not left_out.kept
    assert maker in left_out.reason
    assert not left_out.runs
    assert rules().decide(f"{name}/a.txt", False).kept


def test_build_output_is_left_out_only_when_ignored_or_written_by_the_build() -> None:
    assert rules("package.json").decide("dist/index.js", False).kept
    assert not rules("package.json", outputs=("dist",)).decide("dist/index.js", False).kept
    assert not rules("package.json", "dist/").decide("dist/index.js", False).kept


@pytest.mark.parametrize(
    ("manifest", "outputs"),
    [
        ('{"scripts": {"build": "tsc --outDir dist"}}', {"dist"}),
        ('{"scripts": {"build": "rm -rf ./build && esbuild a.ts --outfile=out/a.js"}}', {"build", "out"}),
        ('{"scripts": {"build": "vite build", "start": "node dist/server.js"}}', set()),
        ('{"scripts": "dist"}', set()),
        ("[" * 100_000, set()),
        ("nonsense", set()),
    ],
)
def test_outputs_named_by_build_scripts(manifest: str, outputs: set[str]) -> None:
    assert build_outputs(manifest) == outputs


@pytest.mark.parametrize("path", ["a.pyc", "npm-debug.log", ".DS_Store"])
def test_junk_is_left_out_and_does_not_run(path: str) -> None:
    verdict = rules().decide(path, False)
    assert (verdict.kept, verdict.runs) == (False, False)


def test_an_ignore_file_overrules_built_ins_only_by_name() -> None:
    assert rules(ignore="!keep.log").decide("keep.log", False).kept
    assert rules("package.json", "!node_modules/").decide("node_modules/a.js", False).kept
    whitelist = rules("package.json", "*\n!*/\n!*.js\n")
    assert whitelist.decide("src/a.js", False).kept
    assert not whitelist.decide("node_modules/a.js", False).kept


def test_slipway_yaml_overrules_ignore_files_and_its_excludes_its_includes() -> None:
    asked = rules(
        "package.json", "dist/\n*.tmp\n", include=("dist/", "a.tmp", "/node_modules/mine/"), exclude=("*.mp4",)
    )
    assert asked.decide("dist/deep/a.js", False).kept
    assert asked.decide("a.tmp", False).kept
    assert not asked.decide("b.tmp", False).kept
    assert not asked.decide("dist/film.mp4", False).kept
    assert asked.decide("node_modules/mine/a.js", False).kept
    assert not asked.decide("node_modules/other/a.js", False).kept
    assert "slipway.yaml" in asked.decide("dist/deep/a.js", False).reason


def test_ignored_single_files_run_and_ignored_folders_do_not() -> None:
    asked = rules(ignore="local.json\ncache/\n")
    assert asked.decide("local.json", False).runs
    assert not asked.decide("cache/a", False).runs
    assert ".gitignore:1" in asked.decide("local.json", False).reason


def test_tracked_files_below_an_ignored_folder_are_kept_and_nothing_else_there() -> None:
    asked = rules("package.json", "vendor/\n", tracked=("vendor/lib/a.php", "node_modules/x/i.js"))
    assert asked.decide("vendor/lib/a.php", False).kept
    assert asked.decide("node_modules/x/i.js", False).kept
    for other in ("vendor/lib/b.php", "vendor/c.php", "node_modules/x/j.js"):
        verdict = asked.decide(other, False)
        assert (verdict.kept, verdict.runs) == (False, False)
        assert verdict.reason
