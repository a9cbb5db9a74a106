"""``python -m benchmarks.lifelines_check``: lifelines on HIPS autograd's face.

lifelines fits with autograd's gradients. In one process it has the real autograd, in the other
``tinygrad_np.compat.autograd.install()`` and our incomplete gamma functions in place of those of
autograd_gamma. Log-likelihoods and coefficients of its parametric fitters are compared. Install
the peers with pip: lifelines.
"""

import json
import subprocess
import sys
import types
import warnings
from typing import Any

ALLOWED = 1e-6  # relative: both stop at the same tolerance, by different roundings


def install() -> None:
    """Put our modules into the places of autograd and autograd_gamma."""
    from tinygrad_np.compat import autograd
    from tinygrad_np.compat.autograd import numpy as np
    from tinygrad_np.scipy import special

    autograd.install()
    gammas: Any = types.ModuleType("autograd_gamma")
    for name in ("gammainc", "gammaincc", "gammaln", "betainc"):
        setattr(gammas, name, getattr(special, name))
    gammas.gammaincln = lambda a, x: np.log(special.gammainc(a, x))
    gammas.gammainccln = lambda a, x: np.log(special.gammaincc(a, x))
    gammas.betaincln = lambda a, b, x: np.log(special.betainc(a, b, x))
    sys.modules["autograd_gamma"] = gammas


def fits() -> dict[str, Any]:
    """The log-likelihood and the coefficients of each fitter, or the error that it raised."""
    import lifelines
    import numpy as np
    from lifelines.datasets import load_rossi, load_waltons

    waltons, rossi = load_waltons(), load_rossi()
    univariate = {
        "Weibull": lifelines.WeibullFitter(),
        "exponential": lifelines.ExponentialFitter(),
        "log-normal": lifelines.LogNormalFitter(),
        "log-logistic": lifelines.LogLogisticFitter(),
        "piecewise exponential": lifelines.PiecewiseExponentialFitter([20, 40, 60]),
        "generalised gamma": lifelines.GeneralizedGammaFitter(),
        "spline": lifelines.SplineFitter([6, 20, 40, 75]),
    }
    regressions = {
        "Cox": lifelines.CoxPHFitter(),
        "Cox, spline baseline": lifelines.CoxPHFitter("spline", n_baseline_knots=3),
        "Weibull AFT": lifelines.WeibullAFTFitter(),
        "log-normal AFT": lifelines.LogNormalAFTFitter(),
        "log-logistic AFT": lifelines.LogLogisticAFTFitter(),
    }
    found: dict[str, Any] = {"autograd": sys.modules["autograd"].__name__}
    for name, fitter in (univariate | regressions).items():
        try:
            if name in univariate:
                fitter.fit(waltons["T"], waltons["E"])
            else:
                fitter.fit(rossi, "week", "arrest")
            table = fitter.summary
            found[name] = {
                "log-likelihood": float(fitter.log_likelihood_),
                "coefficients": np.ravel(table["coef"]).tolist(),
                "standard errors": np.ravel(table["se(coef)"]).tolist(),
            }
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error!s:.200}"
    return found


def main() -> int:
    """Compare; the exit status is the number of fitters that do not agree."""
    warnings.simplefilter("ignore")
    if sys.argv[1:] == ["--worker"]:
        print(json.dumps(fits()))
        return 0
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.lifelines_check", "--worker"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    theirs = json.loads(done.stdout)
    install()
    wrong = 0
    print(f"{'fitter':24}{'log-likelihood':>18}  relative differences of it, coefficients, errors")
    ours_all = fits()
    used = theirs.pop("autograd"), ours_all.pop("autograd")
    if used != ("autograd", "tinygrad_np.compat.autograd"):
        raise RuntimeError(f"the wrong autograd was used: {used}")
    for name, ours in ours_all.items():
        other = theirs[name]
        if isinstance(ours, str) or isinstance(other, str):
            wrong += 1
            print(f"{name:24}ours: {ours!s:.120}\n{'':24}theirs: {other!s:.120}")
            continue
        differences = [_apart(ours[key], other[key]) for key in ours]
        wrong += differences[0] > ALLOWED
        text = "  ".join([f"{x:.1e}" for x in differences])
        print(f"{name:24}{ours['log-likelihood']:18.6f}  {text}")
    return wrong


def _apart(ours: Any, theirs: Any) -> float:
    """The largest relative difference."""
    import numpy as np

    return float(np.max(np.abs(np.subtract(ours, theirs)) / np.abs(theirs)))


if __name__ == "__main__":
    sys.exit(main())
