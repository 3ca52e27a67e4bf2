"""Launch specs: what detection found and slipway.yaml says, put together."""

from __future__ import annotations

import pytest

from monitor.domain.config import WorkspaceConfig, parse_config
from monitor.domain.detection import Detection, detect, wanted_paths
from monitor.domain.launch import LaunchSpec, Source
from monitor.domain.launching import NotRunnable, spec_for
from monitor.domain.sizes import MIB
from tests.support.corpus import case


def found(name: str, config: WorkspaceConfig | None = None) -> Detection:
    project = case(name)
    return detect(project.tree, {p: project.files[p] for p in wanted_paths(project.tree)}, config)


def spec(name: str, text: str = "") -> LaunchSpec:
    config = parse_config(text)
    return spec_for("shop", found(name, config), config, user=(1000, 1000))


def test_a_node_spec() -> None:
    made = spec("node/express-start")
    assert (made.runtime, made.port, made.source) == ("node", 3000, Source.COPY)
    assert made.start.endswith("npm start")
    assert 'NODE_ENV="${NODE_ENV:-production}"' in made.start
    assert made.install is not None
    assert "NODE_ENV" not in made.install, "development dependencies are needed by builds"
    assert made.deps_files == ("package.json", "package-lock.json")
    assert dict(made.env)["BASE_PATH"] == "/shop"
    assert made.strip


def test_static_is_served_as_it_is() -> None:
    made = spec("static/public")
    assert (made.start, made.source, made.docroot, made.read_only) == ("", Source.DIRECT, "public", True)
    assert made.install is None


def test_php_is_direct_until_it_installs_or_keeps_something() -> None:
    assert spec("php/plain").source is Source.DIRECT
    assert spec("php/sqlite").source is Source.COPY
    assert spec("php/public-docroot").source is Source.COPY
    assert not spec("php/laravel").restart_on_edit


def test_slipway_yaml_wins() -> None:
    made = spec(
        "node/express-start",
        "start: node other.js\nport: 9999\nstrip: false\nhealth: /up\nenv: {A: b}\n"
        "data: [files/]\nresources: {memory: 2g, cpus: 1}",
    )
    assert made.start.endswith("; node other.js")
    assert (made.port, made.strip, made.health_path) == (9999, False, "/up")
    assert dict(made.env)["A"] == "b"
    assert made.data == ("files/",)
    assert (made.limits.memory, made.limits.cpus) == (2048 * MIB, 1)


def test_a_type_or_a_start_in_slipway_yaml_overrides_a_dockerfile() -> None:
    found = case("node/own-dockerfile")
    assert detect(found.tree, found.files).own == "Dockerfile"
    for said in ("type: node", "start: npm start"):
        assert detect(found.tree, found.files, parse_config(said)).own is None
        assert spec("node/own-dockerfile", said).start.endswith("npm start")
    alone = case("other/dockerfile-alone")
    assert detect(alone.tree, alone.files, parse_config("start: ./run")).own == "Dockerfile"


def test_an_unknown_folder_becomes_runnable_by_type_and_start() -> None:
    with pytest.raises(NotRunnable, match="nothing here says"):
        spec("other/notes")
    assert spec("other/notes", "type: python\nstart: python -m http.server $PORT").start.endswith("http.server $PORT")


def test_an_app_one_folder_down_runs_there() -> None:
    made = spec("other/app-one-folder-down")
    assert made.start.startswith("cd shop || exit 1; ")
    assert made.deps_files == ("shop/package.json",)


def test_root_chooses_among_several() -> None:
    assert spec("other/several-folders", "root: frontend").start.startswith("cd frontend || exit 1; ")


def test_go_fetches_the_tools_of_a_newer_line() -> None:
    config = WorkspaceConfig(version="1.99")
    assert dict(spec_for("x", found("go/module", config), config, user=(1, 1)).env)["GOTOOLCHAIN"] == "auto"


def test_the_same_folder_makes_the_same_spec_and_an_environment_another() -> None:
    assert spec("python/flask-app").hash == spec("python/flask-app").hash
    assert spec("python/flask-app").hash != spec("python/flask-app", "env: {A: b}").hash


def test_what_python_insists_on_is_there_before_every_command_and_a_dotenv_beats_it() -> None:
    made = spec("python/layouts-variables-it-insists-on")
    for command in (made.setup, made.start):
        assert command is not None
        assert 'export DATABASE_URL="${DATABASE_URL:-sqlite:///./a \\$b.db}"' in command
        assert 'export SECRET_KEY="${SECRET_KEY:-$(od ' in command, "the sample's own secret is known to everybody"
        assert "DEBUG" not in command, "it has a default"
    assert made.install is not None
    assert "SECRET_KEY" not in made.install


def test_rails_prepares_the_database_it_serves_from() -> None:
    made = spec("ruby/more-rails-8")
    for command in (made.setup, made.build, made.start):
        assert command is not None
        assert 'RAILS_ENV="${RAILS_ENV:-production}"' in command
        assert "SECRET_KEY_BASE" in command


def test_python_always_has_its_own_environment() -> None:
    assert (spec("python/script-http-server").install or "").endswith("python3 -m venv .venv")
    own = spec("python/flask-app", "install: pip install -e .").install or ""
    assert own.endswith("python3 -m venv .venv && { pip install -e .; }")
    assert (spec("python/flask-app").install or "").count("-m venv .venv") == 1


def test_python_is_the_projects_own_whatever_brought_the_package_manager() -> None:
    start = spec("python/script-http-server").start
    tools, own = start.index('PATH="$PWD/.slipway/tools/bin'), start.index('PATH="$PWD/.venv/bin:$PATH"')
    assert tools < own, "what is put in front last is found first"


def test_a_lock_file_that_does_not_fit_is_left_aside_aloud() -> None:
    install = spec("node/express-start").install or ""
    assert "{ npm ci; } || {" in install
    assert "the lock file or its rules do not fit" in install
    assert install.endswith("npm install || npm install --legacy-peer-deps; }; } && { slipway-node; }")


def test_the_member_of_a_monorepo_that_is_served_is_told_its_prefix() -> None:
    made = spec("node/managers-turbo-web-and-docs")
    assert made.build is not None
    assert "(cd apps/web && slipway-base next)" in made.build
    assert "npm run build" in made.build
    assert made.start.endswith("cd apps/web && npm start")
    assert not made.strip


def test_yarn_keeps_packages_as_folders_of_the_layer() -> None:
    assert ("YARN_NODE_LINKER", "node-modules") in spec("node/managers-yarn-berry-pnp-vite").env
