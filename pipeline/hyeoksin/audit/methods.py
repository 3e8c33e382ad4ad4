"""The words of the method page: what was done, what it rests on, and where it may fail."""

from __future__ import annotations

from collections.abc import Sequence

from hyeoksin.audit.coded import Audited
from hyeoksin.audit.estimate import Conflict, Corrected
from hyeoksin.audit.inputs import left_out
from hyeoksin.audit.places import counts_of
from hyeoksin.audit.result import CutName, MethodNote
from hyeoksin.audit.table import Records, Table
from hyeoksin.held_out import HeldOut

__all__ = ["method", "notes_on", "other_plan", "paragraphs", "unread"]

_APART = (
    0.1  # a Kolmogorov distance from which texts look different from those that the errors were measured on
)
_FEW = 100  # held-out texts of a class, below which its correction is shaky


def method(held: HeldOut | None, corrected: Corrected | None, sample: Audited | None) -> str:
    """Return the name of the method that the estimates of the rows come from; nothing where there are none."""
    coded = "" if sample is None else "표본을 사람이 분류한 층화 차이 추정(전체)"
    if held is None or corrected is None or corrected.refused:
        return coded
    return f"{coded}, 확률 보정 세기(나눈 칸)" if coded else "확률 보정 세기(혼합비를 먼저 맞춘 뒤)"


def paragraphs(
    held: HeldOut | None, corrected: Corrected | None, sample: Audited | None = None
) -> tuple[MethodNote, ...]:
    """Return the paragraphs of the method page."""
    counting = MethodNote(
        "센 것",
        "글마다 계획 밖 확률이 0.5 이상이면 계획 밖, 아니면 가장 그럴듯한 세부 항목에 든다고 셉니다. 윗단계는 아래 항목을 더한 "
        "것이고, '확정'은 그 단계나 그 아래까지 사람 없이 둘 수 있다고 판정한 글입니다. 날짜나 지역이 없는 글은 그 나눔에서 빠지며 "
        "몇 건인지 적습니다.",
    )
    coding = MethodNote(
        "표본(전체)",
        "전체의 비중은 사람이 분류한 글에서 나옵니다. 글을 분류기의 답에 따라 층으로 나누어 층마다 무작위로 뽑고, 모든 글에 분류기가 낸 "
        "값의 평균에 표본에서 본 사람의 답과 그 값의 차이를 층의 크기대로 더합니다(층화 차이 추정, Cochran 1977; Angelopoulos 외 2023). "
        "분류기가 틀리면 구간이 길어질 뿐 추정이 치우치지는 않습니다. 95% 구간은 층마다 이 차이가 흩어진 정도에서 나오며, 드문 항목이 "
        "뽑히지 않은 층에서 구간이 닫히지 않도록 사람의 답이 흩어진 정도(항목마다 1/항목 수 건을 더한 것)가 더 크면 그것을 씁니다.",
    )
    coded = () if sample is None else (coding,)
    if held is None or corrected is None:
        return (counting, *coded)
    return (counting, *coded, *_correcting(held, corrected, bool(coded)))


def _correcting(held: HeldOut, corrected: Corrected, coded: bool) -> tuple[MethodNote, ...]:
    """Return the paragraphs on correcting by measured errors, which with a coded sample serves the cells alone."""
    where = "(쓰지 않음)" if corrected.refused else "(나눈 칸)" if coded else ""
    texts = "교차검증에서 본 적 없는 글과 이 표본에" if coded else "교차검증에서 본 적 없는 글에"
    sources = f"{held.origin}, 그리고 이 표본" if coded else held.origin
    advice = (
        ""
        if coded
        else " 가정에 기대지 않는 값은 표본을 뽑아 사람이 분류하면 얻습니다(hyeoksin audit-sample)."
    )
    return (
        MethodNote(
            f"추정{where}",
            f"분류기는 틀리므로 센 비율은 치우칩니다. {texts} 낸 확률과 사람의 답으로 분류기가 어떻게 틀리는지 재고, "
            "이 입력의 평균이 나오려면 참 비율이 얼마여야 하는지 연립방정식으로 풉니다(확률 보정 세기, Bella 외 2010). 그에 앞서 확률을 "
            "온도와 치우침으로 맞추고(Alexandari 외 2020), EMQ(Saerens 외 2002)가 찾은 혼합비 쪽으로 절반 옮겨 더 날카롭게 합니다. "
            "옮기는 폭이 틀려도 뒤의 연립방정식이 바로잡습니다. 이렇게 추정한 계획 안의 비중이 "
            + (
                "표본의 구간과 겹치지 않으면 쓰지 않고 센 수만 둡니다."
                if coded
                else "확실하다고 본 글의 95%가 맞을 때의 범위와 겹치지 않으면 맨 앞에 알립니다."
            ),
        ),
        MethodNote(
            f"구간{where}",
            "95% 구간은 이 입력에 든 글들의 참 비율을 겨눕니다. 이 입력의 글이 무작위로 흔들리는 몫과 교차검증 글이 유한해서 생기는 몫을 "
            "더한 공분산에서 나오고, 윗단계의 구간도 같은 공분산에서 나옵니다. 모의 실험(bench/prevalence.py)에서 구간이 참값을 품은 "
            "비율과 그냥 센 것의 오차를 잽니다.",
        ),
        MethodNote(
            f"가정{where}",
            f"분류기의 오류는 {sources}에서 쟀습니다. 같은 항목의 글은 여기서도 그 글들과 비슷하게 생겼다고 봅니다(혼합비만 다르다). "
            f"계획 밖 확률의 분포가 기대와 벌어진 거리(콜모고로프)는 {corrected.lens.apart:.3f} 입니다.{advice}",
        ),
    )


def unread(records: Records) -> tuple[str, ...]:
    """Return the notes on the choice of records, and on rows that could not be read, if there are any."""
    return (*records.notes, *left_out(records.failed, "고쳐서 다시 감사하세요."))


def other_plan(table: Table) -> tuple[str, ...]:
    """Return the note that the records were made for another plan than the audited one, where that is so."""
    if table.main in ("", table.plan.id):
        return ()
    return (f"계획 {table.main} 로 분류하며 함께 판정한 계획 {table.plan.id} 로 감사했습니다.",)


def notes_on(
    table: Table,
    held: HeldOut | None,
    corrected: Corrected | None,
    by: Sequence[CutName],
    sample: Audited | None = None,
) -> tuple[str, ...]:
    """Return what a reader must know before the numbers."""
    notes = []
    conflict = None if corrected is None else corrected.conflict
    if conflict is not None:
        notes.append(_contradicted(conflict, sample is not None))
    if table.n_gated and "agency" in by:
        notes.append(
            f"1차 거르기가 계획 밖으로 넘긴 글 {table.n_gated:,}건에는 추천 기관이 없어 주관기관으로 나눈 표를 뺐습니다. "
            "그 표를 보려면 hyeoksin batch --gate off 로 다시 분류하세요."
        )
    if table.n_gated and corrected is not None and not corrected.refused:
        notes.append(
            f"1차 거르기가 넘긴 글 {table.n_gated:,}건은 분류기가 읽지 않았으므로, 거르기를 따로 재어 맞춘 계획 밖 확률로 추정에 넣었습니다."
        )
    if counts_of(table, "period").apart():
        notes.append(
            "파일끼리 시기가 겹치지 않아 시기에 따른 변화는 파일 안에서만 검정했습니다. 파일 사이의 변화는 표와 그림에서 보세요."
        )
    models = table.rows("SELECT model, count(*) FROM records GROUP BY model ORDER BY model")
    if len(models) > 1:
        shares = ", ".join(f"{model} {n / table.n:.1%}" for model, n in models)
        notes.append(
            f"글마다 답한 모델이 다릅니다 ({shares}). 교차검증 기록은 한 모델의 것이어서 센 수만 있고 추정과 구간은 없습니다. "
            "추정까지 보려면 글을 한 모델로 분류하세요."
        )
    elif held is None or corrected is None:
        lacks = "센 수만 있고 추정과 구간은" if sample is None else "나눈 칸에는 센 수만 있고 추정과 구간은"
        notes.append(
            f"모델 {table.model} 에는 계획 {table.plan.id} 의 교차검증 기록이 없어 {lacks} 없습니다."
        )
    elif not corrected.refused:
        notes += _doubts(held, corrected, sample is not None)
    notes.append("결과는 추천을 센 것이며 결정이 아닙니다.")
    return tuple(notes)


def _contradicted(conflict: Conflict, coded: bool) -> str:
    """Return what the correction contradicts, and what gives the answer."""
    one = conflict.estimated
    said = f"교차검증 오류로 추정한 계획 안의 비중 {one.value:.1%}({one.low:.1%}-{one.high:.1%})이"
    limits = f"{conflict.low:.1%}-{conflict.high:.1%}"
    if coded:
        return f"{said} 표본의 구간({limits})과 어긋나 나눈 칸에는 센 수만 적었습니다."
    return (
        f"{said} 확실하다고 본 글의 95%가 맞을 때의 범위({limits})와 어긋납니다. 계획 안과 밖이 섞인 비율만 오류를 잰 글과 다르면 "
        "추정이 맞고, 글이 다르게 생겼으면 추정이 크게 틀립니다. 어느 쪽인지는 글만으로 알 수 없으니, 수를 쓰기 전에 표본을 뽑아 "
        "사람이 분류한 값으로 확인하세요(hyeoksin audit-sample)."
    )


def _doubts(held: HeldOut, corrected: Corrected, coded: bool) -> list[str]:
    """Return where the correction may fail though nothing contradicts it."""
    notes, cells = [], "나눈 칸의 " if coded else ""
    if corrected.lens.apart > _APART:
        advice = (
            "수 있습니다." if coded
            else "수 있으니 표본을 뽑아 사람이 분류한 값으로 확인하세요(hyeoksin audit-sample)."
        )  # fmt: skip
        notes.append(
            f"이 입력의 글은 오류를 잰 글과 다르게 생겼습니다(거리 {corrected.lens.apart:.2f}). {cells}추정이 치우칠 {advice}"
        )
    few = [code for j, code in enumerate(held.classes) if int((held.truth == j).sum()) < _FEW]
    if few:
        notes.append(
            f"오류를 잴 글이 {_FEW}건이 안 되는 항목({', '.join(few)})은 {cells}구간이 실제보다 좁을 수 있습니다."
        )
    return notes
