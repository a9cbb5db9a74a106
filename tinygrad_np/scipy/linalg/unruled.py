"""What has no rows in `scipy.linalg`: functions that are locally constant, and refused ones."""

from ..mirror import constants, refused

_INTEGERS = "it depends on whole numbers alone"

ROWS = (
    *constants(
        "linalg",
        "it tells which elements are zero, or equal",
        "bandwidth issymmetric ishermitian",
    ),
    *constants(
        "linalg", "it looks at dtypes", "find_best_blas_type get_blas_funcs get_lapack_funcs"
    ),
    *constants("linalg", _INTEGERS, "dft hadamard helmert hilbert invhilbert invpascal pascal"),
)

_VECTORS = "its vectors are any basis of a space, and have no derivative; use"
_FORM = "it has no derivative rule; use"

REFUSED = {
    **refused("linalg", f"{_VECTORS} np.eye(n) - pinv(a) @ a, the projector", "null_space"),
    **refused("linalg", f"{_VECTORS} a @ pinv(a), the projector", "orth"),
    **refused(
        "linalg",
        f"{_FORM} np.arccos of the singular values of qa.T @ qb, with qr(…, mode='economic') of "
        "both matrices",
        "subspace_angles",
    ),
    **refused(
        "linalg", f"{_FORM} eig, or eigh of a Hermitian matrix", "schur hessenberg rsf2csf cdf2rdf"
    ),
    **refused("linalg", f"{_FORM} eigvals(a, b)", "qz ordqz"),
    **refused("linalg", f"{_FORM} cholesky, or lu", "ldl"),
    **refused("linalg", f"{_FORM} svd of the blocks", "cossin"),
    **refused("linalg", f"{_FORM} qr of the whole matrix", "qr_delete qr_insert qr_update"),
    **refused("linalg", f"{_FORM} qr, and @ for the product", "qr_multiply"),
    **refused(
        "linalg",
        "its scales are powers of 2 that jump; balance t.data and multiply by its scales",
        "matrix_balance",
    ),
    **refused("linalg", f"{_FORM} norm of what expm_frechet gives", "expm_cond"),
    **refused(
        "linalg",
        "it draws a random matrix; multiply by one that you draw",
        "clarkson_woodruff_transform",
    ),
    **refused("linalg", f"{_FORM} np.concatenate and np.eye", "fiedler_companion"),
    **refused("linalg", f"{_FORM} np.diag and np.pad", "diagsvd"),
    **refused("linalg", f"{_FORM} np.abs(a[:, None] - a)", "fiedler"),
    **refused("linalg", "it is np.kron; use that", "kron"),
}
