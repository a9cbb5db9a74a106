"""Where a call stands: the user's line, and whether the user's code made it."""

from tinygrad_np.fast.lines import is_called_by_user, line_of, users_line


def test_the_line_that_calls():
    path, _, number = users_line().rpartition(":")
    assert number.isdigit()
    assert path == __file__


def test_a_test_is_the_users_code():
    assert is_called_by_user()


def test_the_line_where_an_error_comes_from():
    def raising():
        raise ValueError("here")

    try:
        raising()
    except ValueError as error:
        found = line_of(error)
    assert found == f"{__file__}:{raising.__code__.co_firstlineno + 1}"
    assert line_of(ValueError("raised nowhere")) == ""
