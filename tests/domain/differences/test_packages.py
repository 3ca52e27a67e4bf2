"""Packages read from manifests and lock files, and from whatever else bears such a name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.differences.packages import PackageChange, package_changes, packages_of, reader_of

FILES = ["package.json", "package-lock.json", "composer.lock", "requirements.txt", "go.mod", "Gemfile.lock"]


def test_package_json() -> None:
    text = {
        "dependencies": {"vue": "^3.4"},
        "devDependencies": {"vite": "5", "vue": "1"},
        "optionalDependencies": {"x": 5},
    }
    assert packages_of("web/package.json", json.dumps(text).encode()) == {"vue": "^3.4", "vite": "5"}


def test_package_lock_of_every_version() -> None:
    new = {
        "packages": {
            "": {"version": "1"},
            "node_modules/a": {"version": "1.0"},
            "node_modules/b/node_modules/a": {"version": "2.0"},
            "node_modules/@s/p": {"version": "3"},
            "lib": {"version": "9"},
        }
    }
    assert packages_of("package-lock.json", json.dumps(new).encode()) == {"a": "1.0, 2.0", "@s/p": "3"}
    old = {"dependencies": {"a": {"version": "1", "dependencies": {"b": {"version": "2"}}}, "b": {"version": "3"}}}
    assert packages_of("npm-shrinkwrap.json", json.dumps(old).encode()) == {"a": "1", "b": "2, 3"}


def test_composer_lock() -> None:
    text = {
        "packages": [{"name": "laravel/framework", "version": "v11.0"}],
        "packages-dev": [{"name": "p/u", "version": "1"}, 7],
    }
    assert packages_of("composer.lock", json.dumps(text).encode()) == {"laravel/framework": "v11.0", "p/u": "1"}


def test_requirements() -> None:
    text = b"""# comment
Django>=4.2, <5  # why
requests[socks] == 2.31.0 ; python_version > "3.8" \\
    --hash=sha256:abc
-r other.txt
-e .
--index-url https://example.org/simple
./wheels/x.whl
Foo_Bar.baz
pkg @ https://example.org/pkg.zip
"""
    assert packages_of("requirements-dev.txt", text) == {
        "django": ">=4.2,<5",
        "requests": "==2.31.0",
        "foo-bar-baz": "",
        "pkg": "@https://example.org/pkg.zip",
    }


def test_go_mod() -> None:
    text = b"""module m
go 1.22
require example.org/a v1.0.0
require (
	example.org/b v2.0.0 // indirect
)
replace x => y
"""
    assert packages_of("go.mod", text) == {"example.org/a": "v1.0.0", "example.org/b": "v2.0.0"}


def test_gemfile_lock() -> None:
    text = b"""GEM
  remote: https://r/
  specs:
    rails (7.1.0)
      actionpack (= 7.1.0)
    rake (13.0)

DEPENDENCIES
  rails
"""
    assert packages_of("Gemfile.lock", text) == {"rails": "7.1.0", "rake": "13.0"}


def test_changes_by_name() -> None:
    old, new = b"a==1\nb==1\nc==1\n", b"a==2\nc==1\nd==1\n"
    assert package_changes("requirements.txt", old, new) == [
        PackageChange("requirements.txt", "a", "==1", "==2"),
        PackageChange("requirements.txt", "b", "==1", None),
        PackageChange("requirements.txt", "d", None, "==1"),
    ]
    assert package_changes("requirements.txt", None, b"a==1")[0].before is None
    assert package_changes("app.py", old, new) == []
    assert reader_of("package.json.bak") is None


hostile = st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["dependencies", "packages", "packages-dev", "version", "name", "node_modules/a", "x"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=15,
    ).map(lambda value: json.dumps(value).encode()),
)


@given(st.sampled_from(FILES), hostile)
def test_whatever_is_in_such_a_file_says_texts_or_nothing(name: str, data: bytes) -> None:
    for package, version in packages_of(name, data).items():
        assert isinstance(version, str)
        assert len(package) <= 120
        assert (package + version).isprintable()


@pytest.mark.parametrize("name", FILES)
def test_deep_and_long_files_cost_little(name: str) -> None:
    for data in (
        b"[" * 200_000,
        b'{"dependencies":' * 100_000,
        b"a" * 2_000_000,
        b"a [" * 300_000,
        b" " * 2_000_000,
        b"a ==" * 300_000,
    ):
        packages_of(name, data)
