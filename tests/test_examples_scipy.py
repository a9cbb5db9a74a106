"""The examples with SciPy's functions: fits, rates of an equation, a plate, penalties of a fit."""

import sys

import numpy as np
import pytest
from loading import example
from scipy import stats

import tinygrad_np as tg

fit = example("fit")
ode = example("ode")
inverse_heat = example("inverse_heat")
hyperparameters = example("hyperparameters")
MODULES = [fit, ode, inverse_heat, hyperparameters]
SHORT = {
    fit: ("--devices", "30"),
    ode: ("--points", "8", "--steps", "2"),
    inverse_heat: ("--cells", "5", "--steps", "5"),
    hyperparameters: ("--points", "45"),
}


def name_of(module):
    return module.__name__


class Agreed:
    """A report of a check that the test has no need of."""

    verdict, is_right = "right", True


@pytest.fixture
def run(tmp_path, capsys):
    def run(module, *options):
        status = module.main(["--out", str(tmp_path), *options])
        return status, capsys.readouterr().out

    return run


@pytest.mark.parametrize("module", MODULES, ids=name_of)
class TestEach:
    def test_a_short_run_draws_its_figure(self, module, run, tmp_path):
        status, out = run(module, *SHORT[module])
        assert status == 0
        assert "Verdict: they agree." in out
        picture = tmp_path / f"{module.__name__}.png"
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert list(tmp_path.iterdir()) == [picture]

    def test_a_wrong_derivative_is_a_failure(self, module, run, monkeypatch):
        bend = tg.general(lambda x: x, (lambda g: 1.0001 * g, lambda t: 1.0001 * t))
        wrong = tg.check.check_function(lambda x: np.sin(bend(x)), 1.0)
        monkeypatch.setattr(tg.check, "check_function", lambda *args, **options: wrong)
        status, out = run(module, *SHORT[module])
        assert status == 1
        assert "THEY DO NOT AGREE" in out

    def test_without_matplotlib(self, module, run, monkeypatch, tmp_path):
        monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
        monkeypatch.setattr(tg.check, "check_function", lambda *args, **options: Agreed)
        status, out = run(module, *SHORT[module])
        assert status == 0
        assert "No figure: figures need matplotlib; install it with" in out
        assert not any(tmp_path.iterdir())

    @pytest.mark.parametrize("options", [["--seed", "-1"], ["--out", __file__], ["--noise", "0"]])
    def test_options_that_make_no_sense(self, module, options, capsys):
        with pytest.raises(SystemExit) as caught:
            module.main(options)
        assert caught.value.code == 2
        assert "error:" in capsys.readouterr().err

    def test_help(self, module, capsys):
        with pytest.raises(SystemExit) as caught:
            module.main(["--help"])
        assert caught.value.code == 0
        out = capsys.readouterr().out
        assert "of the data (default: 0)" in out
        assert out.count("default:") >= 4


def test_the_same_seed_gives_the_same_data():
    for draw in (
        lambda number: fit.draw_data(5, 7.0, number).lifetimes,
        lambda number: ode.draw_data(6, 0.1, number).counts,
        lambda number: inverse_heat.draw_data(inverse_heat.Plate(4), 0.1, number).seen,
        lambda number: hyperparameters.draw_data(4, 1.0, number).training.y,
    ):
        assert np.array_equal(draw(5), draw(5))
        assert not np.array_equal(draw(5), draw(6))


class TestFit:
    def test_complete_lifetimes_give_scipys_own_fit(self):
        data = fit.draw_data(80, 1e9, 1)
        assert np.all(data.failed)
        for name, family in (("Weibull", stats.weibull_min), ("gamma", stats.gamma)):
            shape, _, scale = family.fit(data.lifetimes, floc=0)
            found = fit.fit(fit.MODELS[name], data).params
            logs = [found["log_shape"], found["log_scale"]]
            assert np.allclose(np.exp(logs), [shape, scale], rtol=1e-4), name

    def test_errors_of_a_known_case(self):
        """ln σ of a log-normal has the standard error 1/√(2n), ln of the scale σ/√n."""
        data = fit.draw_data(50, 1e9, 2)
        found = fit.fit(fit.MODELS["log-normal"], data)
        sigma, errors = np.exp(found.params["log_shape"]), found.covariance.errors
        assert np.allclose(errors["log_shape"], 1 / 10, rtol=1e-6)
        assert np.allclose(errors["log_scale"], sigma / np.sqrt(50), rtol=1e-6)

    def test_profile_of_a_known_case(self):
        """That of ln σ of n log-normal numbers is n·(½ − ln s/ŝ − ½ (ŝ/s)²) below its maximum."""
        data, model = fit.draw_data(50, 1e9, 2), fit.MODELS["log-normal"]
        found = fit.fit(model, data)
        best = found.params["log_shape"]

        def fall(log_shape):
            return 50 * (0.5 - (log_shape - best) - 0.5 * np.exp(2 * (best - log_shape)))

        for end in fit.interval(model, data, found):
            assert np.isclose(fall(end), -fit.DROP, atol=1e-4)
        lower = fit.profile(best - 0.2, model, data, found) - found.value
        assert np.isclose(lower, fall(best - 0.2), atol=1e-6)

    def test_the_errors_are_those_of_many_fits(self):
        """The spread of the parameters of 30 data sets is what the errors say."""
        fits = [fit.fit(fit.MODELS["Weibull"], fit.draw_data(100, 7.0, i)) for i in range(30)]
        for name in fit.START:
            said = np.mean([one.covariance.errors[name] for one in fits])
            ratio = np.std([one.params[name] for one in fits]) / said  # its error is 1/√60
            assert 0.6 < ratio < 1.4

    def test_too_few_failures(self, run, capsys):
        assert run(fit, "--devices", "3", "--end", "0.01")[0] == 2


class TestOde:
    def test_it_finds_the_rates(self):
        data = ode.draw_data(40, 0.02, 0)
        found = ode.fit(data, 60)
        off = np.abs(found.log_params - np.log(ode.TRUTH)) / found.errors
        assert np.all(off < 4)
        assert np.max(np.abs(tg.grad(ode.misfit)(found.log_params, data))) < 0.1

    def test_the_populations_are_right(self):
        """What is constant along the true solution: γx − δ ln x + βy − α ln y."""
        growth, predation, loss, gain = ode.TRUTH[:4]
        x, y = ode.populations(np.log(ode.TRUTH), np.linspace(0, ode.END, 50))
        constant = gain * x - loss * np.log(x) + predation * y - growth * np.log(y)
        assert np.ptp(constant) < 1e-6

    def test_too_few_points(self):
        with pytest.raises(SystemExit):
            ode.main(["--points", "5"])


class TestInverseHeat:
    def test_the_matrix_is_that_of_the_scheme(self):
        """All heat leaves by the rim: half a cell, so twice the conductivity, to a rim at 0."""
        plate = inverse_heat.Plate(6)
        log_k = np.random.default_rng(0).normal(size=36)
        flows = 2 * np.exp(log_k)[plate.rim, None] * plate.temperatures(log_k)[plate.rim]
        assert np.allclose(np.sum(flows, 0), 1.0, rtol=1e-12)

    def test_it_finds_the_spots(self):
        plate = inverse_heat.Plate(12)
        data = inverse_heat.draw_data(plate, 0.005, 1)
        found, _ = inverse_heat.fit(plate, data, 150)
        assert np.corrcoef(found, data.truth)[0, 1] > 0.9

    @pytest.mark.parametrize("cells", ["3", "1000"])
    def test_sizes_that_make_no_sense(self, cells):
        with pytest.raises(SystemExit):
            inverse_heat.main(["--cells", cells])


class TestHyperparameters:
    def test_the_penalties_tell_the_groups_apart(self):
        data = hyperparameters.draw_data(50, 1.0, 0)
        steps, one = hyperparameters.search(data), hyperparameters.single(data)
        losses = [hyperparameters.loss(p, data.training, data.test) for p in (one, steps[-1])]
        assert losses[1] < 0.7 * losses[0]
        assert steps[-1]["useless"] > steps[-1]["useful"] + 3

    def test_no_step_is_left_to_take(self):
        """At the end the gradient is 0, or points out of the bounds."""
        data = hyperparameters.draw_data(50, 1.0, 0)
        best = hyperparameters.search(data)[-1]
        slopes = tg.grad(hyperparameters.loss)(best, data.training, data.validation)
        low, high = hyperparameters.BOUNDS
        for name, slope in slopes.items():
            at_end = best[name] == (high if slope < 0 else low)
            assert at_end or abs(slope) < 1e-4
