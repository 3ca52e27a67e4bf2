"""What a build meets that its project does not know of: a newer Node, an output folder of another name."""

from __future__ import annotations

import shutil
import sys
import urllib.request

import pytest

from tests.live.entrypoint.conftest import Make
from tests.support.host_instance import SERVE

pytestmark = [pytest.mark.live, pytest.mark.skipif(shutil.which("node") is None, reason="no Node here")]
HASHES = """node -p 'require("crypto").createHash("md4").update("x").digest("hex").length' > hashed"""


def test_an_old_webpack_hashes_on_a_new_node(make: Make) -> None:
    instance = make(SLIPWAY_BUILD=HASHES, SLIPWAY_START=SERVE)
    instance.list_files("d1")
    webpack = instance.app / "client/node_modules/webpack/package.json"
    webpack.parent.mkdir(parents=True)
    webpack.write_text('{"version": "4.47.0"}')
    instance.start_ready()
    assert (instance.app / "hashed").read_text() == "32\n"


@pytest.mark.parametrize("asked", [".", "./build", "dist"])
def test_what_was_built_is_served(make: Make, asked: str) -> None:
    built = "mkdir -p build && echo made > build/index.html && echo made > index.html"
    instance = make(SLIPWAY_BUILD=built, SLIPWAY_START=f"slipway-serve {asked}", SLIPWAY_PYTHON=sys.executable)
    instance.list_files("d1")
    instance.start_ready()
    with urllib.request.urlopen(f"http://127.0.0.1:{instance.port}/") as answer:
        assert answer.read() == b"made\n"
    assert ("no page in dist/, but in build/" in instance.said()) is (asked == "dist")
