"""The main job: on the built-in data anywhere, on Fashion-MNIST against the post's figures."""

import argparse
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from loading import ROOT, example

import tinygrad_np as tg

two_class = example("two_class")
ten_classes = example("ten_classes")
runs = example("runs")
pictures = example("convolution_pictures")


class TestTheMainJob:
    @pytest.fixture
    def run(self, tmp_path, capsys):
        def run(*options):
            status = two_class.main(["--data", "built-in", "--out", str(tmp_path), *options])
            return status, capsys.readouterr().out

        return run

    def test_a_quick_run_from_end_to_end(self, run, tmp_path):
        status, out = run("--quick")
        assert status == 0
        assert out.startswith("Data: the built-in garments, as asked for.")
        assert "train loss  accuracy    valid loss  accuracy    test loss  accuracy" in out
        before, after = [
            line.split() for line in out.splitlines() if line[:6].strip() in ("before", "1")
        ]
        assert 0.4 < float(before[6]) < 0.6
        assert float(after[6]) > 0.85
        assert out.count("right") == 3
        assert "Verdict: they agree." in out
        assert (tmp_path / "two_class.png").read_bytes().startswith(b"\x89PNG")
        assert list(tmp_path.iterdir()) == [tmp_path / "two_class.png"]

    def test_a_wrong_gradient_is_a_failure(self, run, monkeypatch):
        right = tg.closed_form.two_class_images
        monkeypatch.setattr(tg.closed_form, "two_class_images", lambda *args: 1.001 * right(*args))
        status, out = run("--quick")
        assert status == 1
        assert "THEY DO NOT AGREE" in out
        assert out.count("WRONG") == 1

    @pytest.mark.parametrize("frozen", ["filter", "dense"])
    def test_a_frozen_layer_does_not_move(self, frozen):
        options = two_class.parse(["--freeze", frozen, "--quick", "--batch-size", "50"])
        splits = two_class.prepare(tg.data.garments(), options.dtype, options.quick)
        run = two_class.train(splits, options)
        moved = [not np.array_equal(a, b) for a, b in zip(run.start, run.end, strict=True)]
        assert moved == [frozen == "dense", frozen == "filter"]

    def test_float32(self, run):
        status, out = run("--quick", "--dtype", "float32", "--batch-size", "8")
        assert status == 0
        assert "float32" in out

    def test_the_same_seed_gives_the_same_run(self):
        def end(seed):
            options = two_class.parse(["--quick", "--seed", seed, "--batch-size", "20"])
            splits = two_class.prepare(tg.data.garments(), options.dtype, options.quick)
            return two_class.train(splits, options).end[1]

        assert np.array_equal(end("1"), end("1"))
        assert not np.array_equal(end("1"), end("2"))

    @pytest.mark.parametrize(
        "options",
        [
            ["--rate", "0"], ["--epochs", "-1"], ["--batch-size", "0"], ["--seed", "-1"],
            ["--freeze", "both"], ["--protocol", "post", "--epochs", "2"],
            ["--protocol", "post", "--quick"], ["--rate", "nan"], ["--quick", "--epochs", "3"],
            ["--data", "built-in", "--path", "x"], ["--protocol", "post", "--data", "built-in"],
            ["--out", __file__],
        ],
    )  # fmt: skip
    def test_options_that_make_no_sense(self, options, capsys):
        with pytest.raises(SystemExit) as caught:
            two_class.main(options)
        assert caught.value.code == 2
        assert "error:" in capsys.readouterr().err

    @pytest.mark.parametrize("rate", ["1e300", "30"])
    def test_training_that_diverges_says_so(self, rate, tmp_path, capsys):
        where = ["--data", "built-in", "--out", str(tmp_path)]
        assert two_class.main([*where, "--quick", "--rate", rate]) == 2
        out, err = capsys.readouterr()
        assert "The training diverged in epoch 1: the loss is " in err
        assert "Try a smaller --rate" in err
        assert out.splitlines()[-1].startswith("before")
        assert not any(tmp_path.iterdir())

    def test_the_protocol_of_the_post_trains_and_draws_three_variants(
        self, tmp_path, monkeypatch, capsys
    ):
        garments = tg.data.garments(600, 50)
        monkeypatch.setattr(two_class, "VALIDATION", 450)
        monkeypatch.setattr(two_class, "load", lambda options: (garments, "Fashion-MNIST"))
        assert two_class.main(["--protocol", "post", "--out", str(tmp_path)]) == 0
        assert capsys.readouterr().out.count("Verdict: they agree.") == 3
        assert {path.name for path in tmp_path.iterdir()} == {
            "two_class.png", "two_class_filter_frozen.png", "two_class_dense_frozen.png"
        }  # fmt: skip

    def test_no_cell_of_the_figure_is_empty(self, monkeypatch, tmp_path):
        """Two curves, then twelve pictures, four of them with a scale."""
        options = two_class.parse(["--quick", "--batch-size", "50"])
        splits = two_class.prepare(tg.data.garments(600, 50), options.dtype, options.quick)
        saved = []
        monkeypatch.setattr(tg.viz, "save", lambda figure, path: saved.append(figure))
        two_class.draw(two_class.train(splits, options), splits["valid"], "", tmp_path / "a.png")
        axes = saved[0].axes
        assert len([place for place in axes if place.lines]) == 2
        assert len([place for place in axes if place.images]) == 12
        assert len(axes) == 2 + 12
        assert len([scale for place in axes for scale in place.child_axes]) == 4

    def test_an_old_encoding_and_no_progress_bar(self, tmp_path):
        """As on Windows, with the output in a file; and without tqdm."""
        code = (
            "import sys; sys.modules['tqdm'] = None; sys.argv[0] = 'two_class.py'; "
            f"sys.path.insert(0, {str(ROOT / 'examples')!r}); import two_class; "
            "sys.exit(two_class.main(['--quick', '--data', 'built-in', '--out', "
            f"{str(tmp_path)!r}]))"
        )
        environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        assert b"Verdict: they agree." in done.stdout

    def test_more_images_a_step_than_there_are(self, run):
        assert run("--batch-size", "99999")[0] == 2

    def test_data_that_are_not_there(self, tmp_path, capsys):
        missing = str(tmp_path / "nowhere")
        assert two_class.main(["--data", "fashion-mnist", "--path", missing]) == 2
        assert "nowhere" in capsys.readouterr().err


# Part 1 of the posts: (loss, accuracy) before training and after each of five epochs.
FIGURES = {
    None: {
        "train": ".0296 .4535 .2091 .9514 .1127 .9660 .0945 .9704 .0732 .9765 .0667 .9801",
        "valid": ".1076 .4410 .1545 .9570 .1313 .9670 .1209 .9660 .1047 .9650 .1214 .9630",
        "test": ".0297 .4605 .1565 .9625 .1509 .9640 .1343 .9620 .1186 .9655 .1301 .9620",
    },
    "filter": {
        "train": ".0296 .4535 .3229 .9364 .2332 .9535 .1715 .9578 .1659 .9610 .1854 .9575",
        "valid": ".1076 .4410 .2535 .9420 .2099 .9520 .3793 .9340 .1599 .9550 .2230 .9540",
        "test": ".0297 .4605 .2981 .9340 .2348 .9450 .4766 .9215 .1983 .9485 .2759 .9485",
    },
    "dense": {
        "train": ".0296 .4535 .6574 .6616 .5193 .7729 .4898 .7945 .4673 .8075 .4723 .8063",
        "valid": ".1076 .4410 .5505 .7530 .5191 .7750 .4998 .7910 .4924 .7960 .4885 .7960",
        "test": ".0297 .4605 .5663 .7355 .5270 .7775 .4991 .7935 .4874 .8005 .4835 .8050",
    },
}


FILTERS = {
    None: [-0.01280, -0.37616, 0.08925, 0.97550, -0.30084, -0.44250, 0.60503, 0.04160, -0.73539],
    "dense": [-1.04589, -1.86832, 0.66055, 0.12485, -1.17888, 0.53912, 0.33182, -0.87017, -0.32076],
}


NORMS = {None: 2.30609, "filter": 3.08934}


def folder_of_the_real_data():
    for folder in (os.environ.get("TINYGRAD_NP_DATA"), ROOT.parent / "shared" / "data"):
        if folder and (Path(folder) / "fashion-mnist").is_dir():
            return Path(folder)
    return None


DATA = folder_of_the_real_data()


def independent_loop(splits, frozen):
    """The post's protocol in plain NumPy: (loss, accuracy) of each split by epoch, W1 and W2."""
    random = np.random.RandomState(42)
    w1 = random.normal(0, 2 / 3, (3, 3))
    w2 = random.normal(0, 1 / 28, 784).reshape(28, 28)
    windows, labels = {}, {}
    for name, (images, wanted) in splits.items():
        framed = np.pad(images[..., 0], ((0, 0), (1, 1), (1, 1)))
        windows[name] = np.lib.stride_tricks.sliding_window_view(framed, (3, 3), (1, 2))
        labels[name] = wanted[:, 0]

    def loss(p, y):
        p = np.clip(p, 1e-16, 1 - 1e-16)  # as the post's figures have it
        return -(y * np.log(p) + (1 - y) * np.log(1 - p))

    def measured(name):
        hidden = np.maximum(np.tensordot(windows[name], w1, 2), 0)
        p = 1 / (1 + np.exp(-np.tensordot(hidden, w2, 2)))
        return np.mean(loss(p, labels[name])), np.mean((p > 0.5) == (labels[name] == 1))

    table = {name: [measured(name)] for name in splits}
    for _ in range(5):
        losses, hits = [], []
        for _ in range(11_000):
            k = random.randint(11_000)
            window, y = windows["train"][k], labels["train"][k]
            convolved = np.tensordot(window, w1, 2)
            hidden = np.maximum(convolved, 0)
            p = 1 / (1 + np.exp(-np.sum(hidden * w2)))
            losses.append(loss(p, y))
            hits.append((p > 0.5) == (y == 1))
            by_convolved = (p - y) * w2 * (convolved > 0)
            if frozen != "dense":
                w2 = w2 - 0.001 * (p - y) * hidden
            if frozen != "filter":
                w1 = w1 - 0.001 * np.tensordot(by_convolved, window, 2)
        table["train"].append((np.mean(losses), np.mean(hits)))
        for name in ("valid", "test"):
            table[name].append(measured(name))
    return table, w1, w2


@pytest.fixture(scope="module")
def splits():
    if DATA is None:
        pytest.skip("needs Fashion-MNIST: set TINYGRAD_NP_DATA to the folder that has it")
    return two_class.prepare(tg.data.fashion_mnist(DATA), "float64", quick=False)


class TestTheFiguresOfThePost:
    @pytest.mark.parametrize(
        "frozen", [None, *[pytest.param(w, marks=pytest.mark.slow) for w in ("filter", "dense")]]
    )
    def test_every_figure(self, splits, frozen):
        """From the textbook form, log_loss of a sigmoid: also where that has rounded to 0 or 1."""
        options = two_class.parse(["--protocol", "post"])
        assert (options.epochs, options.rate, options.batch_size) == (5, 0.001, 1)
        run = two_class.train(splits, argparse.Namespace(**{**vars(options), "freeze": frozen}))
        filters, weights = run.end

        with np.errstate(over="ignore"):  # exp of the logits of a few strange images
            table, w1, w2 = independent_loop(splits, frozen)
        for name, figures in FIGURES[frozen].items():
            found = [getattr(epoch, name) for epoch in run.history]
            expected = [float(text) for text in figures.split()]
            expected[0] += 1  # the losses before training are 1.03, 1.11 and 1.03
            for i, (loss, accuracy) in enumerate(found):
                assert f"{loss:.4f}" == f"{expected[2 * i]:.4f}", (name, i)
                assert f"{accuracy:.4f}" == f"{expected[2 * i + 1]:.4f}", (name, i)
                assert abs(loss - table[name][i][0]) <= 1e-6
                assert accuracy == table[name][i][1]

        assert np.max(np.abs(filters[..., 0, 0] - w1)) <= 1e-9
        assert np.max(np.abs(weights[:, 0] - w2.ravel())) <= 1e-9
        if frozen in FILTERS:
            assert np.round(filters.ravel(), 5).tolist() == FILTERS[frozen]
        if frozen in NORMS:
            assert round(float(np.linalg.norm(weights)), 5) == NORMS[frozen]


# The second post: train loss/accuracy and validation loss/accuracy (drawn) after each epoch.
TEN_CLASSES = {
    ("fashion-mnist", 1): (
        ".60/.80 .45/.84 · .46/.85 .48/.83 · .42/.86 .47/.83 · .41/.86 .43/.85 · .40/.86 .41/.86"
    ),
    ("fashion-mnist", 5): (
        ".44/.85 .35/.88 · .33/.88 .39/.86 · .29/.89 .34/.88 · .27/.90 .31/.89 · .26/.91 .31/.89"
    ),
    ("cifar-10", 15): (
        "1.59/.46 1.58/.46 · 1.42/.53 1.63/.49 · 1.36/.56 2.05/.47 · 1.30/.58 1.46/.53 · "
        "1.23/.60 1.53/.52"
    ),
}


class TestTenClasses:
    @pytest.mark.parametrize(
        ("name", "filters"),
        [
            ("fashion-mnist", 1),
            pytest.param("fashion-mnist", 5, marks=pytest.mark.slow),
            pytest.param("cifar-10", 15, marks=pytest.mark.slow),
        ],
    )
    def test_every_figure_of_the_post(self, name, filters):
        if DATA is None or not (DATA / name).is_dir():
            pytest.skip(f"needs {name}: set TINYGRAD_NP_DATA to the folder that has it")
        options = ten_classes.parse(
            ["--protocol", "post", "--data", name, "--filters", str(filters), "--path", str(DATA)]
        )
        dataset, _, _ = ten_classes.chosen(options.data, options.path)
        splits = ten_classes.prepare(dataset, options.dtype, options.quick)
        run = ten_classes.train(ten_classes.AsThePost(splits, options), options.epochs)
        found = [
            " ".join(f"{loss:.2f}/{accuracy:.2f}" for loss, accuracy in (epoch.train, epoch.valid))
            for epoch in run.history[1:]
        ]
        expected = TEN_CLASSES[name, filters]
        assert " · ".join(found).replace("0.", ".") == expected

    @pytest.fixture
    def run(self, tmp_path, capsys):
        def run(*options):
            status = ten_classes.main(["--data", "built-in", "--out", str(tmp_path), *options])
            return status, capsys.readouterr().out

        return run

    def test_a_quick_run_from_end_to_end(self, run, tmp_path):
        status, out = run("--quick", "--filters", "3")
        assert status == 0
        assert out.startswith("Data: the built-in garments, as asked for.\n3,200 to train")
        before, after = [
            line.split() for line in out.splitlines() if line[:6].strip() in ("before", "1")
        ]
        assert float(before[2]) < 0.25
        assert float(after[4]) > 0.6
        assert "test loss" in out
        assert (tmp_path / "ten_classes.png").read_bytes().startswith(b"\x89PNG")

    @pytest.mark.parametrize("rate", ["1e30", "2"])
    def test_training_that_diverges_stops_at_once_and_says_so(self, rate, tmp_path, capsys):
        where = ["--data", "built-in", "--out", str(tmp_path)]
        assert ten_classes.main([*where, "--rate", rate]) == 2
        out, err = capsys.readouterr()
        assert "The training diverged in epoch 1: the loss is " in err
        assert "Try a smaller --rate" in err
        assert out.splitlines()[-1].startswith("before")
        assert not any(tmp_path.iterdir())

    @pytest.mark.slow
    def test_the_rate_of_garments_diverges_in_colour_and_says_so(self, tmp_path, capsys):
        if DATA is None or not (DATA / "cifar-10").is_dir():
            pytest.skip("needs CIFAR-10: set TINYGRAD_NP_DATA to the folder that has it")
        words = ["--data", "cifar-10", "--path", str(DATA), "--filters", "15", "--rate", "0.01"]
        assert ten_classes.main([*words, "--out", str(tmp_path)]) == 2
        out, err = capsys.readouterr()
        assert "The training diverged in epoch " in err
        assert max(len(word) for word in out.split()) < 20

    @pytest.mark.parametrize("name", ["auto", "fashion-mnist", "built-in", "cifar-10"])
    def test_default_rates(self, name):
        rate = ten_classes.parse(["--data", name]).rate
        assert rate == (0.001 if name == "cifar-10" else 0.01)
        assert ten_classes.parse(["--data", name, "--rate", "0.5"]).rate == 0.5

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", [42, 1, 7])
    def test_the_default_rate_suits_cifar_10(self, seed):
        """Half of the test images are recognised after five epochs."""
        if DATA is None or not (DATA / "cifar-10").is_dir():
            pytest.skip("needs CIFAR-10: set TINYGRAD_NP_DATA to the folder that has it")
        options = ten_classes.parse(
            ["--data", "cifar-10", "--path", str(DATA), "--filters", "15", "--seed", str(seed)]
        )
        splits = ten_classes.prepare(
            ten_classes.chosen(options.data, options.path)[0], options.dtype, options.quick
        )
        run = ten_classes.train(ten_classes.Shuffled(splits, options), 5)
        test = ten_classes.measure(run.params, ten_classes.in_order(splits["test"]))
        assert test.accuracy >= 0.50

    @pytest.mark.parametrize("channels", [1, 3])
    def test_the_figure_shows_filters_in_their_colours(self, channels, monkeypatch, tmp_path):
        rng = np.random.default_rng(0)
        params = rng.normal(0, 1, (3, 3, channels, 20)), None
        figures = runs.Figures(1.0, 0.5)
        history = [runs.Epoch(figures, figures, 0.0)] * 3
        state = runs.State(params, None, None, 0, 0, runs.Running(), 0.0, history, params)
        saved = []
        monkeypatch.setattr(tg.viz, "save", lambda figure, path: saved.append(figure))
        ten_classes.draw(state, np.eye(10, dtype=int), "abcdefghij", "", tmp_path / "a.png")
        before, after = saved[0].axes[3:5]
        largest = np.max(np.abs(params[0][..., :16]))
        for axes in (before, after):
            assert len(axes.images) == 16
            drawn = np.asarray(axes.images[2].get_array())
            expected = params[0][..., 2]
            if channels == 1:
                assert np.array_equal(drawn, expected[..., 0])
                assert axes.images[2].get_clim() == (-largest, largest)
            else:
                assert np.allclose(drawn, 0.5 + expected / (2 * largest), rtol=1e-15)
        assert len(saved[0].axes) == 3 + 2 + (channels == 1)

    def test_the_same_seed_gives_the_same_run(self):
        dataset = tg.data.garments(400, 50, labels=range(10))

        def end(seed):
            options = ten_classes.parse(["--quick", "--seed", seed, "--filters", "2"])
            splits = ten_classes.prepare(dataset, options.dtype, options.quick)
            return ten_classes.train(ten_classes.Shuffled(splits, options), 1).params[1]

        assert np.array_equal(end("1"), end("1"))
        assert not np.array_equal(end("1"), end("2"))

    @pytest.mark.parametrize(
        "options",
        [
            ["--rate", "0"], ["--momentum", "1"], ["--filters", "0"], ["--data", "mnist"],
            ["--protocol", "post", "--rate", "1"], ["--protocol", "post", "--data", "built-in"],
            ["--protocol", "post", "--quick"],
        ],
    )  # fmt: skip
    def test_options_that_make_no_sense(self, options, capsys):
        with pytest.raises(SystemExit) as caught:
            ten_classes.main(options)
        assert caught.value.code == 2
        assert "error:" in capsys.readouterr().err

    def test_data_that_are_not_there(self, tmp_path, capsys):
        missing = str(tmp_path / "nowhere")
        assert ten_classes.main(["--data", "cifar-10", "--path", missing]) == 2
        assert "nowhere" in capsys.readouterr().err


class TestInterruptions:
    """ten_classes.py, stopped and resumed, must give the bits of a run that was left alone."""

    @pytest.fixture
    def command(self, tmp_path, monkeypatch):
        dataset = tg.data.garments(300, 50, labels=range(10))
        monkeypatch.setattr(
            ten_classes, "chosen", lambda *asked: (dataset, "garments", tg.data.GARMENT_NAMES)
        )

        def command(folder, *options):
            where = ["--checkpoint", str(tmp_path / folder), "--out", str(tmp_path / "figures")]
            return ten_classes.main(["--data", "built-in", "--epochs", "2", *where, *options])

        return command

    @staticmethod
    def end(folder):
        return tg.training.Checkpoint(folder).load()

    @pytest.mark.parametrize("moments", [[1], [7, 7, 8], [8], [15], [16, 16]])
    def test_a_run_that_is_stopped_goes_on_as_if_nothing_had_happened(
        self, moments, command, tmp_path, monkeypatch, capsys
    ):
        assert command("whole", "--save-every", "3") == 0
        step, whole = self.end(tmp_path / "whole")
        real = tg.optim.sgd
        for moment in moments:
            calls = iter(range(1, 100))

            def stopping(*args, calls=calls, moment=moment, **kwargs):
                if next(calls) == moment:
                    raise KeyboardInterrupt
                return real(*args, **kwargs)

            monkeypatch.setattr(tg.optim, "sgd", stopping)
            status = command("stopped", "--save-every", "3", "--resume")
        told = capsys.readouterr().err
        if status:
            assert status == 130
            assert f"Stopped after {sum(moments) - len(moments)} steps" in told
            assert "go on with --resume" in told
        monkeypatch.setattr(tg.optim, "sgd", real)
        assert command("stopped", "--save-every", "3", "--resume") == 0
        assert self.end(tmp_path / "stopped").step == step == 2 * 8
        resumed = self.end(tmp_path / "stopped").state
        for name in ("params", "velocity", "start"):
            both = map(tg.tree.leaves, (whole[name], resumed[name]))
            for a, b in zip(*both, strict=True):
                assert a.tobytes() == b.tobytes(), name
        without_seconds = [[row[:4] for row in run["history"]] for run in (whole, resumed)]
        assert without_seconds[0] == without_seconds[1]
        assert whole["random"].random() == resumed["random"].random()

    def test_a_finished_run_goes_on_for_more_epochs(self, command, tmp_path, capsys):
        assert command("one", "--epochs", "1") == 0
        assert command("one", "--resume") == 0
        assert "resumed after 8 steps" in capsys.readouterr().out
        assert command("two") == 0
        one, two = self.end(tmp_path / "one").state, self.end(tmp_path / "two").state
        assert one["params"][1].tobytes() == two["params"][1].tobytes()

    def test_another_run_in_the_folder_is_not_touched(self, command, tmp_path, capsys):
        assert command("a", "--epochs", "1") == 0
        before = sorted((tmp_path / "a").iterdir())
        assert command("a") == 2
        assert "go on with --resume, or take another folder" in capsys.readouterr().err
        assert command("a", "--resume", "--seed", "7", "--rate", "0.5") == 2
        assert "has a run with other --rate, --seed: give the same" in capsys.readouterr().err
        assert sorted((tmp_path / "a").iterdir()) == before

    def test_a_damaged_state_is_told(self, command, tmp_path, capsys):
        assert command("a", "--epochs", "1") == 0
        path = tmp_path / "a" / "step-000000000008.npz"
        path.write_bytes(path.read_bytes()[:1000])
        assert command("a", "--resume") == 2
        assert "delete it to go on from the state before" in capsys.readouterr().err

    @pytest.mark.parametrize("moment", [1, 2, 3])
    def test_a_full_disk_is_told_and_the_state_before_is_intact(
        self, moment, command, tmp_path, monkeypatch, capsys
    ):
        from tinygrad_np.io import files

        calls = itertools.count(1)
        real = files.os.replace

        def full(*args):
            if next(calls) >= moment:
                raise OSError(28, "No space left on device")
            real(*args)

        monkeypatch.setattr(files.os, "replace", full)
        assert command("a", "--save-every", "3") == 2
        told = capsys.readouterr().err
        assert "could not be written: No space left on device" in told
        assert "Traceback" not in told
        monkeypatch.undo()
        found = self.end(tmp_path / "a")
        assert (found.step if found else 0) == [0, 3, 6][moment - 1]

    def test_a_full_disk_after_ctrl_c(self, command, tmp_path, monkeypatch, capsys):
        from tinygrad_np.io import files

        def full(*args):
            raise OSError(28, "No space left on device")

        def stopped(*args, **kwargs):
            monkeypatch.setattr(files.os, "replace", full)
            raise KeyboardInterrupt

        monkeypatch.setattr(tg.optim, "sgd", stopped)
        assert command("a") == 130
        told = capsys.readouterr().err
        assert "Stopped after 0 steps" in told
        assert "could not be written: No space left on device" in told

    @pytest.mark.parametrize(
        "state", [3, {"w": 1}, {"run": {}, "w": 1}, [1, 2], {"run": 3}], ids=range(5)
    )
    def test_the_states_of_another_program_are_told(self, state, command, tmp_path, capsys):
        tg.training.Checkpoint(tmp_path / "a").save(3, state)
        assert command("a", "--resume") == 2
        told = capsys.readouterr().err
        assert "give the same" in told or "is no state of this program" in told

    def test_a_folder_that_cannot_be_read_is_told(self, command, tmp_path, monkeypatch, capsys):
        def denied(*args):
            raise PermissionError(13, "Permission denied")

        assert command("a", "--epochs", "1") == 0
        monkeypatch.setattr(tg.training.checkpoint.os, "listdir", denied)
        assert command("a", "--resume") == 2
        assert "cannot be read: Permission denied" in capsys.readouterr().err

    @pytest.mark.parametrize("first", [130, KeyboardInterrupt])
    def test_ctrl_c_pressed_again_does_not_spoil_the_end(self, first, capsys):
        def main():
            if first is KeyboardInterrupt:
                raise first
            return first

        before = signal.getsignal(signal.SIGINT)
        try:
            with pytest.raises(SystemExit) as ended:
                ten_classes.run_command(main)
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            signal.signal(signal.SIGINT, before)
        assert ended.value.code == 130

    def test_without_a_checkpoint_nothing_is_saved(self, command, monkeypatch, capsys):
        def stopped(*args, **kwargs):
            raise KeyboardInterrupt

        monkeypatch.setattr(tg.optim, "sgd", stopped)
        assert ten_classes.main(["--data", "built-in"]) == 130
        assert "nothing was saved, since there is no --checkpoint" in capsys.readouterr().err
        with pytest.raises(SystemExit):
            ten_classes.main(["--data", "built-in", "--resume"])
        assert "there is no --checkpoint: leave out --resume" in capsys.readouterr().err


class TestConvolutionPictures:
    def test_the_numbers_are_those_of_the_post(self):
        image, filters = pictures.example()
        assert image.shape == (1, 6, 8, 3)
        assert image[0, 0, :, 0].tolist() == list(range(8))
        assert image[0, 5, 7, 0] == 47
        assert image[0, 0, 0, 1] == 48
        assert filters.shape == (5, 3, 3, 1)

    def test_a_figure_shows_the_live_numbers(self, monkeypatch, tmp_path, capsys):
        drawn = {"transformed": [], "product": []}

        def draw(panels, title):
            drawn["transformed" if "transformed" in title else "product"].append(panels)
            return tg.viz.figure(1, 1)

        monkeypatch.setattr(pictures, "draw_panels", draw)
        assert pictures.main(["--out", str(tmp_path)]) == 0
        assert "All pixels agree." in capsys.readouterr().out
        assert len(list(tmp_path.glob("convolution_*.png"))) == 7
        image, filters = pictures.example()
        [transformed], [products] = drawn.values()
        assert transformed.shape == products.shape == (6, 8, 5, 3, 3)
        assert np.array_equal(products, transformed * filters[..., 0])
        convolved = tg.conv2d(image, filters, padding=(2, 1))[0, ..., 0]
        assert np.array_equal(products.sum((2, 3, 4)), convolved)

    def test_the_stacks_have_a_panel_for_each_element_of_the_filter(self):
        panels = np.arange(6 * 8 * 5 * 3 * 3.0).reshape(6, 8, 5, 3, 3)
        figure = pictures.draw_panels(panels, "")
        for c, axes in enumerate(figure.axes):
            meshes = axes.collections[::-1]  # the one in front is drawn last
            for (a, b), mesh in zip(np.ndindex(5, 3), meshes, strict=True):
                assert np.array_equal(mesh.get_array(), panels[..., a, b, c])

    def test_the_gradient_that_is_drawn_is_the_closed_forms(self):
        figure = pictures.draw_gradient()
        titles = ("image", "filter", "result", "gradient by the image", "gradient by the filter")
        drawn = {
            axes.get_title(): np.array(axes.collections[0].get_array())
            for axes in figure.axes
            if axes.collections
        }
        assert set(titles) < set(drawn)
        image, filters, result, by_image, by_filter = [drawn[title] for title in titles]
        cotangent = drawn["cotangent of the result"]
        given = image[None, ..., None], filters[..., None, None]
        hand, g = tg.closed_form, cotangent[None, ..., None]
        assert np.array_equal(hand.convolution(*given)[0, ..., 0], result)
        found = hand.convolution_images(g, given[1], given[0].shape)
        assert np.array_equal(found[0, ..., 0], by_image)
        found = hand.convolution_filters(given[0], g, filters.shape)
        assert np.array_equal(found[..., 0, 0], by_filter)
        assert by_filter[0, 0] == -3  # as the words below say

    @pytest.mark.parametrize("stride", [1, 5, 6])
    def test_only_windows_that_there_are_have_a_box(self, stride):
        figure = pictures.draw_windows(np.zeros((1, 10, 10, 3)), stride)
        outline, *boxes = figure.axes[1].patches
        assert outline.get_height() == 10
        for patch in boxes:
            (x, y), width, height = patch.get_xy(), patch.get_width(), patch.get_height()
            assert x + width <= 9.5
            assert y + height <= 9.5
        assert len(boxes) == (3 if stride < 6 else 2)

    def test_a_stride_that_makes_no_sense(self):
        with pytest.raises(SystemExit):
            pictures.main(["--stride", "0"])


gaussian_process = example("gaussian_process")
black_scholes = example("black_scholes")


def table(out, header):
    """The rows of numbers below the line that starts with `header`."""
    lines = out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.split()[:1] == [header]) + 1
    rows = []
    for line in lines[start:]:
        try:
            rows.append([float(word) for word in line.split()])
        except ValueError:
            break
        if not rows[-1]:
            return rows[:-1]
    return rows


class TestGaussianProcess:
    @pytest.fixture
    def run(self, tmp_path, capsys):
        def run(*options):
            status = gaussian_process.main(["--out", str(tmp_path), *options])
            return status, capsys.readouterr().out

        return run

    @pytest.mark.parametrize("seed", range(3))
    def test_it_learns(self, run, seed, tmp_path):
        status, out = run("--seed", str(seed))
        assert status == 0
        assert "Verdict: they agree." in out
        rows = table(out, "step")
        assert [row[0] for row in rows] == list(range(len(rows)))
        likelihoods = [row[1] for row in rows]
        assert likelihoods == sorted(likelihoods)
        assert likelihoods[-1] > likelihoods[0] + 10
        # Forty points tell the noise to a fifth or so, the other two to a factor of two.
        learned = np.array(rows[-1][2:]) / gaussian_process.TRUTH
        assert np.all((learned > 0.5) & (learned < 2))
        picture = tmp_path / "gaussian_process.png"
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert list(tmp_path.iterdir()) == [picture]

    def test_the_maximum_is_one(self):
        """At the end, the gradient is 0 and the Hessian negative definite."""
        data = gaussian_process.draw_data(25, 1)
        fitted, message = gaussian_process.fit(data, 100)
        assert "CONVERGENCE" in message
        f = gaussian_process.log_marginal_likelihood
        assert np.max(np.abs(tg.grad(f)(fitted, data.x, data.y))) < 1e-2
        assert np.all(np.linalg.eigvalsh(tg.hessian(f)(fitted, data.x, data.y)) < 0)

    def test_one_step(self, run):
        status, out = run("--steps", "1", "--points", "12")
        assert status == 0
        assert len(table(out, "step")) == 2
        assert "LIMIT" in out

    def test_one_point(self, run):
        assert run("--points", "1")[0] == 0

    def test_the_same_seed_gives_the_same_run(self, run):
        assert run("--seed", "5", "--steps", "3") == run("--seed", "5", "--steps", "3")
        assert run("--seed", "5", "--steps", "3")[1] != run("--seed", "6", "--steps", "3")[1]

    def test_a_wrong_gradient_is_a_failure(self, run, monkeypatch):
        right = gaussian_process.differences
        monkeypatch.setattr(gaussian_process, "differences", lambda *args: 1.0001 * right(*args))
        status, out = run("--steps", "2", "--points", "12")
        assert status == 1
        assert "THEY DO NOT AGREE" in out

    def test_without_matplotlib(self, run, monkeypatch, tmp_path):
        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
        status, out = run("--steps", "1", "--points", "12")
        assert status == 0
        assert "No figure: figures need matplotlib; install it with" in out
        assert not any(tmp_path.iterdir())

    @pytest.mark.parametrize(
        "options",
        [
            ["--steps", "0"], ["--points", "0"], ["--points", "1001"], ["--seed", "-1"],
            ["--out", __file__],
        ],
    )  # fmt: skip
    def test_options_that_make_no_sense(self, options, capsys):
        with pytest.raises(SystemExit) as caught:
            gaussian_process.main(options)
        assert caught.value.code == 2
        assert "error:" in capsys.readouterr().err


class TestBlackScholes:
    @pytest.fixture
    def run(self, capsys):
        def run(*options):
            status = black_scholes.main([*options])
            return status, *capsys.readouterr()

        return run

    def test_a_price_of_the_books(self, run):
        """Hull (2018), examples 15.6 and 19.1 to 19.6: to the digits printed there."""
        status, out, _ = run(
            *("--spot", "42", "--strikes", "40", "--volatility", "0.2"),
            *("--rate", "0.1", "--maturity", "0.5"),
        )
        assert status == 0
        assert f"{table(out, 'strike')[0][1]:.2f}" == "4.76"

        status, out, _ = run(
            *("--spot", "49", "--strikes", "50", "--volatility", "0.2"),
            *("--rate", "0.05", "--maturity", repr(20 / 52)),
        )
        assert status == 0
        _, _, delta, gamma, vega, theta, rho = table(out, "strike")[0]
        found = f"{delta:.3f} {gamma:.3f} {vega:.1f} {theta:.2f} {rho:.2f}"
        assert found == "0.522 0.066 12.1 -4.31 8.91"

    @pytest.mark.parametrize(
        "options",
        [
            (),
            ("--maturity", "0.01"),
            ("--maturity", "30", "--rate", "-0.01"),
            ("--volatility", "2", "--strikes", "1", "100", "10000"),
            ("--spot", "1e-3", "--strikes", "2e-3"),
            ("--spot", "1e5"),
            ("--volatility", "1e-3"),
        ],
    )
    def test_the_greeks_are_those_of_the_formulas(self, run, options):
        status, out, _ = run(*options)
        assert status == 0
        assert out.count(" right") == 5
        assert "Verdict: they agree." in out

    def test_a_wrong_greek_is_a_failure(self, run, monkeypatch):
        right = black_scholes.closed_greeks

        def wrong(*market):
            return {**right(*market), "gamma": (1 + 1e-9) * right(*market)["gamma"]}

        monkeypatch.setattr(black_scholes, "closed_greeks", wrong)
        status, out, _ = run()
        assert status == 1
        assert out.count("WRONG") == 1
        assert "THEY DO NOT AGREE" in out

    @pytest.mark.parametrize(
        "options", [("--spot", "1e300", "--strikes", "1e-300"), ("--volatility", "1e200")]
    )
    def test_numbers_that_are_too_large(self, run, options):
        status, out, err = run(*options)
        assert (status, out) == (2, "")
        assert "too large or too small" in err

    @pytest.mark.parametrize(
        "options",
        [
            ["--spot", "0"],
            ["--volatility", "-1"],
            ["--rate", "inf"],
            ["--strikes"],
            ["--strikes", "0"],
        ],
    )
    def test_options_that_make_no_sense(self, options, capsys):
        with pytest.raises(SystemExit) as caught:
            black_scholes.main(options)
        assert caught.value.code == 2
        assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize("module", [gaussian_process, black_scholes])
def test_help(module, capsys):
    with pytest.raises(SystemExit) as caught:
        module.main(["--help"])
    assert caught.value.code == 0
    assert "default:" in capsys.readouterr().out
