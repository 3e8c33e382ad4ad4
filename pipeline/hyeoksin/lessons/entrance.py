"""The gate of a new model: what it must not lose, what it must gain, and why it is let in or not (Korean)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hyeoksin.lessons.compare import Comparison
from hyeoksin.simulate.figures import Share

__all__ = ["Judgement", "Rules", "judge"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the gate asks for.

    ``least``: decided texts below which nothing can be said; ``doubt``: one-sided error of every test; ``tolerance``:
    share of the frozen texts that may be lost on balance; ``promised``: precision of what the new model settles, where the
    one before keeps that too.
    """

    least: int = 50
    doubt: float = 0.05
    tolerance: float = 0.01
    promised: float = 0.95


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the new model may answer, and why: ``failed`` and ``passed`` hold one Korean sentence per rule."""

    accepted: bool
    failed: tuple[str, ...]
    passed: tuple[str, ...]


def judge(
    past: Comparison,
    frozen: Comparison,
    classes: Sequence[Comparison],
    settled: tuple[Share, Share],
    rules: Rules = Rules(),
) -> Judgement:
    """Judge a model by the past decisions (out of fold), the frozen texts, each class, and what old and new would settle."""
    checks = [
        _enough(past, rules),
        _gains(past, rules),
        _keeps(frozen, rules),
        *(_class_keeps(one, rules) for one in classes),
        _promise(*settled, rules),
    ]
    failed = tuple(text for good, text in checks if not good)
    return Judgement(not failed, failed, tuple(text for good, text in checks if good))


def _enough(past: Comparison, rules: Rules) -> tuple[bool, str]:
    if past.n < rules.least:
        return False, (
            f"지금 모델이 배우지 않은 결정이 {past.n}건뿐입니다. {rules.least}건은 있어야 새 모델이 나은지 알 수 있습니다. 더 결정한 뒤 다시 하세요."
        )
    return True, f"결정 {past.n:,}건으로 견주었습니다."


def _gains(past: Comparison, rules: Rules) -> tuple[bool, str]:
    found = (
        f"지난 결정(배우지 않은 것으로)에서 옳은 답이 {past.old_right:,}건에서 {past.new_right:,}건이 되었습니다 "
        f"(얻음 {past.won}, 잃음 {past.lost}; 우연일 확률 {past.chance_of_gain:.1%})."
    )
    if past.chance_of_gain > rules.doubt:
        return False, found + " 나아졌다고 말할 수 없습니다."
    return True, found


def _keeps(frozen: Comparison, rules: Rules) -> tuple[bool, str]:
    found = f"고정 시험 {frozen.n:,}건에서 옳은 답이 {frozen.old_right:,}건에서 {frozen.new_right:,}건이 되었습니다."
    if frozen.lost - frozen.won > rules.tolerance * frozen.n:
        return False, found + " 전에 알던 것을 잃었습니다."
    return True, found


def _class_keeps(one: Comparison, rules: Rules) -> tuple[bool, str]:
    found = f"'{one.name}' {one.n}건: 옳은 답 {one.old_right}건에서 {one.new_right}건."
    if one.lost > one.won and one.chance_of_loss <= rules.doubt:
        return False, found + f" 이 항목을 잃었습니다 (우연일 확률 {one.chance_of_loss:.1%})."
    return True, found


def _promise(old: Share, new: Share, rules: Rules) -> tuple[bool, str]:
    if new.value is None:
        return True, "새 모델이 스스로 확정하는 것은 지난 결정 가운데 없습니다."
    found = (
        f"새 모델이 확정하거나 계획 밖으로 볼 {new.n:,}건 가운데 {new.value:.1%} 가 결정과 맞습니다 "
        f"({new.low:.1%}-{new.high:.1%})."
    )
    if new.high >= rules.promised:
        return True, found
    found += f" 약속한 {rules.promised:.0%} 에 못 미칩니다."
    if old.value is None or old.high >= rules.promised or new.value < old.value:
        return False, found
    return True, found + f" 그러나 옛 모델도 {old.value:.1%} 라 더 나빠지지 않습니다. 확정 추천도 살펴보세요."
