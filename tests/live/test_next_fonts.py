"""Projects with Google's fonts are built where those cannot be reached, and left alone where they can."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

FONTS = Path(__file__).parents[2] / "runtimes" / "shared" / "prefix" / "next-fonts.cjs"
LAYOUT = (
    'import { Geist, Inter as Body } from "next/font/google";\nexport const font = Geist({ fallback: ["serif"] });\n'
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    for path, text in {
        "src/app/layout.tsx": LAYOUT,
        "src/app/page.tsx": "export default () => null;\n",
        "node_modules/some/font.js": LAYOUT,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def node(folder: Path, *, reachable: bool) -> str:
    answer = "({ ok: true })" if reachable else "{ throw new Error('away'); }"
    code = f"globalThis.fetch = async () => {answer}; require({json.dumps(str(FONTS))}).withoutGoogle('.');"
    done = subprocess.run(["node", "-e", code], cwd=folder, capture_output=True, text=True, check=True)
    return done.stderr


def test_without_google_the_fonts_are_the_systems(project: Path) -> None:
    assert "cannot be reached" in node(project, reachable=False)
    assert (project / "src/app/layout.tsx").read_text() == LAYOUT.replace(
        "next/font/google", "../../.slipway/fonts.mjs"
    )
    assert (project / "node_modules/some/font.js").read_text() == LAYOUT
    code = (
        "import('./.slipway/fonts.mjs').then((all) => console.log(all.Inter && all.Geist({ fallback: ['a'] }).style))"
    )
    done = subprocess.run(["node", "-e", code], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout == "{ fontFamily: 'a' }\n"
    assert node(project, reachable=False) == "", "a second time there is nothing left to do"


def test_with_google_nothing_is_touched(project: Path) -> None:
    assert node(project, reachable=True) == ""
    assert (project / "src/app/layout.tsx").read_text() == LAYOUT
    assert not (project / ".slipway").exists()
