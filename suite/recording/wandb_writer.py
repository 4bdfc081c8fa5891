"""The process that writes W&B runs: `python -m suite.recording.wandb_writer RESULTS PROJECT`.

Reads one run per line (wandb_runs.WandbRun as JSON) from stdin and answers each on stdout with `ok FOLDER` or
`error REASON`. A process of its own, because whatever W&B does here (threads, exit hooks, waiting) must never reach
the run; it always writes offline files and never uses a network. The only `import wandb`.
"""

import contextlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

_NICE = 5


def main(root: Path, project: str) -> None:
    """Until stdin ends."""
    lines, answers = _private_pipes()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    for line in lines:
        try:
            answer = f"ok {_write(root, project, json.loads(line))}"
        except Exception as error:
            reason = " ".join(str(error).split())
            answer = f"error {type(error).__name__}: {reason}"
        answers.write(answer + "\n")
        answers.flush()


def _private_pipes() -> tuple[Any, Any]:
    """Our stdin and stdout under other numbers; W&B's own service gets neither, and prints to nowhere."""
    pipes = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return pipes


def _write(root: Path, project: str, record: dict[str, Any]) -> str:
    """One offline run; returns its folder's name. Earlier attempts at the same run are removed."""
    import wandb

    for folder in (root / "wandb").glob(f"offline-run-*-{record['id']}"):
        shutil.rmtree(folder, ignore_errors=True)
    run = wandb.init(
        project=project,
        mode="offline",
        id=record["id"],
        name=record["name"],
        group=record["group"],
        job_type=record["job_type"],
        tags=record["tags"],
        config=record["config"],
        reinit="create_new",
        settings=_settings(wandb, root),
    )
    folder = Path(run.dir).parent
    for point in record["history"]:
        run.log(point, step=point["epoch"])
    media: dict[str, Any] = {f"figures/{name}": wandb.Image(path) for name, path in record["images"].items()}
    if record["columns"]:
        media["verdicts"] = wandb.Table(columns=record["columns"], data=record["rows"])
    if media:
        run.log(media)
    run.summary.update(record["summary"])
    run.finish()
    return _tidied(folder, root)


def _settings(wandb: Any, root: Path) -> Any:
    """Nothing of the machine, the person, the code or the console; no symlinks. Cheap: 20 ms per run."""
    return wandb.Settings(
        root_dir=str(root),
        symlink=False,
        silent=True,
        console="off",
        disable_code=True,
        disable_git=True,
        host="",
        program="",
        x_executable="",
        x_disable_machine_info=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_save_requirements=False,
    )


def _tidied(folder: Path, root: Path) -> str:
    """Without W&B's logs, which hold paths. Raises OSError if W&B wrote somewhere else, or nothing."""
    if folder.parent.resolve() != (root / "wandb").resolve():
        shutil.rmtree(folder, ignore_errors=True)
        raise OSError(f"{root / 'wandb'} cannot be written")
    if not any(file.stat().st_size for file in folder.glob("*.wandb")):
        raise OSError(f"{folder} holds no run")
    for name in ("logs", "tmp"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return folder.name


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        main(Path(sys.argv[1]), sys.argv[2])
