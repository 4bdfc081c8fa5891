"""Sequences: what is padding has no part in anything, states are carried over, sizes and starts are what was asked."""

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from tiny import SERIES, TEXT, TOKENS, random_series, random_text, random_tokens, run, trial
from torch import Tensor, nn
from torch.nn import functional

from suite.training import padding, text
from suite.training.batches import Carried, scoring_batches, streams
from suite.training.build import build_model
from suite.training.cost import cost
from suite.training.examples import Examples
from suite.training.init import recurrent
from suite.training.loss import cross_entropy
from suite.training.model import rnn
from suite.training.order import by_length
from suite.training.order import streams as streams_order
from suite.training.preprocess import cut, standardize_series
from suite.training.recurrent import LayerNormLSTM
from suite.training.rows import split_rows
from suite.training.streams import stream
from suite.training.task import continuation

CELLS = ("lstm", "gru", "tanh", "layer_norm_lstm")


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def tokens(n: int = 6, length: int = 9) -> Tensor:
    """Of length 1 to `length`."""
    drawn = torch.randint(1, 30, (n, length), generator=generator())
    drawn[torch.arange(length) >= torch.linspace(1, length, n).round()[:, None]] = 0
    return drawn


def network(**changes: Any) -> nn.Module:
    torch.manual_seed(0)
    return rnn.build((30,), 5, **{"embedding": 8, "hidden": 12, **changes})


def training_gradients(model: nn.Module, inputs: Tensor) -> list[Tensor]:
    torch.manual_seed(1)
    model.train()
    model.zero_grad()
    model(inputs).square().sum().backward()
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]


# ----------------------------------------------------------------------------------------------------- padding


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_scores_do_not_depend_on_padding(cell: str, pooling: str, bidirectional: bool) -> None:
    model, inputs = network(cell=cell, pooling=pooling, bidirectional=bidirectional, layers=2).eval(), tokens()
    padded = model(padding.of_length(inputs, 15))
    assert torch.allclose(model(inputs), padded, atol=1e-6)
    alone = torch.cat([model(row[row != 0][None]) for row in inputs])
    assert torch.allclose(alone, padded, atol=1e-6)


def test_the_last_of_both_directions_is_what_torch_ends_with() -> None:
    model, inputs = network(bidirectional=True).eval(), tokens()
    theirs = nn.LSTM(8, 12, batch_first=True, bidirectional=True)
    there, back = (model.get_submodule(f"recurrent1.{name}.cell").state_dict() for name in ("forwards", "backwards"))
    theirs.load_state_dict(there | {f"{name}_reverse": value for name, value in back.items()})
    embedded = model.get_submodule("embedding")(inputs)
    packed = nn.utils.rnn.pack_padded_sequence(
        embedded, (inputs != 0).sum(dim=1), batch_first=True, enforce_sorted=False
    )
    hidden = theirs(packed)[1][0]
    expected = model.get_submodule("output")(torch.cat([hidden[0], hidden[1]], dim=1))
    assert torch.allclose(model(inputs), expected, atol=1e-6)


@pytest.mark.parametrize("norm", ["layer", "batch"])
def test_gradients_and_normalisation_do_not_depend_on_padding(norm: str) -> None:
    model = network(norm=norm, norm_at=("embedding", "between", "output"), layers=2, pooling="mean")
    inputs = tokens()
    pair = [training_gradients(model, padding.of_length(inputs, length)) for length in (9, 15)]
    for short, long in zip(*pair, strict=True):
        assert torch.allclose(short, long, atol=1e-5)


def test_series_are_padded_with_nan_and_scored_without() -> None:
    model = rnn.build((3, 10), 5, embedding=0, hidden=12).eval()
    inputs = torch.randn(4, 10, 3, generator=generator())
    inputs[1, 4:] = torch.nan
    assert torch.allclose(model(inputs)[1], model(inputs[1:2, :4])[0], atol=1e-6)
    assert padding.lengths(inputs).tolist() == [10, 4, 10, 10]  # type: ignore[union-attr]


def test_series_are_standardized_over_what_is_there() -> None:
    inputs = random_series((10, 3)).inputs
    there = standardize_series.build(inputs)(inputs)[padding.mask(inputs)]
    assert torch.allclose(there.mean(dim=0), torch.zeros(3), atol=1e-5)
    assert torch.allclose(there.std(dim=0, correction=0), torch.ones(3), atol=1e-5)


def test_a_percentile_is_the_length_that_so_many_examples_do_not_exceed() -> None:
    inputs = torch.ones(100, 100, dtype=torch.int16).tril()  # lengths 1 to 100
    assert cut.build(inputs, percentile=90.0)(inputs).shape == (100, 91)
    assert cut.build(inputs)(inputs).shape == (100, 100)
    assert cut.build(inputs, length=120)(inputs[:3]).shape == (3, 120)
    with pytest.raises(ValueError, match="needs sequences"):
        cut.build(torch.zeros(2, 4, 4, 1))


@pytest.mark.parametrize("data", [random_tokens(), random_series()])
def test_trimming_padding_changes_the_cost_and_not_the_result(data: Any) -> None:
    base = TOKENS if data.vocabulary else SERIES
    trimmed, whole = (run(data, base=base, engine__trim_padding=trim, order="by_length") for trim in (True, False))
    assert trimmed.measurements["test_loss"] == pytest.approx(whole.measurements["test_loss"], rel=1e-4)
    assert trimmed.measurements["padding_share"] < 0.1 < whole.measurements["padding_share"]
    assert trimmed.measurements["flops_per_example"] < whole.measurements["flops_per_example"]


# ------------------------------------------------------------------------------------------------------ batches


def test_batches_by_length_hold_every_example_once_and_little_padding() -> None:
    inputs = random_tokens().inputs
    examples, rows = Examples(inputs, torch.zeros(len(inputs)), 10), torch.arange(len(inputs))
    order = by_length.build(examples, rows, 32)
    first, second = order.epoch(generator(1)), order.epoch(generator(2))
    assert sorted(first.tolist()) == sorted(second.tolist()) == rows.tolist()
    assert first.tolist() != second.tolist()
    assert examples.lengths is not None
    spans = [int(part.max() - part.min()) for part in torch.split(examples.lengths[first], 32)[:-1]]
    assert max(spans) <= 2
    assert len(inputs) % 32, "so that an epoch leaves some out"
    seen = torch.cat([order.epoch(generator(seed))[: len(inputs) // 32 * 32] for seed in range(30)])
    assert sorted(set(seen.tolist())) == rows.tolist(), "no example is always left out, however long it is"
    with pytest.raises(ValueError, match="needs sequences"):
        by_length.build(Examples(torch.zeros(4, 2, 2, 1), torch.zeros(4), 2), torch.arange(4), 2)


@pytest.mark.parametrize(("examples", "wanted"), [(12, 4), (13, 4), (5, 8), (1, 1), (100, 7)])
def test_streams_hold_every_window_once_and_go_on_where_they_were(examples: int, wanted: int) -> None:
    batches = streams(examples, wanted)
    assert sorted(torch.cat(batches).tolist()) == list(range(examples))
    for before, after in pairwise(batches):
        assert torch.equal(after, before[: len(after)] + 1)


def test_examples_are_scored_by_length_and_each_once() -> None:
    lengths = torch.tensor([5, 1, 3, 2, 4])
    batches = scoring_batches(lengths, 5, 2, continues=False)
    assert [batch.tolist() for batch in batches] == [[1, 3], [2, 4], [0]]


def test_what_follows_is_scored_with_what_came_before() -> None:
    """The loss of a text in windows, the state carried over, is that of the text in one piece."""
    model = network(pooling="none").eval()
    whole = torch.randint(1, 30, (1, 60), generator=generator())
    carried = Carried(model)
    pieces = torch.cat([carried(window) for window in torch.split(whole, 12, dim=1)], dim=1)
    assert torch.allclose(pieces, model(whole), atol=1e-6)
    assert not torch.allclose(torch.cat([model(w) for w in torch.split(whole, 12, dim=1)], dim=1), pieces, atol=1e-3)


def test_only_windows_that_follow_one_another_make_streams() -> None:
    data = random_text()
    examples = Examples(data.inputs[:10], data.targets[:10], 20, 20)
    turned = torch.tensor([7, 8, 9, 0, 1, 2, 3, 4, 5, 6])
    assert streams_order.build(examples, turned, 3).epoch(generator()).tolist() == [0, 3, 6, 1, 4, 7, 2, 5, 8]
    with pytest.raises(ValueError, match="split: contiguous"):
        streams_order.build(examples, turned.flip(0), 3)
    with pytest.raises(ValueError, match="carries a state"):
        Carried(network(pooling="last"))


def test_a_contiguous_split_validates_on_what_follows_the_training_part() -> None:
    data, settings = random_text(), trial(base=TEXT).settings
    splits = [split_rows(settings, data, seed, train_examples=300, validation_examples=50) for seed in (1, 2)]
    for split in splits:
        rows = torch.cat([split.train, split.validation])
        assert torch.equal(rows, (rows[0] + torch.arange(350)) % 400)
    assert not torch.equal(splits[0].train, splits[1].train)
    official = trial(base={**TEXT, "split.drawn": False}).settings
    for train in (300, 100):
        split = split_rows(official, data, 5, train_examples=train, validation_examples=50)
        assert split.train.tolist() == list(range(train))
        assert split.validation.tolist() == list(range(350, 400)), "the published part, however much is trained on"


# ----------------------------------------------------------------------------------------- against plain torch


def test_a_language_model_is_trained_as_in_a_plain_loop_of_torch() -> None:
    data, epochs, side = random_text(), 2, 4
    wanted = trial(
        base=TEXT, engine__batch_size=side, schedule="constant", gradients="clip_norm", gradients__max_norm=0.5
    )
    result = run(
        data, base=TEXT, engine__batch_size=side, schedule="constant", gradients="clip_norm", gradients__max_norm=0.5
    )
    split = split_rows(wanted.settings, data, 3, train_examples=200, validation_examples=100)
    model: Any = build_model(wanted.settings, (20,), 20, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    lstm, rows = model.recurrent1.forwards.cell, split.train.view(side, -1)
    for epoch in range(epochs):
        state, losses = None, []
        for step in range(rows.shape[1]):
            inputs, targets = data.inputs[rows[:, step]].long(), data.targets[rows[:, step]]
            outputs, state = lstm(model.embedding(inputs), state)
            loss = functional.cross_entropy(model.output(outputs).flatten(0, 1), targets.flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
            state = tuple(part.detach() for part in state)
            losses.append(loss.item())
        assert result.epochs[epoch].train_loss == pytest.approx(sum(losses) / len(losses), rel=1e-5)
    assert result.measurements["val_perplexity"] == pytest.approx(math.exp(result.epochs[-1].val_loss))
    assert result.measurements["classes"] == 20


def test_texts_are_classified_as_in_a_plain_loop_of_torch_with_packed_sequences() -> None:
    """An epoch is a single step, so that each step's loss, gradient and validation loss are compared."""
    data, epochs = random_tokens(), 4
    changes: dict[str, Any] = {
        "schedule": "constant", "optimizer": "adam", "optimizer__lr": 0.03, "gradients": "clip_norm",
        "gradients__max_norm": 0.05, "engine__epochs": epochs, "engine__batch_size": 200,
    }  # fmt: skip
    settings, result = trial(base=TOKENS, **changes).settings, run(data, base=TOKENS, **changes)
    split = split_rows(settings, data, 3, train_examples=200, validation_examples=100)
    model: Any = build_model(settings, (50,), 10, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)

    def loss(rows: Tensor) -> Tensor:
        inputs, targets = data.inputs[rows].long(), data.targets[rows]
        lengths = (inputs != 0).sum(dim=1)
        packed = nn.utils.rnn.pack_padded_sequence(
            model.embedding(inputs), lengths, batch_first=True, enforce_sorted=False
        )
        _, (last, _) = model.recurrent1.forwards.cell(packed)
        return functional.cross_entropy(model.output(last[0]), targets)

    for record in result.epochs:
        optimizer.zero_grad()
        before = loss(split.train)
        before.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        optimizer.step()
        assert record.train_loss == pytest.approx(before.item(), rel=1e-5)
        assert record.gradient_norm == pytest.approx(norm.item(), rel=1e-4), "the norm before clipping"
        assert record.gradient_norm > 0.05
        assert record.val_loss == pytest.approx(loss(split.validation).item(), rel=1e-5)
    words = epochs * int((data.inputs[split.train] != 0).sum())
    seconds = sum(record.seconds for record in result.epochs)
    assert result.measurements["tokens_per_second"] == pytest.approx(words / seconds)


@pytest.mark.parametrize("place", ["embedding", "between", "output"])
def test_dropout_and_normalisation_stand_where_they_are_asked_for(place: str) -> None:
    model = network(layers=3, dropout=1.0, dropout_at=(place,), norm_at=(place,), pooling="mean").train()
    seen: dict[str, Tensor] = {}
    for name in ("recurrent1", "recurrent2", "recurrent3", "output"):
        model.get_submodule(name).register_forward_pre_hook(lambda _, inputs, name=name: seen.update({name: inputs[0]}))
    model(tokens())
    emptied = {name for name, values in seen.items() if not values.any()}
    wanted = {"embedding": {"recurrent1"}, "between": {"recurrent2", "recurrent3"}, "output": {"output"}}
    assert emptied == wanted[place]
    norms = {name.split(".")[0] for name, part in model.named_modules() if isinstance(part, nn.LayerNorm)}
    after = {"embedding": {"after_embedding"}, "between": {"after1", "after2"}, "output": {"after3"}}
    assert norms == after[place]


def test_a_layer_norm_lstm_without_its_norms_is_torch_s_lstm() -> None:
    torch.manual_seed(0)
    ours, theirs = LayerNormLSTM(4, 6), nn.LSTM(4, 6, batch_first=True)
    ours.norm_ih = ours.norm_hh = ours.norm_cell = nn.Identity()  # type: ignore[assignment]
    with torch.no_grad():
        theirs.bias_hh_l0.zero_()
        for name, parameter in ours.named_parameters():
            theirs.get_parameter(name).copy_(parameter)
    inputs = torch.randn(3, 7, 4)
    state = (torch.randn(1, 3, 6), torch.randn(1, 3, 6))
    for given in (None, state):
        (one, last), (other, their_last) = ours(inputs, given), theirs(inputs, given)
        assert torch.allclose(one, other, atol=1e-6)
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(last, their_last, strict=True))


def test_a_layer_norm_lstm_does_not_care_for_the_scale_of_its_inputs() -> None:
    torch.manual_seed(0)
    layer, inputs = LayerNormLSTM(4, 6), torch.randn(3, 7, 4)
    assert torch.allclose(layer(inputs)[0], layer(100 * inputs)[0], atol=1e-3)


def test_the_flops_of_a_recurrent_layer_are_counted() -> None:
    model = rnn.build((3, 10), 5, embedding=0, hidden=12)
    forward = 10 * 2 * 4 * 12 * (3 + 12) + 2 * 12 * 5
    counted = cost("lstm", model, cross_entropy.build(), torch.randn(2, 10, 3), torch.tensor([0, 1])).flops_per_example
    assert 2 * forward < counted <= 3 * forward


# -------------------------------------------------------------------------------------------- sizes and starts


@pytest.mark.parametrize(
    ("changes", "as_given"),
    [
        ({"cell": "gru", "as_many_as": "lstm"}, {"cell": "lstm"}),
        ({"layers": 3, "as_many_as_layers": 1}, {"layers": 1}),
        ({"layers": 3, "cell": "gru", "as_many_as": "lstm", "as_many_as_layers": 1}, {}),
        ({"hidden_per_embedding": 4.0}, {}),
        ({"hidden_per_embedding": 0.25}, {}),
    ],
)
@pytest.mark.parametrize("times", [1.0, 4.0])
def test_sizes_are_solved_for_as_many_parameters(
    changes: dict[str, Any], as_given: dict[str, Any], times: float
) -> None:
    sizes = {"embedding": 20, "hidden": 40}
    model, other = network(**sizes, **changes, times=times), network(**sizes, **as_given)
    counts = [sum(p.numel() for p in each.parameters()) for each in (model, other)]
    table = other.embedding.weight.numel()  # type: ignore[union-attr, operator]
    assert counts[0] == pytest.approx(table + times * (counts[1] - table), rel=0.03)


@pytest.mark.parametrize("ratio", [0.25, 1.0, 4.0])
def test_embedding_and_hidden_keep_the_ratio_that_is_asked_for(ratio: float) -> None:
    model: Any = network(embedding=20, hidden=40, hidden_per_embedding=ratio)
    assert model.output.in_features / model.embedding.embedding_dim == pytest.approx(ratio, rel=0.1)


def test_tied_weights_stay_of_one_size_where_it_is_solved_for() -> None:
    sizes = {"embedding": 20, "hidden": 20, "pooling": "none"}
    torch.manual_seed(0)
    model: Any = rnn.build((30,), 30, **sizes, tied=True, cell="gru", as_many_as="lstm")
    assert model.embedding.embedding_dim == model.output.in_features > 20
    assert model(torch.tensor([[1, 2, 3]])).shape == (1, 3, 30)


def test_a_number_of_parameters_below_the_smallest_network_is_refused() -> None:
    with pytest.raises(ValueError, match="smallest such network"):
        rnn.build((3, 10), 5, embedding=0, hidden=40, times=0.001)


@pytest.mark.parametrize(
    "changes",
    [
        {"tied": True},
        {"pooling": "none", "bidirectional": True},
        {"embedding": 0},
        {"pooling": "none", "hidden": 8, "tied": True, "hidden_per_embedding": 2.0},
    ],
)
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"model\.(tied|bidirectional|embedding)"):
        network(**changes)


def test_tied_weights_are_one_matrix() -> None:
    model: Any = rnn.build((30,), 30, embedding=12, hidden=12, pooling="none", tied=True)
    assert model.output.weight is model.embedding.weight


@pytest.mark.parametrize("cell", CELLS)
def test_hidden_weights_are_orthogonal_gate_by_gate_and_the_rest_xavier_s(cell: str) -> None:
    model = network(cell=cell, hidden=16, embedding=40)
    model.apply(recurrent.build(forget_bias=1.0))
    layer: Any = model.get_submodule("recurrent1.forwards.cell")
    for gate in layer.weight_hh_l0.split(16):
        assert torch.allclose(gate @ gate.T, torch.eye(16), atol=1e-5)
    for gate in layer.weight_ih_l0.split(16):
        assert gate.abs().max().item() <= math.sqrt(6 / (16 + 40))
        assert float(gate.var()) == pytest.approx(2 / (16 + 40), rel=0.2)
    biases = sum(parameter for name, parameter in layer.named_parameters() if name.startswith("bias"))
    assert isinstance(biases, Tensor)
    forget = biases[16:32] if "lstm" in cell else biases[:0]
    assert torch.equal(forget, torch.ones_like(forget))
    assert float(biases.detach().sum()) == len(forget)


def test_what_stays_torch_s_default_is_not_touched() -> None:
    model, other = network(), network()
    other.apply(recurrent.build(hidden="torch_default", rest="torch_default"))
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


# -------------------------------------------------------------------------------------------------- text, task


def test_words_are_lower_case_runs_of_letters_and_single_signs() -> None:
    assert text.words("Don't use `np_dot(x)`, 3x!") == [
        *("don", "'", "t", "use", "`", "np", "_", "dot"),
        *("(", "x", ")", "`", ",", "3x", "!"),
    ]


def test_a_vocabulary_holds_the_most_frequent_words_and_others_are_unknown() -> None:
    known = text.vocabulary([["b", "a", "b"], ["c", "a", "b", text.UNKNOWN]], size=4)
    assert known == (text.PADDING, text.UNKNOWN, "b", "a")
    assert text.encode([["b", "c"], ["a", "b", "a"]], known).tolist() == [[2, 1, 0], [3, 2, 3]]


def test_windows_follow_one_another_and_each_place_has_what_comes_next() -> None:
    inputs, targets = text.windows("abcdefgh", ("·", *"abcdefgh"), length=3)
    assert inputs.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert targets.tolist() == [[2, 3, 4], [5, 6, 7]]


def test_perplexity_is_the_number_of_symbols_if_all_are_as_likely() -> None:
    targets = torch.randint(0, 8, (4, 5), generator=generator())
    outputs = torch.zeros(4, 5, 8)
    loss = float(cross_entropy.build()(outputs, targets))
    metrics = continuation.build().metrics(continuation.build().tally(outputs, targets), loss)
    assert metrics["perplexity"] == pytest.approx(8)
    assert metrics["bits_per_symbol"] == pytest.approx(3)
    assert metrics["inverse_perplexity"] == pytest.approx(1 / 8)
    assert metrics["accuracy"] == pytest.approx(float((targets == 0).double().mean()))


def test_data_order_and_split_are_drawn_as_for_images() -> None:
    """Streams of random numbers go by name, whatever the inputs are."""
    drawn = torch.randperm(400, generator=stream(3, "split"))[:200]
    split = split_rows(trial(base=TOKENS).settings, random_tokens(), 3, train_examples=200, validation_examples=100)
    assert torch.equal(split.train, drawn)
