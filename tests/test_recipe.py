from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hyeoksin.corpus import Example
from hyeoksin.plan import Plan
from hyeoksin.training.card import write_card
from hyeoksin.training.fit import Settings
from hyeoksin.training.recipe import _card, examples_hash
from hyeoksin.training.train import Trained


def test_the_card_counts_as_settled_what_the_classifier_would_settle(
    trained: Trained, plans: dict[str, Plan], tmp_path: Path
) -> None:
    public = replace(
        trained,
        examples=[replace(e, origin="real") if e.origin == "written" else e for e in trained.examples],
    )
    card = _card(public, plans, Settings(), tmp_path)
    assert card["public_texts"]
    for name in plans:
        inside = np.array([e.origin == "real" and bool(e.labels.get(name)) for e in public.examples])
        sure = (public.leaves[name].max(axis=1) >= trained.model.plans[name].settle) & (
            public.off[name] < 0.5
        )
        assert card["real_texts"][name]["settled_share_of_in_plan"] == sure[inside].mean()
        assert card["classes"][name]["NONE"]["texts"] > 0
    write_card(card | {"model": "small@0", "first_gate": {}}, tmp_path)
    assert "small@0" in (tmp_path / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_the_hash_sees_all_that_an_example_teaches(written: list[Example]) -> None:
    one, *rest = written[:3]
    before = examples_hash([one, *rest])
    for other in (
        replace(one, lead="mma"),
        replace(one, weight=9.0),
        replace(one, acceptable={"2019": ("NONE",)}),
    ):
        assert examples_hash([other, *rest]) != before
    assert examples_hash([one, *rest]) == before
