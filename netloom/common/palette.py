"""Colours that stand for the report page's own: what is drawn in them is shown in the page's, light or dark."""

INK, MUTED, LINE = "#fe0000", "#fe0001", "#fe0002"
TYPE, PROVEN, SEEN = "#fe0003", "#fe0004", "#fe0005"
MEAN, MAX = "#fe0006", "#fe0007"
VARIABLES = ("ink", "muted", "line", "type", "proven", "seen", "mean", "max")
"""Names of the page's CSS variables, by the last digit of the colours."""
