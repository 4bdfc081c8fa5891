"""Commands that train nothing: what they print, and what bad input gets."""

import json
from pathlib import Path

import pytest
from conftest import PROJECT, SMALL, Suite

import suite as package


def test_version_and_help(suite: Suite) -> None:
    assert suite("--version").stdout.strip() == f"suite {package.__version__}"
    for arguments in (["-h"], ["run", "-h"], ["data", "-h"]):
        done = suite(*arguments)
        assert done.returncode == 0
        assert "Usage" in done.stdout


def test_plan_says_what_a_run_would_do_and_runs_nothing(suite: Suite, folder: Path) -> None:
    done = suite("plan", "small")
    assert done.returncode == 0, done.stderr
    for words in ("plain", "wild", "digits_cnn, glyphs_cnn", "0 trials stored", "5 pairs", "20 pairs"):
        assert words in done.stdout
    assert not (folder / "results").exists()


def test_plan_as_json_is_json_and_nothing_else(suite: Suite) -> None:
    (facts,) = json.loads(suite("plan", "small", "--json").stdout)
    assert facts["trials_left"] == [2 * 2 * 3 + 2 * 2 * 5, 2 * 2 * 3 + 2 * 2 * 20]
    assert facts["looks"] == [5, 10, 20]
    # the workload's guess, by what a trial of the ablation passes of what one of the workload's does
    digits, glyphs = (
        guess * 2 * (400 + validation / 3) / (epochs * (train + validation / 3))
        for guess, epochs, train, validation in ((0.4, 12, 700, 200), (0.8, 8, 2500, 600))
    )
    assert facts["seconds_left"] == pytest.approx([count * (digits + glyphs) / 2 for count in (2 * 8, 2 * 23)])
    first = facts["claims"]["wild_is_worse"][0]
    assert first["pairs"] == 5
    assert first["margins"] is None


def test_what_has_no_such_scale_is_left_out_of_many_and_said(suite: Suite, folder: Path) -> None:
    other = SMALL.replace("quick: [digits_cnn, glyphs_cnn]", "standard: [fashion_cnn]")
    (folder / "ablations" / "real.yaml").write_text(other)
    done = suite("plan", "small", "real", "--json")
    assert [facts["ablation"] for facts in json.loads(done.stdout)] == ["small"]
    assert done.stderr == "left out, having no scale quick: real\n"


def test_show_resolves_each_arm_and_puts_the_differences_first(suite: Suite) -> None:
    lines = suite("show", "small").stdout.splitlines()
    rows = [line for line in lines if "optimizer.lr" in line or "engine.epochs" in line]
    assert "optimizer.lr" in rows[0]
    assert "3.0" in rows[0]
    settings = json.loads(suite("show", "small", "--json").stdout)["digits_cnn"]
    assert settings["plain"]["optimizer.lr"] == 0.03
    assert settings["wild"]["optimizer.lr"] == 3.0
    assert settings["plain"]["engine.epochs"] == 2


def test_list_names_every_ablation_and_its_claims(suite: Suite) -> None:
    done = suite("list")
    assert done.returncode == 0, done.stderr
    assert "small" in done.stdout
    assert "wild_is_worse (primary)" in done.stdout
    assert "not run yet" in done.stdout


def test_schema_is_json_schema(suite: Suite) -> None:
    for kind in ("ablation", "workload"):
        assert json.loads(suite("schema", kind).stdout)["type"] == "object"


def test_data_list_names_sets_workloads_and_licences(suite: Suite) -> None:
    done = suite("data", "list")
    for words in ("digits", "glyphs_cnn", "fashion_mnist", "CC BY 4.0"):
        assert words in done.stdout


def test_a_misspelt_results_folder_is_said_and_not_made(suite: Suite, folder: Path) -> None:
    done = suite("report", "small", "--results", "resutls")
    assert done.returncode == 2
    assert done.stderr.startswith("error: --results resutls: there is no such folder")
    assert not (folder / "resutls").exists()


def test_report_of_nothing_is_a_page_that_says_so(suite: Suite, folder: Path) -> None:
    (folder / "results").mkdir()
    done = suite("report", "small")
    assert done.returncode == 0, done.stderr
    assert (folder / "results/reports/small/quick/index.html").exists()
    assert "undecided" in done.stdout


def test_publishing_names_what_it_takes_out(suite: Suite, folder: Path) -> None:
    (folder / "results").mkdir()
    (folder / "published").mkdir()
    record = json.loads((PROJECT / "results/reference/quick.json").read_text(encoding="utf-8"))
    entry = {**record["ablations"][0], "id": "small"}
    study = {**record["studies"][0], "ablations": ["small"]}
    published = folder / "published" / "quick.json"
    published.write_text(json.dumps({**record, "ablations": [entry], "studies": [study]}))
    done = suite("report", "small", "--publish", "published")
    assert done.returncode == 0, done.stderr
    assert "small: claims or trains something else now than was published of it; taken out of published" in done.stderr
    assert json.loads(published.read_text(encoding="utf-8"))["ablations"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "smal"], "unknown ablation 'smal'; accepted: small (did you mean 'small'?)"),
        (["run", "small", "--scale", "standard"], "has no scale 'standard'"),
        (["run", "small", "--scale", "tiny"], "tiny"),
        (["run", "small", "--results", "ablations/small.yaml"], "ablations/small.yaml: a file is where"),
        (["repro", "abcdef"], "no trial with an id that begins with 'abcdef'"),
        (["data", "prepare", "cifar11"], "data set 'cifar11': not known; accepted: cifar10"),
        (["run", "small", "--gpus-per-trial", "1"], "--gpus-per-trial 1: no node has 1 CPU and 1 GPU"),
        (
            ["run", "small", "--cpus-per-trial", "999"],
            "--cpus-per-trial 999: no node has 999 CPU for a trial: the most that one has is",
        ),
        (["run", "small", "--address", "127.0.0.1:1"], "--address 127.0.0.1:1: no Ray cluster answers there"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(suite: Suite, arguments: list[str], message: str) -> None:
    done = suite(*arguments, WANDB_API_KEY="", RAY_AUTH_MODE="disabled")
    assert done.returncode == 2, done.stderr
    assert message in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


def test_every_problem_of_every_file_is_told_at_once(suite: Suite, folder: Path) -> None:
    (folder / "ablations/other.yaml").write_text(SMALL.replace("model.norm: none}", "model.nrom: none}"))
    (folder / "ablations/third.yaml").write_text(SMALL.replace("reference: plain", "reference: plane"))
    done = suite("run", "ablations/other.yaml", "ablations/third.yaml")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert any("other.yaml: arms.plain.model.nrom" in line and "did you mean 'norm'" in line for line in lines)
    assert any("third.yaml: claims.wild_is_worse.reference" in line for line in lines)
    assert not (folder / "results").exists()
