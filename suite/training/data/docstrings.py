"""From which library's documentation is a paragraph? Real English of 8 to 256 words, bundled by being installed.

The docstrings of six libraries that this package needs anyway. They are read from the sources, nothing is imported;
the libraries' own names are hidden. Other versions of the libraries have somewhat other texts.
"""

import ast
import hashlib
import importlib.util
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch

from suite.training import text
from suite.training.arguments import NonNegativeInt, PositiveInt
from suite.training.data_cache import Dataset
from suite.training.fetch import Fetch

LIBRARIES = ("matplotlib", "numpy", "pandas", "scipy", "sklearn", "torch")
_NAMES = {*LIBRARIES, "mpl", "pyplot", "plt", "np", "pd", "scikit", "pytorch", "aten", "ndarray", "tensor", "dataframe"}
_FEWEST_WORDS, _MOST_TOKENS = 8, 256
_SPARE = 1.3
"""How many more paragraphs are read than asked for: some occur in two libraries, and are left out."""
_CODE = (">>>", "----", "::", "====")


def build(
    fetch: Fetch,
    *,
    pool_examples: PositiveInt = 6000,
    test_examples: PositiveInt = 6000,
    vocabulary: PositiveInt = 4000,
    seed: NonNegativeInt = 0,
) -> Dataset:
    """As many of each library. The vocabulary is that of the pool. Paragraphs are all different, but may be alike.

    Raises ValueError if a library has too few.
    """
    count = pool_examples + test_examples
    each = -(-count // len(LIBRARIES))
    found = {library: _paragraphs(library, round(_SPARE * each)) for library in LIBRARIES}
    libraries = Counter(paragraph for paragraphs in found.values() for paragraph in paragraphs)
    pairs = []
    for label, library in enumerate(LIBRARIES):
        own = [paragraph for paragraph in found[library] if libraries[paragraph] == 1][:each]
        if len(own) < each:
            raise ValueError(f"data: docstrings finds {len(own)} paragraphs in {library}, {each} are asked for")
        pairs += [(paragraph, label) for paragraph in own]
    order = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(seed)).tolist()[:count]
    texts = [pairs[row][0].split(" ") for row in order]
    labels = torch.tensor([pairs[row][1] for row in order])
    known = text.vocabulary(texts[:pool_examples], size=vocabulary)
    inputs = text.encode(texts, known)
    pool, test = slice(0, pool_examples), slice(pool_examples, count)
    return Dataset(inputs[pool], labels[pool], inputs[test], labels[test], LIBRARIES, vocabulary=known)


def _paragraphs(library: str, wanted: int) -> dict[str, None]:
    """Different pieces of prose from the library's docstrings, files in an order that their names' digests give."""
    spec = importlib.util.find_spec(library)
    root = Path(str(spec and spec.origin)).parent
    names = [path.relative_to(root).as_posix() for path in root.rglob("*.py") if "test" not in path.name]
    names = sorted((name for name in names if "/tests/" not in name), key=lambda n: hashlib.sha256(n.encode()).digest())
    paragraphs: dict[str, None] = {}
    for name in names:
        if len(paragraphs) >= wanted:
            break
        paragraphs |= dict.fromkeys(_of_file(root / name))
    return paragraphs


def _of_file(path: Path) -> Iterator[str]:
    """Each paragraph as its words, the libraries' names hidden: those that differ in nothing else are then the same."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return  # a template, not a module
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            for paragraph in re.split(r"\n\s*\n", ast.get_docstring(node) or ""):
                prose = not any(sign in paragraph for sign in _CODE)
                words = [text.UNKNOWN if word in _NAMES else word for word in text.words(paragraph)]
                if prose and len(paragraph.split()) >= _FEWEST_WORDS and len(words) <= _MOST_TOKENS:
                    yield " ".join(words)
