"""Tests of GET /v1/model/card."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from serving.api.pages import PAGE_CSP, render_card
from serving.api.schemas.card import CARD_EXAMPLE, ModelCard
from serving.store import Publication, Store, publish
from tests.serving.samples import context, described, scored

if TYPE_CHECKING:
    from training.train import TrainedModel

CARD = "/v1/model/card"
SECTIONS = (
    "Grade 评级",
    "What would improve it 如何改进",
    "Data 数据",
    "Training snapshots 训练快照",
    "Holdout and baselines 检验期与基线",
    "Reliability of churn 流失概率的可靠性",
    "Value by tenths 价值十分位",
    "Slices 客户分组",
    "Drivers 主要驱动因素",
    "Limits 局限",
)


class Outline(HTMLParser):
    """The headings of a page, its addresses, and how deep it ends."""

    VOID = ("meta", "br", "link", "img")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a heading and every address."""
        self.addresses += [value or "" for name, value in attrs if name in LINKS]
        if tag in ("h2", "h3"):
            self.headings.append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Add to the heading that is open."""
        if {"h2", "h3"} & set(self.open):
            self.headings[-1] += data


LINKS = ("src", "href", "srcset", "action", "data")


def outline(page: str) -> Outline:
    """Read a page."""
    read = Outline()
    read.feed(page)
    assert read.open == []
    return read


def test_the_card_is_json_by_default(reader: TestClient) -> None:
    answer = reader.get(CARD)
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body["card"] == described()
    assert list(body) == list(ModelCard.model_fields)
    ModelCard.model_validate_json(answer.text, strict=True)


@pytest.mark.parametrize(
    ("query", "accept", "kind"),
    [
        ("", "text/html", "text/html"),
        ("", "text/html;q=0.9, application/json", "application/json"),
        ("", "text/html, application/json;q=0", "text/html"),
        ("", "text/html;q=x", "application/json"),
        ("?format=html", "application/json", "text/html"),
        ("?format=json", "text/html", "application/json"),
    ],
)
def test_the_address_beats_what_is_accepted(
    reader: TestClient, query: str, accept: str, kind: str
) -> None:
    answer = reader.get(CARD + query, headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == kind
    assert answer.headers["vary"] == "Accept"


def test_each_form_has_an_etag_of_its_own(reader: TestClient) -> None:
    etags = []
    for form in ("json", "html"):
        answer = reader.get(CARD, params={"format": form})
        etags.append(answer.headers["etag"])
        same = reader.get(
            CARD, params={"format": form}, headers={"If-None-Match": etags[-1]}
        )
        assert (same.status_code, same.content) == (304, b"")
    assert len(set(etags)) == 2


def test_another_form_is_refused(reader: TestClient) -> None:
    assert reader.get(CARD, params={"format": "pdf"}).status_code == 422


def test_the_card_needs_a_key(client: TestClient) -> None:
    assert client.get(CARD).status_code == 401


def test_the_page_needs_nothing_but_itself(reader: TestClient) -> None:
    answer = reader.get(CARD, params={"format": "html"})
    assert answer.headers["content-security-policy"] == PAGE_CSP
    assert outline(answer.text).addresses == []
    assert "<script" not in answer.text
    assert "url(" not in answer.text


def test_a_card_of_a_trained_version_has_every_section(
    trained_model: TrainedModel,
) -> None:
    card = json.loads(json.dumps(trained_model.card, allow_nan=False))
    page = render_card(card)
    found = [re.sub(r"\s+", " ", heading) for heading in outline(page).headings]
    assert [heading for heading in found if heading in SECTIONS] == list(SECTIONS)
    for driver in card["drivers"]["churn"]:
        assert driver["feature"] in page
    assert card["holdout"]["grade_in_words"]["zh"] in page
    assert len(card["holdout"]["reliability"]) == 10


def test_the_example_has_what_a_trained_card_has(trained_model: TrainedModel) -> None:
    assert same_keys(CARD_EXAMPLE, {**trained_model.card, "version": "1"}) == []
    render_card(CARD_EXAMPLE)


def same_keys(example: Any, card: Any, at: str = "") -> list[str]:
    """Return what the example names and the card lacks; names of slices may differ."""
    if at.endswith(("/tables", "/rejected", "/slices", "/facts")):
        return []
    if isinstance(example, list) and isinstance(card, list):
        pairs = zip(example, card, strict=False)
        return [lack for one, two in pairs for lack in same_keys(one, two, at)]
    if not isinstance(example, dict):
        return []
    lacks = [f"{at}/{key}" for key in example if key not in card]
    return lacks + [
        lack
        for key in example
        if key in card
        for lack in same_keys(example[key], card[key], f"{at}/{key}")
    ]


def test_what_a_log_names_is_escaped(
    reader: TestClient, published_store: Store
) -> None:
    evil = "<script>alert(1)</script>"
    card = {
        **described(),
        "drivers": {"churn": [{"feature": evil}]},
        "fingerprint": evil,
    }
    publish(published_store, Publication(scored(3), context=context(), model=card))
    page = reader.get(CARD, params={"format": "html"}).text
    assert "<script" not in page
    assert "&lt;script&gt;" in page
