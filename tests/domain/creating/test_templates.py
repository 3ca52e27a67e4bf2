"""Templates are recognised as what they say, without a problem and with everything a start needs."""

from __future__ import annotations

import pytest

from monitor.app.templates import ORDER, shipped_templates
from monitor.domain.creating.templates import Template, read_template
from monitor.domain.detection import detect, wanted_paths
from monitor.domain.tree import Entry, Kind, tree_of


@pytest.mark.parametrize("template", shipped_templates().values(), ids=lambda template: template.id)
def test_is_recognised_as_what_it_says(template: Template) -> None:
    tree = tree_of(Entry(path, Kind.FILE, size=len(text.encode())) for path, text in template.files.items())
    found = detect(tree, {path: template.files[path] for path in wanted_paths(tree)}).as_json()
    assert found["type"] == template.type
    assert found["start"] or template.type == "static"
    assert not found["install"], "it runs at once, without anything from elsewhere"
    assert not found["problems"]


def test_they_are_whole_and_in_order() -> None:
    found = shipped_templates()
    assert tuple(found) == ORDER
    assert all(one.title and one.about and one.files for one in found.values())
    assert read_template("x", "title: a\ntype: static\nabout: b: c\n=== d/e\nf\n\n=== g\n").files == {
        "d/e": "f\n",
        "g": "\n",
    }
    with pytest.raises(ValueError):
        read_template("x", "title: a\n=== f\n")
