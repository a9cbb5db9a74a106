"""What a Tensor must not reach in `scipy.special`, beside its ufuncs: why, and what to do."""

from ...core.table import Row
from ..mirror import constants, refused

_INTEGERS = "it takes whole numbers, between which nothing is defined"

ROWS: tuple[Row, ...] = (
    *constants("special", _INTEGERS, "bernoulli euler stirling2"),
    *constants("special", "it reads settings, not numbers", "geterr seterr"),
)

_ZEROS = """
    ai_zeros bi_zeros bei_zeros beip_zeros ber_zeros berp_zeros kei_zeros keip_zeros ker_zeros
    kerp_zeros kelvin_zeros erf_zeros fresnel_zeros fresnelc_zeros fresnels_zeros jn_zeros
    jnjnp_zeros jnp_zeros jnyn_zeros yn_zeros ynp_zeros y0_zeros y1_zeros y1p_zeros
"""
_POLYNOMIALS = """
    legendre chebyt chebyu chebyc chebys jacobi laguerre genlaguerre hermite hermitenorm gegenbauer
    sh_legendre sh_chebyt sh_chebyu sh_jacobi
"""
_ROOTS = """
    roots_legendre roots_chebyt roots_chebyu roots_chebyc roots_chebys roots_jacobi roots_laguerre
    roots_genlaguerre roots_hermite roots_hermitenorm roots_gegenbauer roots_sh_legendre
    roots_sh_chebyt roots_sh_chebyu roots_sh_jacobi p_roots t_roots u_roots c_roots s_roots j_roots
    l_roots la_roots h_roots he_roots cg_roots ps_roots ts_roots us_roots js_roots
"""
_LEGENDRE = """
    assoc_legendre_p assoc_legendre_p_all legendre_p_all sph_harm_y_all
    sph_legendre_p sph_legendre_p_all clpmn lpmn lpn lqmn lqn
"""
_SEQUENCES = """
    lmbda mathieu_even_coef mathieu_odd_coef obl_cv_seq pro_cv_seq pbdn_seq pbdv_seq pbvv_seq
    riccati_jn riccati_yn ellip_harm ellip_harm_2 ellip_normal
"""
_OWN = "give it one with tg.general, or use t.data for a constant"

REFUSED = (
    refused("special", f"its zeros have no derivative rule; {_OWN}", _ZEROS)
    | refused(
        "special",
        "what it makes has constant parameters; use eval_legendre(n, x) and its kin, which have a "
        "derivative by x",
        _POLYNOMIALS,
    )
    | refused(
        "special",
        "nodes and weights have no rule by the parameters of the weight; use t.data for constants",
        _ROOTS,
    )
    | refused(
        "special",
        "it has no derivative rule; use eval_legendre(n, x), or eval_jacobi(n - m, m, m, x) times "
        "(1 - x**2)**(m / 2) and a factor",
        _LEGENDRE,
    )
    | refused("special", f"it has no derivative rule; {_OWN}", _SEQUENCES)
    | refused("special", "it has no derivative rule; use gamma(n + 1)", "factorial2 factorialk")
    | refused("special", "it takes settings, not numbers; give it plain ones", "errstate")
)
