"""docs/settings.md says what the sources say."""

from pathlib import Path

from suite.report.settings_document import document
from suite.spec import slots

ROOT = Path(__file__).parents[2]


def test_the_document_is_in_step_with_the_sources() -> None:
    kept = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert kept == document(), "run: python -m suite.report.settings_document"


def test_every_mechanism_has_a_row_with_its_defaults() -> None:
    text = document()
    for slot in slots.SLOTS:
        section = text.split(f"\n## {slot}\n")[1].split("\n## ")[0]
        for name in slots.mechanisms(slot):
            assert f"\n| `{name}` | " in section
    assert "`optimizer.lr`, `optimizer.momentum` = 0.9, `optimizer.nesterov` = false" in text
    assert "| `engine.precision` | " in text
    assert "| `test_perplexity` | test perplexity | less | 1 % | `task: continuation` |" in text
    assert "engine.device" not in text
