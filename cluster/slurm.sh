#!/usr/bin/env bash
# suite on Slurm: a Ray cluster for the length of one job. Submit it in the project's folder, on a shared file system:
#   sbatch cluster/slurm.sh bn_vs_dropout --scale full
# What follows the script's name goes to `suite run`. Submitted again, it goes on where it stopped.
#SBATCH --job-name=suite
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --gpus-per-node=1
#SBATCH --exclusive
#SBATCH --time=08:00:00
#SBATCH --output=results/slurm-%j.log
# --ntasks-per-node: one Ray node per machine. --exclusive: `ray symmetric-run` ends with `ray stop`, which stops all that
# this user has of Ray on a machine, other jobs' too.
set -euo pipefail

if [ "$#" -eq 0 ]; then
  echo "usage: sbatch cluster/slurm.sh ABLATION... [OPTIONS OF suite run]" >&2
  exit 2
fi

export PATH="$PWD/.venv/bin:$PATH"
export RAY_TMPDIR="/tmp/suite-$SLURM_JOB_ID"                  # /tmp/ray may be another user's
export SUITE_CACHE="${SUITE_CACHE:-/tmp/suite-cache-$USER}"   # prepared data, once per machine

# A token for this job alone, in a folder that all nodes see and only this user may enter.
private=$(mktemp -d "$HOME/.suite-$SLURM_JOB_ID-XXXXXX")
trap 'rm -rf "$private"; srun rm -rf "$RAY_TMPDIR"' EXIT
python -c 'import secrets; print(secrets.token_hex(32))' > "$private/token"
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH="$private/token"

# This script runs on the first node, which becomes the head. Where that has several networks, HEAD_IP picks one.
address="${HEAD_IP:-$(hostname -I | cut -d ' ' -f 1)}:6379"
export RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=300             # seconds; nodes of a busy file system start slowly

# Starts Ray on every node, runs the command on the head, stops Ray on every node; exits as the command did.
# shellcheck disable=SC2016  # $0 and $@ are for the inner shell
srun --kill-on-bad-exit=1 ray symmetric-run --address "$address" --min-nodes "$SLURM_JOB_NUM_NODES" \
  --num-cpus "$SLURM_CPUS_PER_TASK" --num-gpus "$SLURM_GPUS_ON_NODE" --dashboard-host 127.0.0.1 --disable-usage-stats -- \
  bash -c 'touch "$0" && exec suite run "$@"' "$private/started" --address "$address" --gpus-per-trial 1 "$@"

# symmetric-run exits with 0 where Ray itself did not start.
if [ ! -e "$private/started" ]; then
  echo "Ray did not start; the lines above say why" >&2
  exit 1
fi
