"""Plain NumPy programs, each from its formula, as they stand in people's code.

Every program returns one number. `draw_<program>` takes a `numpy.random.Generator` and gives the
arguments of a point at which the program is smooth.
"""

import numpy as np
from scipy.special import ndtr

# Test functions of optimisation


def rosenbrock(x):
    """Rosenbrock's valley in n dimensions (Rosenbrock 1960, as extended by De Jong 1975)."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def draw_rosenbrock(rng):
    return (rng.normal(size=6),)


def styblinski_tang(x):
    """½ Σ (xᵢ⁴ − 16 xᵢ² + 5 xᵢ) (Styblinski and Tang 1990)."""
    return np.sum(x**4 - 16 * x**2 + 5 * x) / 2


def draw_styblinski_tang(rng):
    return (rng.uniform(-4, 4, size=7),)


def griewank(x):
    """1 + Σ xᵢ² / 4000 − Π cos(xᵢ / √i) (Griewank 1981)."""
    i = np.arange(1, len(x) + 1)
    return 1 + np.sum(x**2) / 4000 - np.prod(np.cos(x / np.sqrt(i)))


def draw_griewank(rng):
    return (rng.uniform(-3, 3, size=5),)


# Statistics and machine learning


def gp_log_marginal_likelihood(x, y, length_scale, amplitude, noise):
    """log p(y | x) of a Gaussian process (Rasmussen and Williams 2006, Algorithm 2.1).

    x is (n, d), y is (n,); the covariance is a² exp(−|x − x'|² / 2l²), plus noise² on the diagonal.
    """
    n = len(y)
    squared = np.sum((x[:, np.newaxis, :] - x[np.newaxis, :, :]) ** 2, axis=-1)
    K = amplitude**2 * np.exp(-0.5 * squared / length_scale**2) + noise**2 * np.eye(n)
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return -0.5 * y @ alpha - np.log(np.diag(L)).sum() - 0.5 * n * np.log(2 * np.pi)


def draw_gp_log_marginal_likelihood(rng):
    x = rng.uniform(-2, 2, size=(8, 2))
    y = np.sin(x[:, 0]) + 0.1 * rng.normal(size=8)
    return x, y, 0.9, 1.3, 0.4


def kalman_predict(mean, cov, F, Q):
    """The state and its covariance, a step ahead (Kalman 1960)."""
    return F @ mean, F @ cov @ F.T + Q


def kalman_update(mean, cov, z, H, R):
    """The state after the observation z, and log N(z; H mean, S)."""
    innovation = z - H @ mean
    S = np.einsum("ij,jk,lk->il", H, cov, H) + R
    gain = np.linalg.solve(S, H @ cov).T
    _, logdet = np.linalg.slogdet(2 * np.pi * S)
    log_likelihood = -0.5 * (innovation @ np.linalg.inv(S) @ innovation + logdet)
    return mean + gain @ innovation, cov - gain @ S @ gain.T, log_likelihood


def kalman_log_likelihood(observations, F, Q, H, R, mean, cov):
    """Of a sequence (steps, m), by the prediction error decomposition (Harvey 1989, §3.4)."""
    total = 0.0
    for z in observations:
        mean, cov = kalman_predict(mean, cov, F, Q)
        mean, cov, log_likelihood = kalman_update(mean, cov, z, H, R)
        total += log_likelihood
    return total


def draw_kalman_log_likelihood(rng):
    """A point that moves with constant velocity; its position and their sum are observed."""
    F = np.array([[1.0, 0.5], [0.0, 0.9]])
    H = np.array([[1.0, 0.0], [0.7, 1.0]])
    Q, R = np.diag([0.1, 0.3]), np.array([[0.5, 0.1], [0.1, 0.4]])
    return rng.normal(size=(5, 2)), F, Q, H, R, rng.normal(size=2), np.eye(2)


def lstm_cell(x, h, c, W, b):
    """A step of a long short-term memory with a forget gate (Gers et al. 2000)."""
    gates = np.concatenate([x, h], axis=1) @ W + b
    i, f, g, o = np.split(gates, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_loss(W, b, V, xs, targets):
    """Mean squared error of a linear read-out; xs is (steps, batch, features)."""
    units = len(b) // 4
    h = c = np.zeros((xs.shape[1], units))
    outputs = []
    for x in xs:
        h, c = lstm_cell(x, h, c, W, b)
        outputs.append(h @ V)
    return np.mean((np.stack(outputs) - targets) ** 2)


def draw_lstm_loss(rng):
    steps, batch, features, units = 4, 2, 3, 2
    W = rng.normal(size=(features + units, 4 * units))
    b = rng.normal(size=4 * units)
    V = rng.normal(size=(units, 1))
    xs = rng.normal(size=(steps, batch, features))
    return W, b, V, xs, rng.normal(size=(steps, batch, 1))


def pca_reconstruction_error(X, k):
    """Mean square of what k principal components leave out (Eckart and Young 1936)."""
    centred = X - X.mean(axis=0)
    U, s, Vt = np.linalg.svd(centred, full_matrices=False)
    reconstruction = (U[:, :k] * s[:k]) @ Vt[:k]
    return np.mean((centred - reconstruction) ** 2)


def draw_pca_reconstruction_error(rng):
    return rng.normal(size=(7, 4)) * [4.0, 2.0, 1.0, 0.5], 2


def pca_explained_variance(X, k):
    """The share of k principal components in the variance (Jolliffe 2002, §6.1)."""
    s = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)
    return np.sum(s[:k] ** 2) / np.sum(s**2)


draw_pca_explained_variance = draw_pca_reconstruction_error


def attention_loss(queries, keys, values, targets):
    """Scaled dot-product attention (Vaswani et al. 2017, eq. 1), and a squared error.

    Arrays are (batch, heads, length, features).
    """
    scores = np.einsum("bhqd,bhkd->bhqk", queries, keys) / np.sqrt(queries.shape[-1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    attended = np.einsum("bhqk,bhkd->bhqd", weights, values)
    return np.square(attended - targets).mean()


def draw_attention_loss(rng):
    return tuple(rng.normal(size=(2, 2, n, 3)) for n in (3, 4, 4, 3))


def mixture_log_likelihood(x, logits, means, factors):
    """Of n points (n, d) under k Gaussians with covariances A Aᵀ (Bishop 2006, eq. 9.14)."""
    d = x.shape[1]
    log_weights = logits - np.log(np.sum(np.exp(logits)))
    precisions = np.linalg.inv(factors @ np.swapaxes(factors, 1, 2))
    residuals = x[:, None, :] - means
    squared = np.einsum("nki,kij,nkj->nk", residuals, precisions, residuals)
    log_det = 2 * np.log(np.abs(np.linalg.det(factors)))
    log_p = log_weights - 0.5 * (squared + log_det + d * np.log(2 * np.pi))
    top = np.max(log_p, axis=1)
    return np.sum(top + np.log(np.sum(np.exp(log_p - top[:, None]), axis=1)))


def draw_mixture_log_likelihood(rng):
    factors = np.eye(2) + 0.3 * rng.normal(size=(3, 2, 2))
    return rng.normal(size=(5, 2)), rng.normal(size=3), rng.normal(size=(3, 2)), factors


def pinball_loss(beta, X, y, level):
    """Mean check loss of a linear quantile regression (Koenker and Bassett 1978)."""
    residuals = y - np.dot(X, beta)
    return np.mean(np.where(residuals >= 0, level * residuals, (level - 1) * residuals))


def draw_pinball_loss(rng):
    return rng.normal(size=3), rng.normal(size=(9, 3)), rng.normal(size=9), 0.8


def expected_shortfall(weights, returns, level):
    """Mean loss beyond the quantile (Rockafellar and Uryasev 2000, eq. 4)."""
    losses = -(returns @ weights)
    value_at_risk = np.quantile(losses, level)
    return value_at_risk + np.mean(np.maximum(losses - value_at_risk, 0)) / (1 - level)


def draw_expected_shortfall(rng):
    return rng.dirichlet(np.ones(3)), rng.normal(size=(12, 3)), 0.7


def gini(x):
    """Gini's coefficient of positive numbers, from their order (Sen 1973)."""
    x = np.sort(x)
    n = x.size
    return np.sum((2 * np.arange(1, n + 1) - n - 1) * x) / (n * np.sum(x))


def draw_gini(rng):
    return (rng.lognormal(size=8),)


def cox_log_likelihood(beta, X, times, observed):
    """log partial likelihood of proportional hazards, without ties (Cox 1972)."""
    latest_first = np.argsort(-times)
    score = (X @ beta)[latest_first]
    at_risk = np.log(np.cumsum(np.exp(score)))
    return np.sum((score - at_risk)[observed[latest_first]])


def draw_cox_log_likelihood(rng):
    times = rng.permutation(8)
    return rng.normal(size=3), rng.normal(size=(8, 3)), times, rng.random(8) < 0.7


def discrete_survival_log_likelihood(hazard_logits, beta, X, interval, observed):
    """log likelihood of discrete-time survival (Singer and Willett 1993, eq. 8)."""
    hazards = sigmoid(hazard_logits + (X @ beta)[:, np.newaxis])
    survival = np.cumprod(1 - hazards, axis=1)
    rows = np.arange(len(X))
    h, s = hazards[rows, interval], survival[rows, interval]
    return np.sum(np.log(s)) + np.sum(np.where(observed, np.log(h / (1 - h)), 0.0))


def draw_discrete_survival_log_likelihood(rng):
    X = rng.normal(size=(6, 2))
    return rng.normal(size=4), rng.normal(size=2), X, rng.integers(0, 4, 6), rng.random(6) < 0.6


def garch_log_likelihood(mu, omega, alpha, beta, returns):
    """Of GARCH(1, 1) with Gaussian innovations (Bollerslev 1986)."""
    e = returns - mu
    variance = [np.var(returns)]
    for t in range(1, len(returns)):
        variance.append(omega + alpha * e[t - 1] ** 2 + beta * variance[-1])
    variance = np.stack(variance)
    return -0.5 * np.sum(np.log(2 * np.pi * variance) + e**2 / variance)


def draw_garch_log_likelihood(rng):
    return 0.1, 0.2, 0.3, 0.5, rng.normal(size=10)


def soft_dtw(x, y, gamma):
    """Soft dynamic time warping of (n, d) and (m, d) (Cuturi and Blondel 2017, Algorithm 1)."""
    never = 1e10
    cost = np.sum((x[:, None] - y[None, :]) ** 2, axis=-1)
    above = [0.0] + [never] * len(y)
    for i in range(len(x)):
        row = [never]
        for j in range(len(y)):
            row.append(cost[i, j] + softmin(above[j], above[j + 1], row[j], gamma))
        above = row
    return above[-1]


def softmin(a, b, c, gamma):
    return -gamma * np.log(np.exp(-a / gamma) + np.exp(-b / gamma) + np.exp(-c / gamma))


def draw_soft_dtw(rng):
    return rng.normal(size=(4, 2)), rng.normal(size=(3, 2)), 0.8


def sinkhorn_distance(M, a, b, reg):
    """Entropic optimal transport, 20 rounds of scaling (Cuturi 2013, Algorithm 1)."""
    K = np.exp(-M / reg)
    v = np.ones_like(b)
    for _ in range(20):
        u = a / (K @ v)
        v = b / (K.T @ u)
    plan = u[:, None] * K * v
    return (plan * M).sum()


def draw_sinkhorn_distance(rng):
    return rng.random((4, 3)), rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(3)), 0.3


# Signals


def convolution_misfit(signal, response, observed):
    """Σ (signal ∗ response − observed)², by the convolution theorem (Oppenheim et al. 1999)."""
    n = len(signal) + len(response) - 1
    convolved = np.fft.irfft(np.fft.rfft(signal, n) * np.fft.rfft(response, n), n)
    return np.sum((convolved - observed) ** 2)


def draw_convolution_misfit(rng):
    return rng.normal(size=7), rng.normal(size=3), rng.normal(size=9)


def wiener_misfit(image, blur, noise, truth):
    """Error of Wiener's deconvolution of an image (Gonzalez and Woods 2018, eq. 5-85)."""
    B = np.fft.fft2(blur, s=image.shape)
    restored = np.fft.ifft2(np.conj(B) * np.fft.fft2(image) / (np.abs(B) ** 2 + noise)).real
    return np.linalg.norm(restored - truth) ** 2


def draw_wiener_misfit(rng):
    return rng.normal(size=(5, 6)), rng.random((2, 3)), 0.3, rng.normal(size=(5, 6))


def spectral_entropy(x):
    """Shannon's entropy of the power spectrum under Hann's window (Inouye et al. 1991)."""
    spectrum = np.fft.rfft((x - x.mean()) * np.hanning(len(x)))
    power = spectrum.real**2 + spectrum.imag**2
    p = power / power.sum()
    return -np.sum(p * np.log2(p))


def draw_spectral_entropy(rng):
    return (rng.normal(size=11),)


def smoothed_roughness(y, weight):
    """Misfit of a Savitzky–Golay filter and its roughness (Savitzky and Golay 1964; window 5)."""
    coefficients = np.array([-3, 12, 17, 12, -3]) / 35
    padded = np.pad(y, 2, mode="edge")
    smooth = np.convolve(padded, coefficients, mode="valid")
    return np.sum((y - smooth) ** 2) + weight * np.sum(np.diff(smooth, n=2) ** 2)


def draw_smoothed_roughness(rng):
    return rng.normal(size=9), 0.7


def polynomial_forecast(x, y, new):
    """A cubic by least squares, at new points (Gauss 1809): mean squared error against cos."""
    coefficients, *_ = np.linalg.lstsq(np.vander(x, 4), y, rcond=None)
    return np.mean((np.polyval(coefficients, new) - np.cos(new)) ** 2)


def draw_polynomial_forecast(rng):
    x = np.linspace(-1, 1, 8) + 0.1 * rng.random(8)
    return x, np.cos(x) + 0.1 * rng.normal(size=8), rng.uniform(-1, 1, size=3)


# Finance


def normal_cdf(x):
    """Φ(x) to 7.5e-8 (Abramowitz and Stegun 1964, 26.2.17)."""
    k = 1 / (1 + 0.2316419 * np.abs(x))
    poly = k * (
        0.319381530 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429)))
    )
    tail = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi) * poly
    return np.where(x > 0, 1 - tail, tail)


def black_scholes(spot, strikes, volatility, rate, maturity, cdf=normal_cdf):
    """The value of one call of each strike (Black and Scholes 1973, eq. 13)."""
    std = volatility * np.sqrt(maturity)
    d1 = (np.log(spot / strikes) + (rate + volatility**2 / 2) * maturity) / std
    prices = spot * cdf(d1) - strikes * np.exp(-rate * maturity) * cdf(d1 - std)
    return np.sum(prices)


def draw_black_scholes(rng):
    return 100.0 + rng.normal(), np.array([85.0, 95.0, 110.0, 130.0]), 0.25, 0.03, 0.75


def black_scholes_ndtr(spot, strikes, volatility, rate, maturity):
    """The same with SciPy's Φ."""
    return black_scholes(spot, strikes, volatility, rate, maturity, cdf=ndtr)


draw_black_scholes_ndtr = draw_black_scholes


def bond_price(zero_rates, knots, coupon, payments):
    """Present value of 100 with coupons, zero rates interpolated linearly (Hull 2018, §4.5)."""
    rates = np.interp(payments, knots, zero_rates)
    flows = coupon + 100 * (payments == payments[-1])
    return np.sum(flows * np.exp(-rates * payments))


def draw_bond_price(rng):
    return 0.03 + 0.01 * rng.random(4), np.array([0.5, 1.0, 2.0, 5.0]), 3.5, np.arange(5) + 0.75


# Physics and geometry


def logistic_growth_misfit(r, capacity, start, times, counts):
    """ẋ = r x (1 − x/K) (Verhulst 1838) by the classical Runge–Kutta method, against counts."""

    def f(x):
        return r * x * (1 - x / capacity)

    x = start
    path = [x]
    for h in np.diff(times):
        k1 = f(x)
        k2 = f(x + h / 2 * k1)
        k3 = f(x + h / 2 * k2)
        k4 = f(x + h * k3)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(x)
    return np.mean((np.stack(path) - counts) ** 2)


def draw_logistic_growth_misfit(rng):
    times = np.linspace(0.0, 3.0, 7)
    return 1.3, 5.0, 0.7, times, 1 + times + 0.1 * rng.normal(size=7)


def heat_misfit(temperature, diffusivity, target, steps):
    """The heat equation on a torus, explicit steps of size 1 (Courant et al. 1928)."""
    u = temperature
    for _ in range(steps):
        neighbours = sum(np.roll(u, shift, axis) for axis in (0, 1) for shift in (1, -1))
        u = u + diffusivity * (neighbours - 4 * u)
    return ((u - target) ** 2).sum()


def draw_heat_misfit(rng):
    return rng.normal(size=(4, 5)), rng.uniform(0.05, 0.2, (4, 5)), rng.normal(size=(4, 5)), 6


def lennard_jones(positions, epsilon, sigma):
    """Potential energy of n atoms (n, 3) (Lennard-Jones 1924)."""
    i, j = np.triu_indices(len(positions), k=1)
    r = np.linalg.norm(positions[i] - positions[j], axis=1)
    s6 = (sigma / r) ** 6
    return 4 * epsilon * np.sum(s6**2 - s6)


def draw_lennard_jones(rng):
    grid = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1]), axis=-1).reshape(-1, 3)[:5]
    return 1.2 * grid + 0.1 * rng.normal(size=(5, 3)), 0.8, 1.1


def ground_state_energy(potential, dx):
    """The least eigenvalue of −½ d²/dx² + V by finite differences (Schrödinger 1926)."""
    n = len(potential)
    off = np.full(n - 1, -0.5) / dx**2
    H = np.diag(potential + 1 / dx**2) + np.diag(off, 1) + np.diag(off, -1)
    return np.linalg.eigvalsh(H)[0]


def draw_ground_state_energy(rng):
    x = np.linspace(-2.5, 2.5, 9)
    return x**2 / 2 + 0.1 * x**4 + 0.1 * rng.random(9), x[1] - x[0]


def rotation_misfit(axis_angle, points, observed):
    """Σ |R p − q|² with R from an axis times an angle (Rodrigues 1840)."""
    angle = np.sqrt(np.sum(axis_angle**2))
    axis = axis_angle / angle
    rotated = (
        points * np.cos(angle)
        + np.cross(axis, points) * np.sin(angle)
        + np.outer(points @ axis, axis) * (1 - np.cos(angle))
    )
    return np.sum((rotated - observed) ** 2)


def draw_rotation_misfit(rng):
    return rng.normal(size=3), rng.normal(size=(4, 3)), rng.normal(size=(4, 3))


def bending_energy(x, y):
    """½ ∫ κ² ds of a curve through points (Euler 1744), by np.gradient and trapezia."""
    dx, dy = np.gradient(x), np.gradient(y)
    ddx, ddy = np.gradient(dx), np.gradient(dy)
    speed = np.hypot(dx, dy)
    curvature = (dx * ddy - dy * ddx) / speed**3
    return 0.5 * np.trapezoid(curvature**2 * speed)


def draw_bending_energy(rng):
    t = np.linspace(0, 2, 8)
    return np.cos(t) + 0.02 * rng.normal(size=8), 2 * np.sin(t) + 0.02 * rng.normal(size=8)
