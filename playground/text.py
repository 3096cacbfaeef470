"""Figures as they are read: two significant digits or more, and shares in percent."""


def percent(share: float) -> str:
    """A share in whole percent: 0.256 is "26 %"."""
    return f"{100 * share:.0f} %"


def number(value: float) -> str:
    """A figure with two significant digits or more, without an exponent where it can be read without."""
    if 100 <= abs(value) < 1e5:
        return f"{value:,.0f}"
    return f"{value + 0.0:.2g}" if value == 0 or 1e-3 <= abs(value) < 100 else f"{value:.1e}"
