"""What of `scipy.sparse.linalg` takes no Tensor."""

from ...mirror import refused

ROWS = ()

REFUSED = {
    **refused(
        "sparse.linalg",
        "an operator's functions give plain numbers; use csr_array((data, (i, j)), shape), whose "
        "data may be a Tensor, or of one's own function tg.linear",
        "LinearOperator aslinearoperator LaplacianNd",
    ),
    **refused(
        "sparse.linalg",
        "its left vectors are not known; use np.linalg.eig(a.toarray()), or eigsh of a Hermitian "
        "matrix",
        "eigs",
    ),
    **refused("sparse.linalg", "it has no derivative rule; use eigsh", "lobpcg"),
    **refused("sparse.linalg", "it has no derivative rule; use a @ a", "matrix_power"),
    **refused("sparse.linalg", "it is an estimate; use norm(a, 1)", "onenormest"),
    **refused(
        "sparse.linalg",
        "it drops entries by their size; use splu, or spilu of t.data as a preconditioner",
        "spilu",
    ),
    **refused(
        "sparse.linalg", "it has no derivative rule; use expm_multiply", "funm_multiply_krylov"
    ),
    **refused(
        "sparse.linalg",
        "it depends on which entries are 0, and that is no derivative; use t.data, a constant",
        "is_sptriangular spbandwidth",
    ),
    **refused("sparse.linalg", "it takes no operand; leave the Tensor out", "use_solver"),
}
