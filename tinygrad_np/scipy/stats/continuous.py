"""The continuous distributions of `scipy.stats`: a `Text` each, in the order of their names.

The densities are those of SciPy's documentation (N. Johnson, S. Kotz, N. Balakrishnan, Continuous
Univariate Distributions, Wiley 1994), the tails mostly maps of the variable to a normal, logistic,
exponential, gamma or beta one. Without a text are

- the densities of `ksone`, `kstwo`, `landau`, `levy_stable`, `ncf`, `nct` and
  `studentized_range`: what is differentiated there are the tails, once, by their argument;
- the tails and quantiles by the shape parameters of `gausshyper`, `genhyperbolic`, `geninvgauss`,
  `norminvgauss` and `vonmises`, where they are integrals, and by `df` of `ncx2`.
"""

from math import pi

import numpy as np

from ...core.table import Row, pointwise
from . import formulas as f
from .formulas import (
    ABOVE_0,
    BELOW_1,
    INVERSE_GAUSS,
    LOG_2,
    beta,
    gamma,
    hazard,
    log1mexp,
    log1p_over,
    log1p_power,
    log_i0,
    log_normal_between,
    log_phi,
    logistic,
    normal,
    reversed_hazard,
    special,
    swapped,
    symmetric,
    where,
)
from .text_distributions import INF, Text, own

log, log1p, exp, expm1, sqrt, square = np.log, np.log1p, np.exp, np.expm1, np.sqrt, np.square
gammaln, betaln = special.gammaln, special.betaln
log_ndtr, log_expit = special.log_ndtr, special.log_expit


TEXTS = {
    "alpha": Text(
        lambda x, a: log_phi(a - 1 / x) - 2 * log(x) - log_ndtr(a),
        {"cdf": lambda x, a: special.ndtr(a - 1 / x) / special.ndtr(a)}, low=ABOVE_0),
    "anglit": Text(lambda x: (0.0, (np.cos(2 * x), 1.0)), low=-pi / 4, high=pi / 4),
    "arcsine": Text(lambda x: (-log(pi), (x, -0.5), (1 - x, -0.5)), low=0, high=1),
    "argus": Text(
        lambda x, chi: (
            3 * log(chi) + log_phi(0.0) - chi * chi * (1 - x) * (1 + x) / 2 + log1p(x) / 2
            - log(special.gammainc(1.5, chi * chi / 2) / 2), (x, 1.0), (1 - x, 0.5)),
        {"cdf": lambda x, chi: -special.gammainc(1.5, chi * chi * (1 - x) * (1 + x) / 2)
         / special.gammainc(1.5, chi * chi / 2)}, low=0, high=1),
    "beta": Text(
        lambda x, a, b: (-betaln(a, b), (x, a - 1), (1 - x, b - 1)),
        beta(lambda x, a, b: (a, b, x, 1 - x)), low=0, high=1),
    "betaprime": Text(
        lambda x, a, b: (-(a + b) * log1p(x) - betaln(a, b), (x, a - 1)),
        beta(lambda x, a, b: (a, b, x / (1 + x), 1 / (1 + x))), low=0),
    "bradford": Text(
        lambda x, c: log(c) - log(log1p(c)) - log1p(c * x),
        {"cdf": lambda x, c: log1p(c * x) / log1p(c)}, low=0, high=1),
    "burr": Text(
        lambda x, c, d: (log(c) + log(d) - (d + 1) * log1p_power(x, c), (x, c * d - 1)),
        reversed_hazard(lambda x, c, d: d * log1p_power(1 / x, c)), low=0),
    "burr12": Text(
        lambda x, c, d: (log(c) + log(d) - (d + 1) * log1p_power(x, c), (x, c - 1)),
        hazard(lambda x, c, d: d * log1p_power(x, c)), low=0),
    "cauchy": Text(
        lambda x: -log(pi) - 2 * log(np.hypot(1.0, x)),
        {"logcdf": lambda x: log(np.arctan2(1.0, -x) / pi),
         "logsf": lambda x: log(np.arctan2(1.0, x) / pi)}),
    "chi": Text(
        lambda x, df: (-x * x / 2 - (df / 2 - 1) * LOG_2 - gammaln(df / 2), (x, df - 1)),
        gamma(lambda x, df: (df / 2, x * x / 2)), low=0),
    "chi2": Text(
        lambda x, df: (-x / 2 - df / 2 * LOG_2 - gammaln(df / 2), (x, df / 2 - 1)),
        gamma(lambda x, df: (df / 2, x / 2)), low=0),
    "cosine": Text(lambda x: (-log(pi), (np.cos(x / 2), 2.0)), low=-pi, high=pi),
    "crystalball": Text(f.crystalball_density, {"cdf": f.crystalball_cdf}),
    "dgamma": Text(
        lambda x, a: (-np.absolute(x) - LOG_2 - gammaln(a), (np.absolute(x), a - 1)),
        symmetric(lambda u, a: special.gammaincc(a, u))),
    "dpareto_lognorm": Text(f.double_pareto_density, {"cdf": f.double_pareto_cdf}, low=ABOVE_0),
    "dweibull": Text(
        lambda x, c: (log(c / 2) - np.absolute(x) ** c, (np.absolute(x), c - 1)),
        symmetric(lambda u, c: exp(-(u**c)))),
    "expon": Text(lambda x: -x, {"logsf": lambda x: -x}, low=0),
    "exponnorm": Text(
        lambda x, k: 1 / (2 * k * k) - x / k - log(k) + log_ndtr(x - 1 / k),
        {"cdf": lambda x, k: -exp(1 / (2 * k * k) - x / k + log_ndtr(x - 1 / k))}),
    "exponpow": Text(
        lambda x, b: (log(b) + x**b - expm1(x**b), (x, b - 1)),
        hazard(lambda x, b: expm1(x**b)), low=0),
    "exponweib": Text(
        lambda x, a, c: (
            log(a) + log(c) + (a - 1) * log(special.exprel(-(x**c))) - x**c, (x, a * c - 1)),
        reversed_hazard(lambda x, a, c: -a * log1mexp(x**c)), low=0),
    "f": Text(
        lambda x, m, n: (
            m / 2 * log(m / n) - (m + n) / 2 * log1p(m / n * x) - betaln(m / 2, n / 2),
            (x, m / 2 - 1)),
        beta(lambda x, m, n: (m / 2, n / 2, m * x / (n + m * x), n / (n + m * x))), low=0),
    "fatiguelife": Text(
        lambda x, c: log_phi((x - 1) / (sqrt(x) * c)) + log1p(x) - log(2 * c) - 1.5 * log(x),
        normal(lambda x, c: (x - 1) / (sqrt(x) * c)), low=ABOVE_0),
    "fisk": Text(
        lambda x, c: (log(c) - 2 * log1p_power(x, c), (x, c - 1)),
        logistic(lambda x, c: c * log(x)), low=0),
    "foldcauchy": Text(
        lambda x, c: log(1 / (1 + square(x - c)) + 1 / (1 + square(x + c))) - log(pi),
        {"cdf": lambda x, c: (np.arctan(x - c) + np.arctan(x + c)) / pi}, low=0),
    "foldnorm": Text(
        lambda x, c: np.logaddexp(log_phi(x - c), log_phi(x + c)),
        {"cdf": lambda x, c: special.ndtr(x - c) + special.ndtr(x + c)}, low=0),
    "gamma": Text(
        lambda x, a: (-x - gammaln(a), (x, a - 1)), gamma(lambda x, a: (a, x)), low=0),
    "gausshyper": Text(
        lambda x, a, b, c, z: (
            -betaln(a, b) - log(special.hyp2f1(c, a, a + b, -z)) - c * log1p(z * x),
            (x, a - 1), (1 - x, b - 1)), low=0, high=1, constants=("a", "b", "c")),
    "genexpon": Text(
        lambda x, a, b, c: log(a - b * expm1(-c * x)) - (a + b) * x - b / c * expm1(-c * x),
        hazard(lambda x, a, b, c: (a + b) * x + b / c * expm1(-c * x)), low=0),
    "genextreme": Text(
        lambda x, c: log1p_over(-x, c) - log1p(-c * x) - exp(log1p_over(-x, c)),
        reversed_hazard(lambda x, c: exp(log1p_over(-x, c))),
        low=lambda c: where(np.less(c, 0), c, lambda c: BELOW_1 / c, -INF),
        high=lambda c: where(np.greater(c, 0), c, lambda c: 1 / c, INF)),
    "gengamma": Text(
        lambda x, a, c: (log(np.absolute(c)) - gammaln(a) - x**c, (x, c * a - 1)),
        {"cdf": lambda x, a, c: np.sign(c) * special.gammainc(a, x**c)},
        low=lambda a, c: np.where(np.less(c, 0), ABOVE_0, 0.0)),
    "genhalflogistic": Text(
        lambda x, c: (LOG_2 - 2 * log1p((1 - c * x) ** (1 / c)), (1 - c * x, 1 / c - 1)),
        {"cdf": lambda x, c: -2 * special.expit(log1p(-c * x) / c)},
        low=0, high=lambda c: 1 / c),
    "genhyperbolic": Text(f.gen_hyperbolic_density),
    "geninvgauss": Text(
        lambda x, p, b: (
            (p - 1) * log(x) - b * square(x - 1) / (2 * x) - LOG_2 - log(special.kve(p, b))),
        low=ABOVE_0),
    "genlogistic": Text(
        lambda x, c: log(c) - x + (c + 1) * log_expit(x),
        reversed_hazard(lambda x, c: -c * log_expit(x))),
    "gennorm": Text(
        lambda x, b: log(b / 2) - gammaln(1 / b) - np.absolute(x) ** b,
        symmetric(
            lambda u, b: special.gammaincc(1 / b, u**b), lambda b: b / 2 * special.rgamma(1 / b))),
    "genpareto": Text(
        lambda x, c: -(1 + c) * log1p_over(x, c), hazard(log1p_over),
        low=0, high=lambda c: where(np.less(c, 0), c, lambda c: -1 / c, INF)),
    "gibrat": Text(lambda x: log_phi(log(x)) - log(x), low=ABOVE_0),
    "gompertz": Text(
        lambda x, c: log(c) + x - c * expm1(x), hazard(lambda x, c: c * expm1(x)), low=0),
    "gumbel_l": Text(lambda x: x - exp(x), {"logsf": lambda x: -exp(x)}),
    "gumbel_r": Text(lambda x: -x - exp(-x), {"logcdf": lambda x: -exp(-x)}),
    "halfcauchy": Text(lambda x: log(2 / pi) - 2 * log(np.hypot(1.0, x)), low=0),
    "halfgennorm": Text(
        lambda x, b: log(b) - gammaln(1 / b) - x**b, gamma(lambda x, b: (1 / b, x**b)), low=0),
    "halflogistic": Text(lambda x: LOG_2 + log_expit(x) + log_expit(-x), low=0),
    "halfnorm": Text(lambda x: LOG_2 + log_phi(x), low=0),
    "hypsecant": Text(lambda x: log(2 / pi) - np.logaddexp(x, -x)),
    "invgamma": Text(
        lambda x, a: -(a + 1) * log(x) - gammaln(a) - 1 / x,
        {"cdf": lambda x, a: special.gammaincc(a, 1 / x)}, low=ABOVE_0),
    "invgauss": Text(
        lambda x, mu: log_phi((x / mu - 1) / sqrt(x)) - 1.5 * log(x), INVERSE_GAUSS, low=ABOVE_0),
    "invweibull": Text(
        lambda x, c: log(c) - (c + 1) * log(x) - x**-c,
        reversed_hazard(lambda x, c: x**-c), low=ABOVE_0),
    "irwinhall": Text(
        lambda x, n: (0.0, (f.irwin_hall(x, n), 1.0)), low=0, high=lambda n: n, constants=("n",)),
    "jf_skew_t": Text(
        f.skew_t_density, beta(lambda x, a, b: (a, b, *f.skew_t_logs(x, a, b)[2:]))),
    "johnsonsb": Text(
        lambda x, a, b: log_phi(a + b * special.logit(x)) + log(b) - log(x) - log1p(-x),
        normal(lambda x, a, b: a + b * special.logit(x)), low=ABOVE_0, high=BELOW_1),
    "johnsonsu": Text(
        lambda x, a, b: log_phi(a + b * np.arcsinh(x)) + log(b) - log(np.hypot(1.0, x)),
        normal(lambda x, a, b: a + b * np.arcsinh(x))),
    "kappa3": Text(
        lambda x, a: -(log(a) + (a + 1) * log1p_power(x * a ** (-1 / a), a)) / a,
        reversed_hazard(lambda x, a: log1p_power(a ** (1 / a) / x, a) / a), low=0),
    "kappa4": Text(
        f.kappa4_density,
        reversed_hazard(lambda x, h, k: -log1p_over(-exp(log1p_over(-x, k)), h)),
        low=f.kappa4_low, high=lambda h, k: where(np.greater(k, 0), k, lambda k: 1 / k, INF)),
    "kstwobign": Text(f.kolmogorov_density, low=ABOVE_0),
    "laplace": Text(lambda x: -np.absolute(x) - LOG_2),
    "laplace_asymmetric": Text(
        lambda x, k: np.minimum(x, 0) / k - k * np.maximum(x, 0) - log(k + 1 / k),
        {"cdf": f.laplace_asymmetric_cdf}),
    "levy": Text(lambda x: log_phi(1 / sqrt(x)) - 1.5 * log(x), low=ABOVE_0),
    "levy_l": Text(lambda x: log_phi(1 / sqrt(-x)) - 1.5 * log(-x), high=-ABOVE_0),
    "loggamma": Text(
        lambda x, c: c * x - exp(x) - gammaln(c), gamma(lambda x, c: (c, exp(x)))),
    "logistic": Text(lambda x: log_expit(x) + log_expit(-x), logistic(lambda x: x)),
    "loglaplace": Text(
        lambda x, c: (log(c / 2) - 2 * c * log(np.maximum(x, 1)), (x, c - 1)),
        {"cdf": lambda x, c: symmetric(
            lambda u, c: exp(-c * u), lambda c: c / 2)["cdf"](log(x), c)}, low=0),
    "lognorm": Text(
        lambda x, s: log_phi(log(x) / s) - log(x) - log(s),
        normal(lambda x, s: log(x) / s), low=ABOVE_0),
    "loguniform": Text(
        lambda x, a, b: -log(x) - log(log(b) - log(a)),
        {"cdf": lambda x, a, b: (log(x) - log(a)) / (log(b) - log(a))},
        low=lambda a, b: a, high=lambda a, b: b),
    "lomax": Text(
        lambda x, c: log(c) - (c + 1) * log1p(x), hazard(lambda x, c: c * log1p(x)), low=0),
    "maxwell": Text(lambda x: (LOG_2 + log_phi(x), (x, 2.0)), low=0),
    "mielke": Text(
        lambda x, k, s: (log(k) - (1 + k / s) * log1p_power(x, s), (x, k - 1)),
        reversed_hazard(lambda x, k, s: k / s * log1p_power(1 / x, s)), low=0),
    "moyal": Text(lambda x: log_phi(0.0) - (x + exp(-x)) / 2),
    "nakagami": Text(
        lambda x, n: (LOG_2 + n * log(n) - gammaln(n) - n * x * x, (x, 2 * n - 1)),
        gamma(lambda x, n: (n, n * x * x)), low=0),
    "ncx2": Text(f.nc_chi2_density, {"nc": f.nc_chi2_by_nc}, low=0),
    "norm": Text(log_phi, normal(lambda x: x)),
    "norminvgauss": Text(
        lambda x, a, b: (
            log(a / pi) - log(np.hypot(1.0, x)) + log(special.k1e(a * np.hypot(1.0, x)))
            - a * np.hypot(1.0, x) + sqrt((a - b) * (a + b)) + b * x)),
    "pareto": Text(
        lambda x, b: log(b) - (b + 1) * log(x), hazard(lambda x, b: b * log(x)), low=1),
    "pearson3": Text(
        f.pearson3_density, {"cdf": f.pearson3_cdf},
        low=lambda skew: where(np.greater(skew, 0), skew, lambda s: -2 / s, -INF),
        high=lambda skew: where(np.less(skew, 0), skew, lambda s: -2 / s, INF)),
    "powerlaw": Text(
        lambda x, a: (log(a), (x, a - 1)),
        reversed_hazard(lambda x, a: -a * log(x)), low=0, high=1),
    "powerlognorm": Text(
        lambda x, c, s: (
            log(c) - log(s) - log(x) + log_phi(log(x) / s) + (c - 1) * log_ndtr(-log(x) / s)),
        hazard(lambda x, c, s: -c * log_ndtr(-log(x) / s)), low=ABOVE_0),
    "powernorm": Text(
        lambda x, c: log(c) + log_phi(x) + (c - 1) * log_ndtr(-x),
        hazard(lambda x, c: -c * log_ndtr(-x))),
    "rayleigh": Text(lambda x: (-x * x / 2, (x, 1.0)), {"logsf": lambda x: -x * x / 2}, low=0),
    "rdist": Text(
        lambda x, c: (-betaln(0.5, c / 2), (1 - x, c / 2 - 1), (1 + x, c / 2 - 1)),
        beta(lambda x, c: (c / 2, c / 2, (1 + x) / 2, (1 - x) / 2)), low=-1, high=1),
    "recipinvgauss": Text(
        lambda x, mu: log_phi((x - 1 / mu) / sqrt(x)) - log(x) / 2,
        swapped(INVERSE_GAUSS, lambda x: 1 / x), low=ABOVE_0),
    "rel_breitwigner": Text(f.breit_wigner_density, {"cdf": f.breit_wigner_cdf}, low=0),
    "rice": Text(
        lambda x, b: (-(x * x + b * b) / 2 + log_i0(x * b), (x, 1.0)),
        {"b": lambda x, b: -x * exp(-square(x - b) / 2) * special.i1e(x * b)}, low=0),
    "semicircular": Text(lambda x: (log(2 / pi), (1 - x, 0.5), (1 + x, 0.5)), low=-1, high=1),
    "skewcauchy": Text(
        lambda x, a: -log(pi) - 2 * log(np.hypot(1.0, x / f.skew_cauchy_width(x, a))),
        {"cdf": f.skew_cauchy_cdf}),
    "skewnorm": Text(
        lambda x, a: LOG_2 + log_phi(x) + log_ndtr(a * x),
        {"a": lambda x, a: -exp(-x * x * (1 + a * a) / 2) / (pi * (1 + a * a))}),
    "t": Text(f.t_density, symmetric(f.t_sf, lambda df: exp(f.t_density(0.0, df)))),
    "trapezoid": Text(f.trapezoid_density, {"cdf": f.trapezoid_cdf}, low=0, high=1),
    "triang": Text(
        lambda x, c: f.trapezoid_density(x, c, c),
        {"cdf": lambda x, c: f.trapezoid_cdf(x, c, c)}, low=0, high=1),
    "truncexpon": Text(
        lambda x, b: -x - log(-expm1(-b)), {"cdf": lambda x, b: expm1(-x) / expm1(-b)},
        low=0, high=lambda b: b),
    "truncnorm": Text(
        lambda x, a, b: log_phi(x) - log_normal_between(a, b),
        {"cdf": lambda x, a, b: exp(log_normal_between(a, x) - log_normal_between(a, b)),
         "logcdf": lambda x, a, b: log_normal_between(a, x) - log_normal_between(a, b),
         "logsf": lambda x, a, b: log_normal_between(x, b) - log_normal_between(a, b)},
        low=lambda a, b: a, high=lambda a, b: b),
    "truncpareto": Text(
        lambda x, b, c: -(b + 1) * log(x) - log(f.trunc_pareto_mass(c, b)),
        {"cdf": lambda x, b, c: f.trunc_pareto_mass(x, b) / f.trunc_pareto_mass(c, b)},
        low=1, high=lambda b, c: c),
    "truncweibull_min": Text(
        f.trunc_weibull_density,
        {"cdf": lambda *b: exp(f.trunc_weibull_logs(*b)[0]),
         "logcdf": lambda *b: f.trunc_weibull_logs(*b)[0],
         "logsf": lambda *b: f.trunc_weibull_logs(*b)[1]},
        low=lambda c, a, b: a, high=lambda c, a, b: b),
    "tukeylambda": Text(
        lambda x, lam: log(f.tukey_density(x, lam)), {"lam": f.tukey_by_lam},
        low=lambda lam: where(np.greater(lam, 0), lam, lambda k: -1 / k, -INF),
        high=lambda lam: where(np.greater(lam, 0), lam, lambda k: 1 / k, INF)),
    "uniform": Text(lambda x: 0.0 * x, low=0, high=1),
    "vonmises": Text(lambda x, k: log_phi(0.0) * 2 + k * np.cos(x) - log_i0(k)),
    "vonmises_line": Text(
        lambda x, k: log_phi(0.0) * 2 + k * np.cos(x) - log_i0(k), low=-pi, high=pi),
    "wald": Text(
        lambda x: log_phi((x - 1) / sqrt(x)) - 1.5 * log(x),
        {"logcdf": lambda x: INVERSE_GAUSS["logcdf"](x, 1.0),
         "logsf": lambda x: INVERSE_GAUSS["logsf"](x, 1.0)}, low=ABOVE_0),
    "weibull_max": Text(
        lambda x, c: (log(c) - (-x) ** c, (-x, c - 1)),
        reversed_hazard(lambda x, c: (-x) ** c), high=0),
    "weibull_min": Text(
        lambda x, c: (log(c) - x**c, (x, c - 1)), hazard(lambda x, c: x**c), low=0),
    "wrapcauchy": Text(
        lambda x, c: (
            2 * log_phi(0.0) + log1p(-c * c) - log(square(1 - c) + 4 * c * square(np.sin(x / 2)))),
        {"cdf": lambda x, c:
         np.arctan2((1 + c) * np.sin(x / 2), (1 - c) * np.cos(x / 2)) / pi},
        low=0, high=2 * pi),
    **dict.fromkeys(("landau", "levy_stable", "nct"), Text(None)),
    "ksone": Text(None, low=0, high=1), "kstwo": Text(None, low=lambda n: 0.5 / n, high=1),
    **dict.fromkeys(("ncf", "studentized_range"), Text(None, low=0)),
}  # fmt: skip
TEXTS["erlang"] = TEXTS["gamma"]
TEXTS["reciprocal"] = TEXTS["loguniform"]
TEXTS["trapz"] = TEXTS["trapezoid"]  # SciPy 1.13

ROWS: tuple[Row, ...] = (pointwise(log_i0, lambda x: special.i1e(x) / special.i0e(x)),)
OWN = own(TEXTS)
