"""The Slurm script, read by bash and ShellCheck, and run with stand-ins for Slurm and Ray."""

import os
import subprocess
from pathlib import Path

import pytest
from cluster_files import CLUSTER, changed, program, text_of

SCRIPT = CLUSTER / "slurm.sh"
# Slurm's options for `sbatch` that the script uses, from its manual page.
SBATCH_OPTIONS = {
    "job-name", "nodes", "ntasks-per-node", "cpus-per-task", "gpus-per-node", "exclusive", "time", "output",
}  # fmt: skip
SRUN = '#!/bin/bash\nwhile [[ "$1" == --* ]]; do shift; done\nexec "$@"\n'
RAY = '#!/bin/bash\n[ -n "${RAY_BROKEN:-}" ] && exit 0\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'
SUITE = (
    '#!/bin/bash\necho "$RAY_AUTH_MODE $(stat -c %a "$(dirname "$RAY_AUTH_TOKEN_PATH")") '
    '$(wc -c < "$RAY_AUTH_TOKEN_PATH") $*"\nexit "${SUITE_EXIT:-0}"\n'
)


def _shellcheck(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("shellcheck"), "-"], input=script, capture_output=True, text=True, check=False)


def _run(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    programs = home / "bin"
    programs.mkdir()
    for name, script in {"srun": SRUN, "ray": RAY, "suite": SUITE}.items():
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    slurm = {"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "2", "SLURM_CPUS_PER_TASK": "8", "SLURM_GPUS_ON_NODE": "1"}
    return subprocess.run(
        ["bash", SCRIPT, *arguments],
        cwd=home,
        env={"HOME": str(home), "USER": "someone", "PATH": f"{programs}:{os.environ['PATH']}", **slurm, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_bash_and_shellcheck_read_the_script() -> None:
    assert subprocess.run(["bash", "-n", SCRIPT], check=False).returncode == 0
    checked = _shellcheck(text_of("slurm.sh"))
    assert checked.returncode == 0, checked.stdout


def test_shellcheck_finds_a_fault() -> None:
    checked = _shellcheck(changed(text_of("slurm.sh"), '"$private/token"', "$private/token"))

    assert checked.returncode == 1
    assert "SC2086" in checked.stdout


def test_slurm_options_are_read_and_known() -> None:
    lines = text_of("slurm.sh").splitlines()
    options = [line.removeprefix("#SBATCH --").split("=")[0] for line in lines if line.startswith("#SBATCH")]
    first_command = next(i for i, line in enumerate(lines) if line and not line.startswith("#"))

    assert set(options) == SBATCH_OPTIONS
    assert all(
        i < first_command for i, line in enumerate(lines) if line.startswith("#SBATCH")
    )  # else sbatch skips them


@pytest.mark.parametrize("code", [0, 2, 130])
def test_exit_code_is_that_of_the_run(tmp_path: Path, code: int) -> None:
    assert _run(tmp_path, "bn_vs_dropout", SUITE_EXIT=str(code)).returncode == code


def test_run_gets_the_address_what_was_asked_for_and_a_token_that_goes_with_the_job(tmp_path: Path) -> None:
    said = _run(tmp_path, "bn_vs_dropout", "--scale", "full", HEAD_IP="10.0.0.10").stdout.strip()

    wanted = "run --address 10.0.0.10:6379 --gpus-per-trial 1 bn_vs_dropout --scale full"
    assert said == f"token 700 65 {wanted}"
    assert list(tmp_path.glob(".suite*")) == []


def test_job_fails_where_ray_did_not_start(tmp_path: Path) -> None:
    ended = _run(tmp_path, "bn_vs_dropout", RAY_BROKEN="yes")

    assert (ended.returncode, ended.stderr) == (1, "Ray did not start; the lines above say why\n")


def test_no_ablation_is_a_wrong_call(tmp_path: Path) -> None:
    assert _run(tmp_path).returncode == 2
