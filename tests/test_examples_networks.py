"""The examples of training: an MLP, a ResNet, an LSTM and a GPT; quick runs, and the whole ones.

What a whole run reaches is stated in the example, and held by those marked slow.
"""

import sys

import numpy as np
import pytest
from loading import example

import tinygrad_np as tg

clothes = example("clothes")
mlp = example("mlp")
resnet = example("resnet")
sequence = example("sequence")
gpt = example("gpt")
parallel = example("parallel")
MODULES = [mlp, resnet, sequence, gpt, parallel]
PICTURES = [mlp, resnet, parallel]

pytestmark = pytest.mark.whole


def name_of(module):
    return module.__name__


@pytest.fixture
def run(tmp_path, capsys):
    """Without a network: of the pictures, those that are drawn here."""

    def run(module, *options):
        data = ["--data", "built-in"] if module in PICTURES else []
        status = module.main(["--out", str(tmp_path), *data, *options])
        return status, capsys.readouterr().out

    return run


def figure_of(module, out, after):
    """The number that a run's last line of its result has after some words."""
    return float(out.split(after)[1].split()[0].rstrip(";"))


RESULTS = {
    mlp: "Accuracy on the test images: ",
    resnet: "Accuracy on the test images: ",
    parallel: "Accuracy on the test images: ",
    sequence: "Mean squared error: ",
    gpt: "the 64 letters before ",
}


class TestQuick:
    @pytest.mark.parametrize("module", MODULES, ids=name_of)
    def test_a_run_learns_and_draws_its_figure(self, module, run, tmp_path):
        status, out = run(module, "--quick")
        assert status == 0
        result = figure_of(module, out, RESULTS[module])
        # More than chance, the answer 1, and the letters' frequencies would give.
        if module in PICTURES:
            assert result > 0.25
        else:
            assert result < {sequence: sequence.BASELINE, gpt: 3.3}[module]
        picture = tmp_path / f"{module.__name__}.png"
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert list(tmp_path.iterdir()) == [picture]

    @pytest.mark.parametrize("module", MODULES, ids=name_of)
    def test_the_same_seed_gives_the_same_run(self, module):
        data = few_pictures() if module in PICTURES else module.load(quick=True)
        if module is gpt:  # a batch of it takes longer than the others' whole epochs
            train = gpt.Windows(*[part[:320] for part in data.train])
            data = data._replace(train=train, valid=gpt.Windows(*[p[:32] for p in data.valid]))

        def losses(seed):
            return module.train(data, 1, seed).history["loss"]

        assert np.array_equal(losses(1), losses(1))
        assert not np.array_equal(losses(1), losses(2))

    def test_without_matplotlib(self, run, monkeypatch, tmp_path):
        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
        status, out = run(sequence, "--quick")
        assert status == 0
        assert "No figure: figures need matplotlib; install it with" in out
        assert not any(tmp_path.iterdir())

    @pytest.mark.parametrize("module", MODULES, ids=name_of)
    @pytest.mark.parametrize(
        "options",
        [["--epochs", "0"], ["--seed", "-1"], ["--quick", "--epochs", "3"], ["--out", __file__]],
    )
    def test_options_that_make_no_sense(self, module, options, capsys):
        with pytest.raises(SystemExit) as caught:
            module.main(options)
        assert caught.value.code == 2
        assert "error:" in capsys.readouterr().err

    @pytest.mark.parametrize("module", MODULES, ids=name_of)
    def test_help(self, module, capsys):
        with pytest.raises(SystemExit) as caught:
            module.main(["--help"])
        assert caught.value.code == 0
        assert capsys.readouterr().out.count("default:") >= 3

    @pytest.mark.parametrize("module", PICTURES, ids=name_of)
    def test_pictures_that_are_not_there(self, module, tmp_path, capsys):
        assert module.main(["--data", "cifar-10", "--path", str(tmp_path)]) == 2
        assert "cifar" in capsys.readouterr().err.lower()


@pytest.mark.slow
class TestWhole:
    @pytest.mark.parametrize("module", PICTURES, ids=name_of)
    def test_the_accuracy_is_that_stated(self, module, run):
        assert figure_of(module, run(module)[1], RESULTS[module]) >= module.STATED

    @pytest.mark.parametrize("seed", range(3))
    def test_the_lstm_adds(self, run, seed):
        _, out = run(sequence, "--seed", str(seed))
        assert figure_of(sequence, out, RESULTS[sequence]) <= sequence.STATED

    def test_the_gpt_knows_the_text(self, run):
        assert figure_of(gpt, run(gpt)[1], RESULTS[gpt]) <= gpt.STATED


def few_pictures():
    data = clothes.load("built-in", quick=True)
    return data._replace(train=clothes.Split(*[part[:800] for part in data.train]))


class TestPictures:
    def test_they_are_standardised_by_those_to_train_with(self):
        data = clothes.load("built-in", quick=True)
        assert [len(split.labels) for split in data[:3]] == [3_200, 800, 1_000]
        assert abs(data.train.images.mean()) < 1e-5
        assert abs(data.train.images.std() - 1) < 1e-5
        assert data.test.images.shape == (1_000, 28, 28, 1)
        assert {split.images.dtype for split in data[:3]} == {np.dtype("float32")}

    def test_the_table_has_what_is_taken_for_what(self):
        labels = np.array([0, 0, 0, 0, 1])
        z = np.eye(10)[[0, 0, 0, 2, 1]]
        split = clothes.Split(np.zeros((5, 1, 1, 1)), labels)
        names = [f"kind {i}" for i in range(10)]
        first, second = clothes.table(z, split, names).splitlines()[1:3]
        assert first.split() == ["kind", "0", "75.0%", "kind", "2", "(25.0%)"]
        assert second.split() == ["kind", "1", "100.0%"]


class TestResNet:
    def test_evaluation_takes_the_running_statistics(self):
        """One image alone is what it is beside others, unlike in training."""
        rng = np.random.default_rng(0)
        params, images = resnet.initial(rng, 1), rng.normal(size=(8, 28, 28, 1))
        _, state = resnet.logits(params, {}, images, training=True)
        together, alone = [
            resnet.logits(params, state, part, training=False)[0] for part in (images, images[:1])
        ]
        np.testing.assert_allclose(together[:1], alone, rtol=1e-4, atol=1e-5)
        trained = resnet.logits(params, state, images, training=True)[0]
        assert not np.allclose(trained, together, rtol=1e-2)

    def test_every_normalisation_has_a_state(self):
        rng = np.random.default_rng(0)
        params = resnet.initial(rng, 1)
        _, state = resnet.logits(params, {}, rng.normal(size=(8, 28, 28, 1)), training=True)
        assert set(state) == set(params) - {"out"}


class TestSequence:
    def test_the_rows_are_as_they_are_told(self):
        x, lengths, sums = sequence.draw_rows(np.random.default_rng(0), 200)
        assert lengths.min() == sequence.SHORTEST
        assert lengths.max() == sequence.LONGEST
        for row, length, right in zip(x, lengths, sums, strict=True):
            first, second = np.flatnonzero(row[:, 1])
            assert first < length // 2 <= second < length
            assert not row[length:].any()
            np.testing.assert_allclose(right, [row[first, 0] + row[second, 0]], rtol=1e-6)

    def test_who_always_says_1_has_the_baseline(self):
        sums = sequence.draw_rows(np.random.default_rng(0), 20_000).sums
        assert abs(tg.nn.mse(np.ones_like(sums), sums) - sequence.BASELINE) < 5e-3

    def test_what_lies_beyond_a_row_has_no_influence(self):
        rng = np.random.default_rng(0)
        params, rows = sequence.initial(rng), sequence.draw_rows(rng, 10)
        other = rows.x.copy()
        other[np.arange(sequence.LONGEST) >= rows.lengths[:, None]] = 7.0
        said = [sequence.predict(params, x, rows.lengths) for x in (rows.x, other)]
        assert np.array_equal(*said)


class TestGPT:
    def test_what_follows_has_no_influence(self):
        rng = np.random.default_rng(0)
        params, text = gpt.initial(rng, 30), rng.integers(0, 30, (2, gpt.CONTEXT))
        other = text.copy()
        other[:, 40:] = (other[:, 40:] + 1) % 30
        found = [gpt.logits(params, x)[:, :40] for x in (text, other)]
        np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)
        assert not np.allclose(gpt.logits(params, text)[:, 40:], gpt.logits(params, other)[:, 40:])

    def test_the_windows_are_the_text(self):
        data = gpt.load()
        letters = np.array(list(data.letters))
        text, held_out = ["".join(letters[x.letters].ravel()) for x in (data.train, data.valid)]
        assert "if_stmt" in text
        assert np.array_equal(data.train.letters[:, 1:], data.train.following[:, :-1])
        assert np.array_equal(data.train.letters[1:, 0], data.train.following[:-1, -1])
        whole = "\n".join([gpt.topics.topics[name] for name in sorted(gpt.topics.topics)])
        assert whole.startswith(text)
        assert whole.rindex(held_out) >= len(text)  # what is validated on is not trained on

    def test_the_baselines_are_in_their_order(self):
        nothing, frequency, pairs = gpt.baselines(gpt.load()).values()
        assert gpt.STATED < pairs < frequency < nothing

    def test_the_sample_is_of_the_text_and_its_letters(self):
        rng = np.random.default_rng(0)
        letters = "abc \n"
        params = gpt.initial(rng, len(letters))
        found = [gpt.sample(params, "ab", letters, 100, np.random.default_rng(1)) for _ in range(2)]
        assert found[0] == found[1]
        assert found[0].startswith("ab")
        assert len(found[0]) == 102
        assert set(found[0]) <= set(letters)
