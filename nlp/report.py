"""The scores as one web page: figures, confusion matrix, reliability diagram. Plain HTML and SVG, nothing loaded."""

from __future__ import annotations

from html import escape

from nlp.evaluate import Counts, Scores, report

_SIZE = 320
_MARGIN = 36
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse}"
    "td,th{padding:.15rem .6rem;border:1px solid "
    "#ccc;text-align:left}pre{background:#f5f5f5;padding:1rem;overflow:auto}"
)


def page(name: str, scores: Scores) -> str:
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Reader: "
        f"{escape(name)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>Reader: {escape(name)}</h1><h2>Figures</h2><pre>{escape(report(name, scores))}</pre>"
        f"<h2>Said and true</h2>{diagram(scores)}<h2>Confusion</h2>{_confusion(scores)}"
        f"<h2>Facts</h2>{_table(scores.facts)}<h2>Flags</h2>{_table(scores.flags)}</body></html>\n"
    )


def diagram(scores: Scores) -> str:
    """How often it was so, against how sure the reader said it was; the size of a dot tells how often it was said."""
    inner = _SIZE - 2 * _MARGIN
    dots = []
    most = max((count for _, _, count in scores.reliability), default=1)
    for said, true, count in scores.reliability:
        x, y = _MARGIN + said * inner, _SIZE - _MARGIN - true * inner
        radius = 3 + 6 * (count / most) ** 0.5
        dots.append(
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius:.1f}' fill='#1f6feb'><title>{said:.2f} said, "
            f"{true:.2f} true, {count} times</title></circle>"
        )
    low, high = _MARGIN, _SIZE - _MARGIN
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{_SIZE}' height='{_SIZE}' role='img' "
        f"aria-label='Reliability diagram'>"
        f"<rect x='{low}' y='{low}' width='{inner}' height='{inner}' fill='none' stroke='#999'/>"
        f"<line x1='{low}' y1='{high}' x2='{high}' y2='{low}' stroke='#bbb' stroke-dasharray='4'/>{''.join(dots)}"
        f"<text x='{_SIZE / 2}' y='{_SIZE - 8}' text-anchor='middle'>said</text><text x='4' "
        f"y='{_SIZE / 2}'>true</text></svg>"
    )


def _confusion(scores: Scores) -> str:
    """What was asked against what was read, where they differ."""
    rows = "".join(
        f"<tr><td>{escape(given)}</td><td>{escape(read or '-')}</td><td>{count}</td></tr>"
        for (given, read), count in scores.confusion.most_common(60)
    )
    return f"<table><tr><th>asked</th><th>read</th><th>times</th></tr>{rows}</table>"


def _table(counted: dict[str, Counts]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{counts.f1:.3f}</td><td>{counts.hits}</td><td>{counts.extra}</td><td>{counts.missed}</td></tr>"
        for name, counts in counted.items()
    )
    return f"<table><tr><th></th><th>F1</th><th>right</th><th>extra</th><th>missed</th></tr>{rows}</table>"
