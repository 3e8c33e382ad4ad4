"""What waits in a round, judged again by the model that answers now; what people decided stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from hyeoksin.classifier import Classifier
from hyeoksin.store import Item, Store

__all__ = ["renew"]

_BATCH = 500


def renew(store: Store, project: int, classifier: Classifier) -> Iterator[tuple[int, int]]:
    """Give the undecided items of a round the classifier's answers; yield (judged, renewed) for each few hundred.

    The answers of earlier models remain with the item; it keeps its duplicate group, claims and notes.

    Args:
        store: the store.
        project: the round's number.
        classifier: of the round's plan.
    """
    waiting = store.each(project, decided=False)
    while items := list(islice(waiting, _BATCH)):
        yield len(items), _renewed(store, project, classifier, items)


def _renewed(store: Store, project: int, classifier: Classifier, items: list[Item]) -> int:
    rows = []
    for item, prediction in zip(items, classifier.classify(i.document for i in items), strict=True):
        record = prediction.to_record()
        if item.group is not None:
            record["duplicate_group"] = item.group
        rows.append((item.id, record))
    return store.predict(project, rows)
