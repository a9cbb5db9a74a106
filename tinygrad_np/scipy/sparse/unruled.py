"""What of `scipy.sparse` and of its part `csgraph` takes no Tensor."""

from ..mirror import refused

ROWS = ()

REFUSED = {
    **refused(
        "sparse",
        "it has no operand with a derivative; use eye_array(n) * t, or csr_array((t, (i, j)), "
        "shape), for entries that are a Tensor",
        "eye eye_array identity rand random random_array",
    ),
    **refused(
        "sparse",
        "an array with a Tensor of data has two axes and one order of them; use a.T",
        "expand_dims permute_dims swapaxes",
    ),
    **refused("sparse", "it leaves out what is 0; use a.tocoo().data, row and col", "find"),
    **refused(
        "sparse",
        "files and indices have no derivative; use t.data, a constant",
        "load_npz save_npz get_index_dtype safely_cast_index_arrays",
    ),
    **refused(
        "sparse.csgraph",
        "a path or tree of a graph has no derivative rule; find it with t.data, and add up the "
        "weights on it: np.sum(t[edges])",
        "shortest_path floyd_warshall dijkstra bellman_ford johnson yen minimum_spanning_tree "
        "breadth_first_tree depth_first_tree construct_dist_matrix reconstruct_path maximum_flow "
        "min_weight_full_bipartite_matching maximum_bipartite_matching",
    ),
    **refused(
        "sparse.csgraph",
        "it depends on which edges there are, and that is no derivative; use t.data, a constant",
        "connected_components breadth_first_order depth_first_order reverse_cuthill_mckee "
        "structural_rank csgraph_masked_from_dense csgraph_from_dense csgraph_from_masked "
        "csgraph_to_dense csgraph_to_masked",
    ),
    **refused(
        "sparse.csgraph",
        "it has no derivative rule; use np.diag(np.sum(w, 0)) - w, or of a sparse w "
        "diags_array(w.sum(0)) - w",
        "laplacian",
    ),
}
