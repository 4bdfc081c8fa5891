"""docs/catalogue.md says what the specs say."""

from pathlib import Path

from suite.report.catalogue_document import document
from suite.spec.ablation import find_ablations, load_ablation

ROOT = Path(__file__).parents[2]


def test_the_document_is_in_step_with_the_specs() -> None:
    ablations = [load_ablation(str(path)) for path in find_ablations(ROOT / "ablations")]
    kept = (ROOT / "docs/catalogue.md").read_text(encoding="utf-8")
    assert kept == document(ablations), "run: python -m suite.report.catalogue_document"


def test_a_section_gives_the_tip_in_its_own_words_every_arm_and_every_claim(tmp_path: Path) -> None:
    path = tmp_path / "tip.yaml"
    path.write_text(
        """
tip: Use | less
quote: 少用 <b>
translation: use less
source: A1
remarks: less is half
workloads: {quick: [digits_cnn]}
arms: {plain: {model.norm: none}, less: {model.widths: [4, 8]}}
sweep: {optimizer.lr: [0.01, 0.03]}
claims:
  less_is_more: {variant: less, reference: plain, metric: test_accuracy, expect: better, primary: true}
  less_is_small: {variant: less, reference: plain, metric: parameters, expect: better}
"""
    )
    text = document([load_ablation(str(path))])
    assert "| [tip](#tip) | Use \\| less | A1 |" in text
    assert "> 少用 &lt;b&gt;" in text
    assert "> *use less*" in text
    assert "\n\nless is half\n" in text
    assert "| less | `model.widths: [4, 8]` | `optimizer.lr` in 0.01, 0.03 |" in text
    assert "- less_is_more (primary): `less` does better than `plain` in test accuracy" in text
    assert "- less_is_small: `less` does better than `plain` in parameters" in text
