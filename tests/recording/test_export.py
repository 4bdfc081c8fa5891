"""Tables of all trials."""

import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from pyarrow import parquet

from suite.errors import StoreError
from suite.recording.export import export
from suite.trial_result import TrialResult

Make = Callable[..., TrialResult]


@pytest.fixture
def mixed(result: Make) -> list[TrialResult]:
    return [
        result(seed=0),
        result(seed=1, status="diverged"),
        result(seed=2, status="failed", reason='killed, "hard"\nby the system'),
        result(seed=3, settings={"model": "cnn", "optimizer.lr": 1, "optimizer.betas": None, "model.width": "auto"}),
        result(seed=4, settings={"model.width": 8, "engine.epochs": 5}),
    ]


def test_each_trial_is_a_row_in_both_formats(tmp_path: Path, mixed: list[TrialResult]) -> None:
    export({trial.trial_id: trial for trial in mixed}, tmp_path)
    for table in (pd.read_parquet(tmp_path / "trials.parquet"), pd.read_csv(tmp_path / "trials.csv")):
        assert list(table["trial_id"]) == [trial.trial_id for trial in mixed]
        assert list(table["status"]) == ["completed", "diverged", "failed", "completed", "completed"]
        assert table["reason"][2] == 'killed, "hard"\nby the system'
        assert list(table["seed"]) == [0, 1, 2, 3, 4]
        assert list(table["optimizer.lr"][:4]) == [0.01, 0.01, 0.01, 1.0]
        assert table["optimizer.betas"][0] == "[0.9, 0.999]"
        assert table["model.width"][4] in ("8", 8)
        assert list(table["epochs"]) == [3, 3, 0, 3, 3]
        assert table["selected_epoch"][0] == 2
        assert table["test_accuracy"][0] == 0.984
        assert table["provenance.torch"][0] == "2.8.0"


def test_what_a_trial_does_not_have_is_null_and_not_nan(tmp_path: Path, mixed: list[TrialResult]) -> None:
    export(mixed, tmp_path)
    columns = parquet.read_table(tmp_path / "trials.parquet").to_pydict()
    assert columns["test_loss"][2] is None
    assert math.isnan(columns["test_loss"][1])
    assert columns["optimizer.lr"][4] is None
    assert columns["selected_epoch"] == [2, None, None, 2, 2]
    assert columns["engine.epochs"] == [3, 3, 3, None, 5]


def test_curves_have_a_row_per_trial_and_epoch(tmp_path: Path, mixed: list[TrialResult]) -> None:
    export(mixed, tmp_path)
    curves = pd.read_parquet(tmp_path / "curves.parquet")
    assert len(curves) == 12
    diverged = curves[curves["trial_id"] == mixed[1].trial_id]
    assert list(diverged["epoch"]) == [1, 2, 3]
    assert math.isinf(diverged["gradient_norm"].iloc[2])
    assert curves["val_metric"].iloc[1] == mixed[0].epochs[1].val_metric


def test_nothing_stored_makes_empty_tables_with_columns(tmp_path: Path) -> None:
    for path in export({}, tmp_path / "new"):
        assert path.stat().st_size > 0
    assert "trial_id" in pd.read_csv(tmp_path / "new" / "trials.csv").columns


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, mixed: list[TrialResult]) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match="file"):
        export(mixed, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"
