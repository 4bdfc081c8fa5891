"""docs/catalogue.md, made from the specs: `python -m suite.report.catalogue_document` from the project's root."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from suite.report.markdown import escape, tidy, yaml_value
from suite.spec.ablation import FOLDER, Ablation, find_ablations, load_ablation
from suite.spec.metrics import METRICS
from suite.trial_result import Value

_PATH = Path("docs/catalogue.md")
_INTRODUCTION = (
    "Every tip with the ablation that tests it, made from `ablations/*.yaml` by "
    "`python -m suite.report.catalogue_document`. What your own results say of them: `suite list`.\n\n"
    "Sources, with the tip's place in them: A (engineering) and B (short notes) are answers to "
    "[深度学习调参有哪些技巧？](https://www.zhihu.com/question/25097993); C is "
    "[an answer by 时间旅客](https://www.zhihu.com/question/41631631/answer/1129785528)."
)
_EXPECTATIONS = {
    "better": "does better than",
    "worse": "does worse than",
    "same": "is practically the same as",
    "not_better": "does no better than",
    "not_worse": "does no worse than",
    "different": "does better or worse than",
}


def document(ablations: Iterable[Ablation]) -> str:
    """A table of all tips, then a section for each, as Markdown."""
    listed = sorted(ablations, key=lambda ablation: ablation.id)
    rows = [f"| [{item.id}](#{item.id}) | {escape(item.tip)} | {escape(item.source)} |" for item in listed]
    table = ["| ablation | tip | source |", "| --- | --- | --- |", *rows]
    sections = ["\n".join(_section(item)) for item in listed]
    return tidy("\n\n".join(["# The catalogue", _INTRODUCTION, "\n".join(table), *sections]))


def _section(ablation: Ablation) -> Iterator[str]:
    yield f"## {ablation.id}"
    yield f"**{escape(ablation.tip)}** ({escape(ablation.source)})"
    yield f"\n> {escape(ablation.quote)}"
    if ablation.translation:
        yield f">\n> *{escape(ablation.translation)}*"
    if ablation.remarks:
        yield f"\n{escape(ablation.remarks)}"
    places = [f"{scale}: {', '.join(names)}" for scale, names in ablation.workloads.items()]
    yield f"\nWorkloads: {escape('; '.join(places))}."
    if ablation.settings:
        yield f"All arms: {_changes(ablation.settings)}."
    yield "\n| arm | settings over the workload's own | tuned |"
    yield "| --- | --- | --- |"
    for arm, changes in ablation.arms.items():
        tuned = "; ".join(f"`{key}` in {', '.join(map(str, values))}" for key, values in ablation.swept(arm).items())
        only = _changes(ablation.tuned_with.get(arm, {}))
        tuned = (tuned or "nothing") + (f"; tuning trials with {only}" if only else "")
        yield f"| {escape(arm)} | {_changes(changes) or 'none'} | {tuned} |"
    if ablation.unequal_budgets:
        yield f"\nBudgets are unequal on purpose: {escape(ablation.unequal_budgets)}."
    yield "\nThe tip says:"
    for name, claim in ablation.claims.items():
        primary = " (primary)" if claim.primary else ""
        sides = f"`{claim.variant}` {_EXPECTATIONS[claim.expect]} `{claim.reference}`"
        yield f"- {escape(name)}{primary}: {sides} in {METRICS[claim.metric].label}"


def _changes(changes: Mapping[str, Value]) -> str:
    return ", ".join(f"`{key}: {yaml_value(value)}`" for key, value in changes.items())


if __name__ == "__main__":
    _PATH.write_text(document(map(load_ablation, map(str, find_ablations(FOLDER)))), encoding="utf-8")
