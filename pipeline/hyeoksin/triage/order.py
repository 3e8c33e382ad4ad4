"""The order in which a person reads: expected error removed per minute, with variety."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hyeoksin.triage.cases import Case

__all__ = ["Reading", "in_order", "readings_of", "sittings"]

_FADE = 0.8  # of what was read lately, after one more reading
_TIRED_CODE = 0.25  # how much less a text is worth, for each recent one with the same answer
_TIRED_REGION = 0.1


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person reads at once: a case, or all members of a group of duplicates (positions into the cases)."""

    members: tuple[int, ...]
    n_texts: int
    seconds: float
    errors: float  # expected number of wrong answers among its texts


def sittings(cases: Sequence[Case], rows: Iterable[int]) -> list[list[int]]:
    """Put those of ``rows`` (positions into the cases) together that are of one group, in the order of the first ones."""
    together: dict[tuple[bool, str | int], list[int]] = {}
    for i in rows:
        group = cases[i].group
        together.setdefault((True, group) if group is not None else (False, i), []).append(i)
    return list(together.values())


def readings_of(
    cases: Sequence[Case], expected: Sequence[float], seconds_per_decision: float
) -> list[Reading]:
    """Put cases of one group together; ``expected`` are the chances of being right.

    A group takes the time of its slowest member. The order is that of the first members.
    """
    return [
        Reading(
            members=tuple(members),
            n_texts=sum(cases[i].n_members for i in members),
            seconds=max(cases[i].seconds or seconds_per_decision for i in members),
            errors=sum(cases[i].n_members * (1.0 - expected[i]) for i in members),
        )
        for members in sittings(cases, range(len(cases)))
    ]


def in_order(readings: Sequence[Reading], cases: Sequence[Case]) -> list[Reading]:
    """Return the readings, the most expected error per second first, but turning between codes and regions.

    A text counts for less the more texts with its answer or from its region were read just before it, so ten texts of
    one kind do not stand in a row where others are nearly as urgent. Equal ones stand by id.
    """
    buckets: dict[tuple[str, str], list[Reading]] = {}
    for reading in sorted(readings, key=lambda r: (-r.errors / r.seconds, str(cases[r.members[0]].id))):
        first = cases[reading.members[0]]
        buckets.setdefault((first.code or "", first.region or ""), []).append(reading)
    keys = sorted(buckets)
    codes = np.unique([code for code, _ in keys], return_inverse=True)[1]
    regions = np.unique([region for _, region in keys], return_inverse=True)[1]
    worth = np.array([buckets[key][0].errors / buckets[key][0].seconds for key in keys])
    at = [0] * len(keys)
    seen_codes, seen_regions = np.zeros(len(keys)), np.zeros(len(keys))
    ordered = []
    for _ in readings:
        tired = 1.0 + _TIRED_CODE * seen_codes[codes] + _TIRED_REGION * seen_regions[regions]
        best = int((worth / tired).argmax())
        bucket = buckets[keys[best]]
        ordered.append(bucket[at[best]])
        at[best] += 1
        left = at[best] < len(bucket)
        worth[best] = bucket[at[best]].errors / bucket[at[best]].seconds if left else -1.0
        seen_codes *= _FADE
        seen_regions *= _FADE
        seen_codes[codes[best]] += 1.0
        seen_regions[regions[best]] += 1.0
    return ordered
