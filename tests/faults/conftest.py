"""Every test here harms a real cluster on this machine, so each has one of its own."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

pytest.register_assert_rewrite("fault_kit")

from fault_kit import (  # noqa: E402 - once pytest knows of its asserts
    PACE,
    SUITE,
    Nodes,
    Outcome,
    Run,
    StartNodes,
    StartRun,
    environment,
    flag,
    make_folder,
)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def undisturbed(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The same seeds where nothing happens, on a Ray of its own."""
    folder = make_folder(tmp_path_factory.mktemp("undisturbed"))
    with closing(Run(folder, environment(folder, cache), "--wandb", "off")) as run:
        outcome = run.finish()
    assert outcome.code == 0, outcome.said
    assert not outcome.retries
    assert len(outcome.results) >= 8, "enough for a fault to fall among them"
    return outcome


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With trials that last a while, so that they can be struck while they run."""
    made = make_folder(tmp_path)
    flag(made, "pace", PACE)
    return made


@pytest.fixture
def start_nodes(folder: Path, cache: Path) -> Iterator[StartNodes]:
    """A head and `workers` nodes of `cpus` each; `more` is environment."""
    with ExitStack() as stack:

        def start(*, workers: int = 2, cpus: int = 1, **more: str) -> Nodes:
            nodes = stack.enter_context(closing(Nodes(environment(folder, cache, **more), folder / "nodes.txt")))
            for _ in range(workers):
                nodes.add(cpus)
            return nodes

        yield start


@pytest.fixture
def start_run(folder: Path, cache: Path) -> Iterator[StartRun]:
    """`suite run tiny` with further options; `program` is what stands for `suite`, `more` is environment."""
    with ExitStack() as stack:

        def start(*options: str, wandb: str = "off", program: Sequence[str] = SUITE, **more: str) -> Run:
            env = environment(folder, cache, **more)
            return stack.enter_context(closing(Run(folder, env, "--wandb", wandb, *options, program=program)))

        yield start
