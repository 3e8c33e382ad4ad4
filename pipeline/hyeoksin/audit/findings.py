"""Findings about the plan's nodes: what an evaluator should look at, how sure it is, and in which texts to see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hyeoksin.agency import LOCAL, load_agencies
from hyeoksin.audit.counts import Cell
from hyeoksin.audit.estimate import Corrected, below
from hyeoksin.audit.intervals import wilson
from hyeoksin.audit.result import Finding, Sureness
from hyeoksin.audit.table import Table
from hyeoksin.plan import Plan

__all__ = ["N_TEXTS", "node_findings"]

N_TEXTS = 20  # that a finding names
_EMPTY = 0.1  # of an equal share among the leaves
_CROWDED = 3.0
_FEW = 10  # texts, below which shares are not spoken of
_N_PAIRS = 10  # of leaves that are told to be confused
_CLOSE = 0.5  # second candidate against the first


def node_findings(table: Table, whole: Cell, corrected: Corrected | None) -> Iterator[Finding]:
    """Yield the findings about nodes by themselves, over all texts."""
    yield from _sizes(table, whole, corrected)
    yield from _second_choices(table)
    yield from _confused(table)
    yield from _lonely_parents(table)
    yield from _leads(table)


def _texts(table: Table, where: str, order: str, *values: object) -> tuple[int, ...]:
    found = table.rows(
        f"SELECT row FROM records WHERE {where} ORDER BY {order}, row LIMIT {N_TEXTS}",  # noqa: S608 - ours
        *values,
    )
    return tuple(row[0] for row in found)


def _sizes(table: Table, whole: Cell, corrected: Corrected | None) -> Iterator[Finding]:
    """Yield the leaves that hold next to nothing, and those that hold several times an equal share."""
    plan = table.plan
    n_inside = sum(whole.counted[leaf.code] for leaf in plan.leaves)
    if not n_inside:
        return
    few = n_inside < _FEW  # then only an emptiness that is sure by itself is spoken of
    shares = corrected.cells.get(("all", "")) if corrected is not None else None
    for leaf in plan.leaves:
        counted = wilson(whole.counted[leaf.code], n_inside)
        times, most = counted.times(len(plan.leaves)), counted.high * n_inside
        if shares is not None:
            inside = max(1.0 - float(shares.projected[-1]), 1e-9)
            one = shares.interval(below(plan, leaf.code))
            most = one.high * whole.texts
            times = one.times(len(plan.leaves) / inside)
        if times.high < _EMPTY or (times.value < _EMPTY and not whole.counted[leaf.code]):
            both = times.high < _EMPTY and not whole.counted[leaf.code]
            sureness: Sureness = "strong" if both else "likely" if times.high < 2 * _EMPTY else "weak"
            if few and not both:
                continue
            n = whole.counted[leaf.code]
            yield Finding(
                "empty",
                (leaf.code,),
                f"{leaf.code} {leaf.title}: 계획 안으로 센 글 {n_inside:,}건 가운데 {f'{n:,}건뿐입니다' if n else '한 건도 없습니다'}.",
                sureness,
                f"고르게 나눈 몫의 {times.value:.2f}배로 추정하며 많아야 {times.high:.2f}배(글 {most:,.0f}건)입니다.",
                effect_name="고르게 나눈 몫에 대한 배수",
                effect=times,
                n_texts=n,
                texts=_texts(table, "answer = ? OR best = ?", "best_p DESC", leaf.code, leaf.code),
            )
        elif times.value > _CROWDED and not few:
            yield Finding(
                "crowded",
                (leaf.code,),
                f"{leaf.code} {leaf.title}: 계획 안 글의 {100 * times.value / len(plan.leaves):.1f}%가 "
                f"{'몰린 것으로 추정합니다' if shares is not None else '몰립니다'}"
                f"(센 글은 {n_inside:,}건 가운데 {whole.counted[leaf.code]:,}건).",
                "strong" if times.low > _CROWDED else "likely" if times.low > 1 else "weak",
                f"고르게 나눈 몫의 {times.value:.1f}배({times.low:.1f}-{times.high:.1f})로 추정합니다.",
                effect_name="고르게 나눈 몫에 대한 배수",
                effect=times,
                n_texts=whole.counted[leaf.code],
                texts=_texts(table, "answer = ?", "best_p DESC", leaf.code),
            )


def _second_choices(table: Table) -> Iterator[Finding]:
    """Yield the leaves that are nearly always the second candidate only."""
    found = table.rows(
        "SELECT code, count(*) FILTER (first), count(*) FROM (SELECT best AS code, true AS first FROM records "
        "WHERE answer <> 'NONE' UNION ALL SELECT second, false FROM records WHERE answer <> 'NONE') "
        "WHERE code IS NOT NULL GROUP BY code ORDER BY code"
    )
    for code, n_first, n in found:
        if n < _FEW:
            continue
        share = wilson(n_first, n)
        if share.high < 0.2:
            yield Finding(
                "second_choice",
                (code,),
                f"{code} {table.plan[code].title}: 1·2순위에 든 {n:,}건 가운데 1순위는 {n_first:,}건뿐, 거의 늘 다른 항목에 밀립니다.",
                "strong" if share.high < 0.1 else "likely",
                f"1순위인 비율 {100 * share.value:.0f}% (95% 구간 {100 * share.low:.0f}-{100 * share.high:.0f}%).",
                effect_name="1순위인 비율",
                effect=share,
                n_texts=n - n_first,
                texts=_texts(table, "answer <> 'NONE' AND second = ?", "second_p DESC", code),
            )


def _confused(table: Table) -> Iterator[Finding]:
    """Yield the pairs of leaves between which the texts waver most."""
    pair = "least(best, second), greatest(best, second)"
    found = table.rows(
        f"SELECT {pair}, count(*) FILTER (best < second), count(*) FILTER (best > second) FROM records "  # noqa: S608
        f"WHERE answer <> 'NONE' AND second IS NOT NULL AND second_p >= {_CLOSE} * best_p GROUP BY ALL"
    )
    sizes = dict(table.rows("SELECT answer, count(*) FROM records WHERE answer <> 'NONE' GROUP BY answer"))
    pairs = []
    for one, two, of_one, of_two in found:
        n, wavering = min((sizes.get(one, 0), of_one), (sizes.get(two, 0), of_two))
        if of_one + of_two >= 5 and n >= _FEW:
            pairs.append((wilson(wavering, n), one, two, of_one + of_two))
    pairs.sort(key=lambda p: (-p[0].low, p[1], p[2]))
    for share, one, two, close in pairs[:_N_PAIRS]:
        if share.low < 0.1:
            continue
        siblings = table.plan[one].parent == table.plan[two].parent
        kind = "형제 항목" if siblings else "항목"
        yield Finding(
            "confused",
            (one, two),
            f"{kind} {one} {table.plan[one].title} 와(과) {two} {table.plan[two].title}: 글 {close:,}건이 둘 사이에서 갈립니다.",
            "strong" if share.low > 0.2 else "likely",
            f"2순위가 1순위의 절반을 넘는 글이 작은 쪽 글의 {100 * share.value:.0f}% "
            f"(95% 구간 {100 * share.low:.0f}-{100 * share.high:.0f}%).",
            effect_name="작은 쪽에서 갈리는 글의 비율",
            effect=share,
            n_texts=close,
            texts=_texts(
                table,
                f"answer <> 'NONE' AND least(best, second) = ? AND greatest(best, second) = ? AND second_p >= {_CLOSE} * best_p",
                "second_p / best_p DESC",
                one,
                two,
            ),
        )


def _lonely_parents(table: Table) -> Iterator[Finding]:
    """Yield the nodes above the leaves at which many texts end without a child of their own."""
    plan = table.plan
    ends = dict(
        table.rows("SELECT ending, count(*) FROM records WHERE answer <> 'NONE' GROUP BY ending ORDER BY 1")
    )
    for node in plan.nodes:
        children = plan.branches(node.code)
        inside = [c for c in ends if c is not None and node.code in {n.code for n in plan.path(c)}]
        n = sum(ends[c] for c in inside)
        if not children or n < _FEW or not ends.get(node.code):
            continue
        share = wilson(ends[node.code], n)
        if share.low > 0.15:
            yield Finding(
                "lonely_parent",
                (node.code,),
                f"{node.code} {node.title}: 글 {n:,}건 가운데 {ends[node.code]:,}건이 아래 항목 어디에도 똑똑히 들지 않습니다.",
                "strong" if share.low > 0.3 else "likely",
                f"아래 항목 없이 여기서 끝난 비율 {100 * share.value:.0f}% "
                f"(95% 구간 {100 * share.low:.0f}-{100 * share.high:.0f}%).",
                effect_name="아래 항목 없이 끝난 비율",
                effect=share,
                n_texts=ends[node.code],
                texts=_texts(table, "answer <> 'NONE' AND ending = ?", "best_p", node.code),
            )


def _leads(table: Table) -> Iterator[Finding]:
    """Yield the leaves whose texts the plan's printed lead agencies would seldom lead."""
    agencies = load_agencies()
    seen: dict[str, Counter[str]] = {}
    names: dict[str, str] = {}
    found = table.rows(
        "SELECT answer, agency_id, agency, count(*) FROM records WHERE answer <> 'NONE' AND agency_id <> ? "
        "GROUP BY ALL ORDER BY ALL",
        LOCAL,
    )
    for code, agency, name, n in found:
        seen.setdefault(code, Counter())[agency] += n
        names[agency] = name
    for leaf in table.plan.leaves:
        printed = _printed(table.plan, leaf.code)
        here = seen.get(leaf.code, Counter())
        n = here.total()
        if not printed or n < _FEW:
            continue
        led = {a for a in here if a in agencies.by_id and any(agencies.akin(a, lead) for lead in printed)}
        share = wilson(sum(here[a] for a in led), n)
        if share.high >= 0.5:
            continue
        top = sorted(here.keys() - led, key=lambda a: (-here[a], a))[:3]
        others = ", ".join(f"{names[a]} {here[a]:,}건" for a in top)
        leads = sorted({LOCAL, *led})
        yield Finding(
            "lead_mismatch",
            (leaf.code,),
            f"{leaf.code} {leaf.title}: 계획의 주관기관({', '.join(printed.values())})이 맡을 글은 {100 * share.value:.0f}%뿐이고 다른 기관이 더 보입니다: {others}.",
            "likely" if share.high < 0.3 and not table.plan.leads_for(leaf.code).open else "weak",
            "기관은 글마다 추천한 주관기관 1순위이며 지방자치단체는 뺐습니다(맞는 비율은 모델 카드). 분류와 따로 확인하세요.",
            effect_name="계획의 주관기관인 비율",
            effect=share,
            n_texts=n,
            texts=_texts(
                table,
                f"answer = ? AND agency_id NOT IN ({', '.join('?' * len(leads))})",
                "best_p DESC",
                leaf.code,
                *leads,
            ),
        )


def _printed(plan: Plan, code: str) -> dict[str, str]:
    """Return the plan's lead agencies of a node by id, as far as they are known by name."""
    agencies = load_agencies()
    found: dict[str, str] = {}
    for name in plan.leads_for(code).agencies:
        agency = agencies.named(name, f"{plan.year}-06-30") or agencies.named(name)
        if agency is not None:
            found[agency.id] = name
    return found
