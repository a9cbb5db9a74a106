"""What of `scipy.fft` has no derivative."""

from ..mirror import constants, refused

ROWS = (
    *constants("fft", "a length, which is a whole number", "next_fast_len prev_fast_len"),
    *constants("fft", "a setting, which takes no arrays", "get_workers set_workers"),
)

REFUSED = {
    **refused(
        "fft",
        "it is made from plain numbers; with a spacing d that is a Tensor, divide the frequencies "
        "of spacing 1 by d",
        "fftfreq rfftfreq",
    ),
    **refused(
        "fft", "it steps where the phase wraps; give fht the offset as a number", "fhtoffset"
    ),
    **refused(
        "fft",
        "it chooses who computes, and takes no arrays; call the transform itself",
        "set_backend skip_backend set_global_backend register_backend",
    ),
}
