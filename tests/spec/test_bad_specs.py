"""Every file in tests/bad_specs is refused with exactly the lines that it says (`# expect: KEY: MESSAGE`).

Adding a case needs no code. `...` in an expected line stands for anything; files called workload_* are workloads.
"""

import re
from pathlib import Path

import pytest

from suite.errors import SpecError
from suite.spec.ablation import load_ablation
from suite.spec.workload import load_workload

FILES = sorted((Path(__file__).parent.parent / "bad_specs").glob("*.yaml"))


def complaints(path: Path) -> list[str]:
    load = load_workload if path.name.startswith("workload_") else load_ablation
    with pytest.raises(SpecError) as error:
        load(str(path))
    lines = str(error.value).split("\n")
    assert len(lines) == len(error.value.problems), "a problem is one line"
    assert all(line.startswith(f"{path}: ") for line in lines), lines
    assert all(line.isprintable() for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_refused_with_the_lines_it_expects(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = re.findall(r"^# expect: (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    found = complaints(path)
    patterns = [re.escape(line).replace(re.escape("..."), ".*") for line in expected]
    assert len(found) == len(patterns), found
    for line, pattern in zip(found, patterns, strict=True):
        assert re.fullmatch(pattern, line), f"{line!r} is not {pattern!r}"
    assert not list(tmp_path.iterdir()), "reading a spec writes nothing"
