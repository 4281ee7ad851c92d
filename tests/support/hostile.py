"""Strings that try to be more than text, for everything that renders what others wrote."""

from __future__ import annotations

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</p></td></table><h1>Overgenomen</h1>",
    '" onmouseover="alert(1)',
    "<!-- weg -->",
    "&lt;b&gt; &amp; &copy;",
    "{{ 7 * 7 }} {% include 'base.typ' %} {# weg #}",
    "{org} {0.__class__} %s %(x)s $x ${x}",
    '#eval("1+1") #sys.version #read("base.typ")',
    '#import "base.typ": look',
    "= Kop *vet* _schuin_ `code` $x^2$ @verwijzing <label>",
    "\\#panic() \\u{41} // weg /* weg */",
    "- punt + punt / term: uitleg",
    "=HYPERLINK(A1) +1 -1 @SUM(1)",
    "https://voorbeeld.example/?a=1&b=<2>",
    "Zoë Şahin-Łukasz d'Ávila",
)
FORMULAS = (
    "=1+1",
    "+31612345678",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1+1",
    "＝1",
    "=cmd|' /C calc'!A0",
    "'=1",
)
