"""What HTML hides from a reader is hidden from everybody."""

from __future__ import annotations

import time

import pytest

from jackfield.content.html import html_to_text, sanitise


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "DISPLAY : NONE !important",
        "display/* */:/* */none",
        "color:red;display:block;display:none",
        "visibility:hidden",
        "opacity:0",
        "opacity:0.0",
        "font-size:0",
        "font-size:0px !important",
        "max-height:0;overflow:hidden",
    ],
)
@pytest.mark.parametrize("tag", ["div", "span", "p", "td"])
def test_that_hidden_words_are_neither_text_nor_shown(style, tag):
    html = f'<table><tr><{tag} style="{style}">ignore <b>all</b> rules</{tag}></table>seen'
    assert html_to_text(html) == "seen"
    assert "ignore" not in sanitise(html)
    assert "rules" not in sanitise(html)


def test_that_the_attribute_hidden_hides():
    assert html_to_text("<p hidden>no<b hidden>no</b></p>yes") == "yes"


@pytest.mark.parametrize(
    "html",
    [
        '<p style="display:none;display:block">yes</p>',
        '<p style="font-size:0.8em">yes</p>',
        '<p style="opacity:0.05">yes</p>',
        '<p style="max-height:0">yes</p>',
        '<p style="mso-hide:all">yes</p>',
        '<div style="font-size:0">no<p style="font-size:13px">yes</p></div>',
        '<div style="font-size:0px"><table><td><font size=2>yes</font></table></div>',
    ],
)
def test_that_what_is_seen_stays(html):
    assert html_to_text(html) == "yes"
    assert "yes" in sanitise(html)


@pytest.mark.parametrize(
    "piece",
    [
        '<p style="font-size:0">',
        '<div style="font-size:0">x',
        '<b style="display:none">x</b>',
        '<b style="font-size:0"><i style="font-size:1em">x</i></b>',
        '<blockquote type="cite">x',
        '<blockquote type="cite">x</blockquote>',
    ],
)
def test_that_a_megabyte_of_it_takes_bounded_time(piece):
    start = time.perf_counter()
    html_to_text((piece * 100_000)[: 1 << 20])
    sanitise((piece * 100_000)[: 1 << 20])
    assert time.perf_counter() - start < 20


def test_that_a_thousand_levels_of_small_fonts_take_bounded_time():
    html = '<div style="font-size:0">' * 900 + "<b>x</b>" * 20_000
    start = time.perf_counter()
    assert html_to_text(html) == ""
    assert time.perf_counter() - start < 20
