"""`suite check`: what it shows, what it finds wrong, and what bad input gets."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT, Suite


def test_a_healthy_arm_is_shown_and_exits_with_0(suite: Suite, folder: Path) -> None:
    done = suite("check", "small", "--arm", "plain")
    assert done.returncode == 0, done.stderr + done.stdout
    for words in ("32 × 1 × 8 × 8", "64 × 1 × 16 × 16", "16 × 8 × 8", "13,706", "ln(10) = 2.303", "nothing is wrong"):
        assert words in done.stdout
    picture = folder / "results/checks/small-plain-digits_cnn-quick.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture.relative_to(folder)) in done.stdout.replace("\n", "")


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        (
            "digits_rows_lstm",
            ["32 × 8 × 8 (float32): examples × places × channels", "8 places each", "8 × 32", "curves"],
        ),
        ("docstrings_lstm", ["examples × places", "of texts with like words share one", "<unk>", "ln(6) = 1.792"]),
        (
            "topics_lm",
            ["32 × 64 (int16)", "100% of places have the symbol that follows", "␣", "per place", "no state is carried"],
        ),
    ],
)
def test_sequences_are_shown_for_what_they_are(suite: Suite, folder: Path, workload: str, words: list[str]) -> None:
    done = suite("check", workload)
    assert done.returncode == 0, done.stderr + done.stdout
    for word in (*words, "nothing is wrong"):
        assert word in done.stdout
    pictures = [path.name for path in (folder / "results/checks").glob("*.png")]
    assert pictures == ([f"{workload}-quick.png"] if "curves" in words else [])


def test_examples_of_a_text_are_part_of_the_json(suite: Suite) -> None:
    done = suite("check", "topics_lm", "--json")
    (document,) = json.loads(done.stdout)
    assert document["picture"] is None
    assert [label for label, _ in document["examples"][:2]] == ["input", "target"]
    assert document["examples"][0][1][1:] == document["examples"][1][1][:-1]
    assert document["measured"]["data"]["kind"] == "text"


def test_one_s_own_data_and_network_are_checked_as_the_documentation_has_them(suite: Suite, folder: Path) -> None:
    page = (PROJECT / "docs/ablations.md").read_text(encoding="utf-8").split("## Your own data and network")[1]
    (folder / "pets").mkdir()
    written = re.findall(r"```(?:python|yaml)\n(.*?)```", page, re.DOTALL)
    for name, text in zip(("pets/data.py", "pets/net.py", "my_pets.yaml"), written, strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    draws = np.random.default_rng(0)
    labels, test_labels = draws.integers(0, 2, 800), draws.integers(0, 2, 100)
    pool, test = (
        (draws.integers(0, 80, (len(part), 12, 12, 3)) + 160 * part[:, None, None, None]).astype(np.uint8)
        for part in (labels, test_labels)
    )
    np.savez(folder / "my_images.npz", x=pool, y=labels, test_x=test, test_y=test_labels)
    refused, done = suite("check", "my_pets.yaml"), suite("check", "my_pets.yaml", "--allow-code")
    assert refused.returncode == 2
    assert "pass --allow-code" in refused.stderr
    assert done.returncode == 0, done.stderr + done.stdout
    assert "32 × 3 × 12 × 12" in done.stdout


def test_a_rate_100_times_too_high_is_said_and_exits_with_1(suite: Suite) -> None:
    done = suite("check", "small", "--arm", "wild")
    assert done.returncode == 1, done.stderr + done.stdout
    assert "the rate is too high → lower optimizer.lr to 0.03" in done.stdout


def test_json_is_json_and_nothing_else(suite: Suite) -> None:
    done = suite("check", "digits_cnn", "--json")
    assert done.returncode == 0, done.stderr
    (document,) = json.loads(done.stdout)
    assert document["wrong"] is False
    assert document["measured"]["model"]["output"] == [10]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["small", "--arm", "plane"], "unknown arm 'plane'; accepted: plain, twin, wild (did you mean 'plain'?)"),
        (["digit_cnn"], "neither an ablation nor a workload"),
        (["digits_cnn", "--arm", "plain"], "workloads have no arms"),
        (["small", "--scale", "standard"], "has no scale 'standard'"),
        (["small", "--scale", "tiny"], "--scale tiny: accepted: quick, standard, full"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(suite: Suite, arguments: list[str], message: str) -> None:
    done = suite("check", *arguments)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"tip: caf\xe9\narms:\n  a: {}\n", "is not UTF-8 (byte 0xe9 at position 8)"),
        (b"- arms:\n", "must be a mapping"),
        (b"tip: a\narm: {a: {}}\n", "did you mean 'arms'?"),
        (b"# arms: of an ablation\nlicence: none\n", "description: is missing"),
    ],
)
def test_a_file_is_judged_as_what_its_keys_say_it_is(suite: Suite, folder: Path, content: bytes, message: str) -> None:
    (folder / "odd.yaml").write_bytes(content)
    done = suite("check", "odd.yaml")
    assert done.returncode == 2, done.stdout
    assert message in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


def test_a_results_folder_that_cannot_be_is_refused_before_anything_is_computed(suite: Suite, folder: Path) -> None:
    (folder / "taken").write_text("a file")
    done = suite("check", "digits_cnn", "--results", "taken")
    assert done.returncode == 2, done.stdout
    assert "taken" in done.stderr
    assert done.stdout == ""
