"""The examples that differentiate plain NumPy programs: a Gaussian process, Black and Scholes."""

import sys

import numpy as np
import pytest
from loading import example

import tinygrad_np as tg

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
