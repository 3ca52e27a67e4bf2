"""Every project of the corpus is recognised as its first lines say."""

from __future__ import annotations

import pytest

from monitor.domain.detection import detect, wanted_paths
from tests.support.corpus import Case, cases


@pytest.mark.parametrize("case", cases(), ids=lambda c: c.name)
def test_is_recognised(case: Case) -> None:
    chosen = wanted_paths(case.tree)
    found = detect(case.tree, {p: case.files[p] for p in chosen})
    answer = found.as_json() | {"tools": found.tools}
    for key, expected in case.expected.items():
        if key.endswith("_has"):
            name = {"deps_has": "deps_files", "problem_has": "problems"}.get(key, key.removesuffix("_has"))
            actual = answer[name]
            if isinstance(expected, list):
                assert set(expected) <= set(actual), (key, answer)
            else:
                text = actual if isinstance(actual, str) else "\n".join(actual or ())
                assert expected in text, (key, answer)
        elif key == "confidence_below":
            assert answer["confidence"] < expected
        else:
            assert answer[key] == expected, answer


def test_there_are_enough_of_every_type() -> None:
    names = [case.name.partition("/")[0] for case in cases()]
    assert {t for t in names if names.count(t) >= 4} >= {"node", "python", "php", "go", "ruby", "static"}
