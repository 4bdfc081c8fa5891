import pytest

from suite.report.readable import clipped, readable, symbol, visible

WORDS = ("<pad>", "<unk>", "a", "<script>", "\x1b[2J", "line\nend", "\u202eturned", "猫 ")


@pytest.mark.parametrize(
    ("tokens", "separator", "text"),
    [
        ([2, 3, 0, 0], " ", "a <script>"),
        ([2, 1, 2], "", "a<unk>a"),
        ([4, 5, 6], " ", "\\x1b[2J line⏎end \\u202eturned"),
        ([7, 99, -3], "|", "猫 |<99>|<-3>"),
        ([], " ", ""),
    ],
)
def test_tokens_become_one_line_that_steers_nothing(tokens: list[int], separator: str, text: str) -> None:
    assert readable(tokens, WORDS, separator) == text


def test_what_is_shown_is_printable_and_long_text_is_cut() -> None:
    everything = "".join(map(chr, range(0x3000)))
    assert visible(everything).isprintable()
    assert [symbol(sign) for sign in (" ", "\n", "\t", "é")] == ["␣", "⏎", "⇥", "é"]
    assert clipped("abcdef", 6) == "abcdef"
    assert clipped("abcdefg", 6) == "abcde…"
