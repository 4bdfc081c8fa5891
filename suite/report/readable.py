"""Tokens as a person reads them, on a terminal or a page."""

from collections.abc import Iterable, Sequence

_SIGNS = {"\n": "⏎", "\t": "⇥", " ": " "}


def readable(tokens: Iterable[int], vocabulary: Sequence[str], separator: str) -> str:
    """The text, padding left out; numbers that stand for nothing in angle brackets."""
    words = (vocabulary[token] if 0 <= token < len(vocabulary) else f"<{token}>" for token in tokens if token)
    return visible(separator.join(words))


def visible(text: str) -> str:
    """On one line, and nothing in it that steers a terminal or turns the direction of writing."""
    return "".join(_SIGNS.get(sign) or (sign if sign.isprintable() else ascii(sign)[1:-1]) for sign in text)


def symbol(sign: str) -> str:
    """A word or character that stands alone: a space is to be seen."""
    return "␣" if sign == " " else visible(sign)


def clipped(text: str, longest: int) -> str:
    """Its beginning, with an ellipsis where something is missing."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
