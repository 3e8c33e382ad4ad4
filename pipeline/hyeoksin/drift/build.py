"""A period's sample from a file of results or of plain texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from hyeoksin.causes import missing
from hyeoksin.classifier import Classifier
from hyeoksin.codes import NONE
from hyeoksin.domain import Document, Prediction
from hyeoksin.drift.sample import Origin, Sample
from hyeoksin.duplicates import group
from hyeoksin.encoders import DenseEncoder, dense_encoder
from hyeoksin.errors import InputError, ModelError, RowError
from hyeoksin.features import analyse
from hyeoksin.plan import Plan
from hyeoksin.privacy import masked, masked_id, masked_start
from hyeoksin.readers import Columns, read_told
from hyeoksin.readers.notes import log
from hyeoksin.region import load_regions
from hyeoksin.results import Result, read_results, refuse_unfinished
from hyeoksin.texts import TextsById, read_texts, with_texts

__all__ = ["sample_of", "samples"]

_BATCH = 500


def samples(
    old: Path,
    new: Path,
    classifier: Classifier,
    texts: Path | None = None,
    decisions: Path | None = None,
) -> tuple[Sample, Sample, tuple[RowError, ...]]:
    """Return the samples of two periods, and the rows that could not be used.

    Results are read as they stand; plain texts are classified. Groups of near-equal texts reach over both periods.

    Args:
        old: results or texts of the first period.
        new: those of the second.
        classifier: of the plan.
        texts: where results carry no text: the texts, joined by id.
        decisions: what people decided, for both periods.

    Raises:
        InputError: nothing can be read, or results without texts.
        ModelError: the model has no dense encoder.
    """
    for path in (old, new, texts, decisions):
        if path is not None and not path.exists():
            raise InputError(missing(path))
    dense = dense_encoder(classifier.model.dense)
    if dense is None:
        raise ModelError(f"모델 {classifier.model.id} 에는 임베딩이 없어 글의 뜻을 견줄 수 없습니다.")
    errors: list[RowError] = []
    known_texts = read_texts(texts, errors) if texts is not None else None
    parts = [_period(path, classifier, known_texts, errors) for path in (old, new)]
    entries = group([r.document for part in parts for r in part])
    names = [entry.group or f"#{i}" for i, entry in enumerate(entries)]
    at = len(parts[0])
    parts, most = _comparable(parts, classifier.model.limit)
    by_kind = all(any(r.document.meta.get("kind") for r in part) for part in parts)
    origin: Origin = "kind" if by_kind else "region"
    known = _decided(decisions, classifier.plan, [r.document.id for part in parts for r in part], errors)
    first = sample_of(parts[0], names[:at], classifier, dense, known, origin, most)
    return first, sample_of(parts[1], names[at:], classifier, dense, known, origin, most), tuple(errors)


def _comparable(parts: list[list[Result]], limit: int) -> tuple[list[list[Result]], int | None]:
    """Return the periods by what both tell, and the letters up to which lengths are; note what else sets them apart."""
    if len({any(r.gated for r in part) for part in parts}) > 1:
        log.info(
            "한 기간의 결과에만 1차 거르기의 확률이 있습니다. 달라졌다고 나온 확률이 그 때문일 수 있으니 두 기간을 같은 "
            "hyeoksin batch --gate 로 분류해 견주세요."
        )
    if len({bool(r.shares) for part in parts for r in part}) > 1:
        parts = [[replace(r, shares=None) for r in part] for part in parts]
        log.info(
            "결과 표(.csv .xlsx)에는 후보마다의 확률이 없어 두 기간 모두 추천이 끝난 항목과 그 확률로 견줍니다. 가장 그럴듯한 "
            "맨 아래 항목으로 견주려면 두 기간을 .parquet 나 .jsonl 결과로 주세요."
        )
    if not all(any(r.document.region for r in part) for part in parts):  # as result tables tell none
        parts = [[replace(r, document=replace(r.document, region=None)) for r in part] for part in parts]
    models = [{r.model for r in part if r.model} for part in parts]
    if all(models) and models[0] != models[1]:
        log.info(
            "두 기간을 다른 모델이 답했습니다(%s / %s). 달라졌다고 나온 추천과 확률이 그 때문일 수 있으니 두 기간을 같은 모델과 같은 "
            "--careful, --fast 로 분류해 견주세요.",
            *(", ".join(sorted(names)) for names in models),
        )
    most = None
    if any(r.is_cut for part in parts for r in part):
        most = limit
        log.info(
            "결과에는 글의 앞부분만 있어 길이는 %d자까지만 견줍니다. 분류할 때 넣은 파일을 --texts 로 주면 다 봅니다.",
            most,
        )
    return parts, most


def _period(
    path: Path, classifier: Classifier, texts: TextsById | None, errors: list[RowError]
) -> list[Result]:
    """Return the results of one period, all with texts; rows that could not be used go to ``errors``."""
    found = []
    for item in _results(path, classifier, texts):
        if isinstance(item, RowError):
            errors.append(item)
        else:
            found.append(item)
    without = next((r.document.source for r in found if not r.has_text), None)
    if without is not None:
        raise InputError(f"{without}: 글이 없습니다. 분류할 때 넣은 파일을 --texts 로 주세요.")
    if not found:
        raise InputError(f"{path}: 계획 {classifier.plan.id} 의 결과도 글도 읽지 못했습니다.")
    return found


def _decided(path: Path | None, plan: Plan, ids: Sequence[str], errors: list[RowError]) -> dict[str, str]:
    """Return what people decided, by id; an id of several texts (``ids``) or decisions says nothing of any."""
    if path is None:
        return {}
    found: dict[str, set[str]] = {}
    for item in read_results(path, plan):
        if isinstance(item, RowError):
            errors.append(item)
        elif item.decided:
            code = (plan.leaf_of(item.code) if item.code in plan else None) or item.code
            found.setdefault(item.document.id, set()).add(code)
    texts = Counter(ids)
    known = {name: min(codes) for name, codes in found.items() if texts[name] == 1 and len(codes) == 1}
    unclear = sum(texts[name] > 0 for name in found) - len(known)
    if unclear:
        log.info(
            "번호 %d개는 여러 글이나 서로 다른 결정이 함께 써서 그 결정을 쓰지 않았습니다. 두 기간의 번호를 서로 다르게 하세요.",
            unclear,
        )
    return known


def _results(path: Path, classifier: Classifier, texts: TextsById | None) -> Iterator[Result | RowError]:
    """Yield the results that stand at ``path``, or those of classifying its texts."""
    refuse_unfinished(path)
    found: list[Result | RowError] = []
    try:
        found.extend(read_results(path, classifier.plan))
    except InputError:
        if any(isinstance(r, Result) for r in found):
            raise
    if any(map(_is_sure, found)):
        yield from (
            item if isinstance(item, RowError) else _bare(item) for item in found if not _is_sure(item)
        )
        read = [item for item in found if isinstance(item, Result) and _is_sure(item)]
        yield from with_texts(read, texts)
        return
    rest = iter(read_told(path, Columns()))
    while batch := list(islice(rest, _BATCH)):
        yield from (item for item in batch if isinstance(item, RowError))
        for prediction in classifier.classify([item for item in batch if isinstance(item, Document)]):
            yield _result(prediction)


def _is_sure(item: Result | RowError) -> bool:
    """Tell whether an item says how sure the model was."""
    return isinstance(item, Result) and (item.probability is not None or bool(item.shares))


def _bare(result: Result) -> RowError:
    return RowError(result.document.source, "확률이 없는 결정이라 견줄 수 없습니다. --decisions 로 주세요.")


def _result(prediction: Prediction) -> Result:
    shares = {score.code: score.probability for score in prediction.scores} | {NONE: prediction.off_plan}
    end = prediction.path[-1] if prediction.path else None
    return Result(
        prediction.document,
        end.code if end else NONE,
        status=prediction.status,
        probability=end.probability if end else prediction.off_plan,
        shares=shares,
        regions=prediction.regions,
        model=prediction.model,
    )


def sample_of(
    results: Sequence[Result],
    groups: Sequence[str],
    classifier: Classifier,
    dense: DenseEncoder,
    decided: Mapping[str, str],
    origin: Origin,
    most: int | None = None,
) -> Sample:
    """Return the sample of results with texts.

    ``decided`` maps ids to what people said, ``most`` bounds the lengths. A text comes from its kind, or from the region that it
    is filed under, as ``origin`` says.
    """
    analysed = []
    for start in range(0, len(results), _BATCH):
        documents = [r.document for r in results[start : start + _BATCH]]
        analysed += list(analyse(documents, classifier.tokenizer, classifier.model.limit))
    answers = [_answer(result) for result in results]
    said = [decided.get(r.document.id, r.code if r.decided else None) for r in results]
    return Sample(
        ids=tuple(masked_id(r.document.id) for r in results),
        titles=tuple(masked(r.document.title) or masked_start(r.document.text, 60) for r in results),
        vectors=dense.encode(analysed),
        words=tuple(frozenset(m.key for m in one.morphemes) for one in analysed),
        length=np.array([float(len(r.document.body[:most])) for r in results]),
        code=np.array([code for code, _ in answers]),
        status=np.array([r.status or "review" for r in results]),
        sure=np.array([sure for _, sure in answers]),
        right=np.array(
            [
                np.nan if code is None else float(_agree(answer, code, classifier.plan))
                for code, (answer, _) in zip(said, answers, strict=True)
            ]
        ),
        kind=np.array([_origin(r, origin) for r in results]),
        group=tuple(groups),
        origin=origin,
    )


def _origin(result: Result, origin: Origin) -> str:
    document = result.document
    if origin == "kind":
        return masked(document.meta.get("kind") or "")
    return masked(load_regions().filed(document.region, document.body, result.regions))


def _agree(answer: str, code: str, plan: Plan) -> bool:
    """Tell whether a decision and an answer are the same, or one lies below the other."""
    if answer == code or answer not in plan or code not in plan:
        return answer == code
    return plan[answer] in plan.path(code) or plan[code] in plan.path(answer)


def _answer(result: Result) -> tuple[str, float]:
    """Return the best answer, a leaf or ``NONE``, and its probability; without shares what was recommended, a leaf or above."""
    if result.shares:
        off = result.shares.get(NONE, 0.0)
        if off >= 0.5:
            return NONE, off
        leaves = {c: p for c, p in result.shares.items() if c != NONE}
        code = max(leaves, key=lambda c: leaves[c])
        return code, leaves[code]
    return result.code if result.suggested is None else result.suggested, result.probability or 0.0
