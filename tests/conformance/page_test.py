"""The page of a report, as far as its files tell: colours that everybody can read, nothing from the network."""
import pathlib
import re

import pytest

PAGE = pathlib.Path(__file__).resolve().parents[2] / "web/report"
CSS = (PAGE / "report.css").read_text()
SEVERITIES = ["critical", "high", "medium", "low", "negligible"]


def colours(dark):
    """The custom properties of one colour scheme; the dark one overrides the light one."""
    light, _, rest = CSS.partition("@media (prefers-color-scheme: dark)")
    blocks = [light.partition("}")[0]] + ([rest.partition("}")[0]] if dark else [])
    found = {}
    for block in blocks:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6}|var\(--[\w-]+\));", block))
    return {k: found[v[6:-1]] if v.startswith("var") else v for k, v in found.items()}


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i:i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    """As WCAG 2.2 computes it: 4.5 is wanted for text."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_what_the_standard_says():
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_words_can_be_read(dark):
    c = colours(dark)
    pairs = [(f"{s}-word", on) for s in SEVERITIES for on in ("card", "page", "hover", f"{s}-bg")]
    pairs += [(text, on) for text in ("text", "soft", "accent") for on in ("card", "page")]
    poor = {f"{a} on {b}": round(contrast(c[a], c[b]), 2) for a, b in pairs if contrast(c[a], c[b]) < 4.5}
    assert not poor, poor
    # Where the colour is the ground, the card is the text.
    assert all(contrast(c[f"{s}-word"], c["card"]) >= 4.5 for s in SEVERITIES)


def test_severities_colour_words_with_the_colours_for_words():
    assert not re.findall(r"(?<![\w-])color: var\(--ink\)", CSS)


def test_the_page_asks_nobody_for_anything():
    text = "".join((PAGE / name).read_text() for name in ("report.html", "report.css", "report.js"))
    assert not re.findall(r"\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|@import|url\(|<link|<img|\bsrc=|innerHTML|insertAdjacentHTML|document\.write", text)
