"""No HTML that is shown makes a browser fetch anything: checked without the sanitiser's help."""

from __future__ import annotations

import pytest

from core.tests.content.fetching import fetched
from jackfield.content.html import sanitise
from jackfield.content.mime import parse_mail

HOSTILE = [
    '<img src="http://e/">',
    '<img srcset="http://e/ 2x">',
    "<img src='cid:a' srcset='//e/ 2x' lowsrc=//e/>",
    '<body background="http://e/">x',
    '<table background="http://e/"><td background=//e/>x</table>',
    '<p style="background:url(http://e/)">x</p>',
    "<style>@import url(//e/);</style>",
    '<link rel=stylesheet href="//e/">',
    '<meta http-equiv=refresh content="0;url=//e/">',
    '<base href="//e/"><a href="x">x</a>',
    '<form action="//e/"><input type=image src="//e/"><button formaction=//e/>x</button></form>',
    '<svg><image href="//e/"/><use xlink:href="//e/"/></svg>',
    '<math><mtext><img src="//e/"></mtext></math>',
    "<video poster=//e/ src=//e/><source src=//e/><track src=//e/></video><audio src=//e/>",
    "<object data=//e/></object><embed src=//e/><applet code=x></applet>",
    "<iframe src=//e/ srcdoc='<img src=//e/>'></iframe><frame src=//e/>",
    '<a href="javascript:x" ping="//e/" onclick=x>x</a>',
    '<a href="https://e/" ping="//e/">x</a>',
    "<blockquote cite='javascript:x'>x</blockquote>",
    "<![CDATA[<img src=//e/>]]><!--><img src=//e/>-->",
    "<noscript><p title='</noscript><img src=//e/>'></noscript>",
    '<div style="display:none"><img src="//e/"></div><img src="//e/" hidden>',
    "<template><img src=//e/></template><xmp><img src=//e/></xmp><plaintext><img src=//e/>",
]


@pytest.mark.parametrize("html", HOSTILE)
def test_that_the_check_sees_what_would_be_fetched(html):
    assert fetched(html) or "<plaintext>" in html or "CDATA" in html or "noscript" in html


@pytest.mark.parametrize("html", HOSTILE)
def test_that_nothing_is_fetched(html):
    assert fetched(sanitise(html)) == []


@pytest.mark.parametrize("html", ['<img src="cid:a">', '<a href="https://e/">x</a>', "<b>x</b>"])
def test_that_the_check_lets_the_harmless_through(html):
    assert fetched(html) == fetched(sanitise(html)) == []


def test_that_no_recorded_mail_fetches_anything(mail_corpus):
    found = {
        name: said
        for name, path in mail_corpus
        if (html := parse_mail(path.read_bytes()).html) and (said := fetched(html))
    }
    assert found == {}
