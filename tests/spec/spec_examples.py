"""Small valid specs for these tests to change in one place."""

from pathlib import Path

from suite.spec.ablation import Ablation, load_ablation
from suite.spec.design import Design
from suite.spec.workload import load_workload

TEXT = """\
tip: Batch normalisation helps
quote: 建议搭建自己网络的时候尽量加上BN
source: A4
workloads: {{quick: {workloads}}}
settings: {settings}
arms: {arms}
sweep: {sweep}
tuning: {tuning}
tuned_with: {tuned_with}
claims: {{bn_helps: {{variant: bn, reference: plain, metric: test_accuracy, expect: better, primary: true}}}}
"""
DEFAULTS = {
    "workloads": "[digits_cnn, glyphs_cnn]",
    "settings": "{}",
    "arms": "{plain: {model.norm: none}, bn: {model.norm: batch}}",
    "sweep": "{optimizer.lr: [0.01, 0.03]}",
    "tuning": "shared",
    "tuned_with": "{}",
}


def write(folder: Path, name: str = "example", **changes: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(TEXT.format(**DEFAULTS | changes), encoding="utf-8")
    return path


def ablation(folder: Path, name: str = "example", *, allow_code: bool = False, **changes: str) -> Ablation:
    return load_ablation(str(write(folder, name, **changes)), allow_code=allow_code)


def design(folder: Path, name: str = "example", *, max_pairs: int | None = None, **changes: str) -> Design:
    spec = ablation(folder, name, **changes)
    workloads = tuple(load_workload(item) for item in spec.workloads_at("quick"))
    return Design(
        ablation=spec,
        scale="quick",
        workloads=workloads,
        device="cpu",
        fingerprints={item.id: f"data of {item.id}" for item in workloads},
        max_pairs=max_pairs,
    )
