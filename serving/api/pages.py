"""Pages, made of templates: everything in them is escaped, and nothing is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader

from models.reports.figures import write_figure
from models.reports.picture import draw
from serving.queries import FoundReport

TEMPLATES = Path(__file__).parent / "templates"

PAGE_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""A page brings its own style and needs nothing else."""

UNKNOWN = "–"


def render_card(card: Mapping[str, Any]) -> str:
    """Return the page of a model card.

    Parameters
    ----------
    card : mapping
        As training writes it. What an older one lacks has no section.

    Returns
    -------
    str
        HTML, headings in English and Chinese.
    """
    return _environment().get_template("card.html").render(card=card)


def render_report(run_report: FoundReport) -> str:
    """Return the page of a report, its charts drawn as SVG."""
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=run_report.report,
            pictures=[draw(chart) for chart in run_report.report.charts],
            run_id=run_report.run_id,
            model_version=run_report.model_version,
            as_of=f"{run_report.as_of:%Y-%m-%d}",
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "share": share,
        "day": day,
        "figure": write_figure,
    }
    return environment


def number(value: Any, digits: int = 0) -> str:
    """Return a figure with separators.

    >>> number(12345.678, 1), number(None)
    ('12,345.7', '–')
    """
    return f"{value:,.{digits}f}" if _is_number(value) else UNKNOWN


def share(value: Any) -> str:
    """Return a share as a percentage.

    >>> share(0.1234), share(None)
    ('12.3 %', '–')
    """
    return f"{value:.1%}".replace("%", " %") if _is_number(value) else UNKNOWN


def day(value: Any) -> str:
    """Return the date of an ISO 8601 instant.

    >>> day("2011-12-10T00:00:00+00:00")
    '2011-12-10'
    """
    return value[:10] if isinstance(value, str) else UNKNOWN


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))
