from __future__ import annotations

import numpy as np
import pytest

from hyeoksin.domain import Document
from hyeoksin.encoders import Encoded, LexicalEncoder
from hyeoksin.features import BLOCKS, analyse, feature_names
from hyeoksin.mentions import MANNERS, named_agencies, nameless
from hyeoksin.morphemes import Tokenizer


@pytest.mark.parametrize(
    ("text", "agency", "manners"),
    [
        ("환경부는 물을 살핀다고 밝혔다.", "me", ("speaker",)),
        ("환경부(장관 아무개)는 물을 살핀다.", "me", ("speaker",)),
        ("환경부, 녹조 감시 강화", "me", ("issuer",)),
        ("□ 환경부, 녹조 감시 강화", "me", ("issuer",)),
        ("  1. 환경부, 녹조 감시 강화", "me", ("issuer",)),
        ("[보도자료] 환경부, 녹조 감시 강화", "me", ("issuer",)),
        ("녹조 감시 환경부, 내일부터", "me", ("",)),
        ("이 사업은 환경부가 주관하고 군이 돕는다.", "me", ("in_charge",)),
        ("주관: 환경부", "me", ("in_charge",)),
        ("환경부(주관), 교육부(협조)", "me", ("in_charge",)),
        ("교육부(주관), 환경부(협조)", "me", ("aside",)),
        ("주관기관: 교육부 / 협조기관: 법무부, 환경부", "me", ("aside",)),
        ("주관기관 환경부 협조기관 교육부", "me", ("in_charge",)),
        ("(주관) 교육부, 환경부 (협조) 법무부", "me", ("in_charge",)),
        ("협조: 환경부\n주관: 교육부", "me", ("aside",)),
        ("관련 부처: 환경부\n주관부서: 혁신담당관실", "me", ("aside",)),
        ("작년 수상기관은 환경부\n주최: 교육부", "me", ("",)),
        ("작년 수상기관은 환경부 주최: 교육부", "me", ("owner",)),
        ("협조: 교육부는 자료를 낸다. 환경부는 살핀다.", "me", ("speaker",)),
        ("주관: 혁신과 (환경부와 협력)", "me", ("aside",)),
        ("경진대회(주최: 교육부, 주관: 환경부)를 연다.", "me", ("aside",)),
        ("경진대회(주최: 환경부, 주관: 교육부)를 연다.", "me", ("in_charge",)),
        ("경진대회(주최/주관 : 환경부)를 연다.", "me", ("in_charge",)),
        ("주최: 교육부, 주관부처: 환경부", "me", ("in_charge",)),
        ("주관: 노인복지과, 환경부와 협력하여 어르신을 살핀다.", "me", ("aside",)),
        ("주관부서: 일자리정책과 / 환경부 협조 / 수당을 준다.", "me", ("aside",)),
        ("(소관: 노인복지과) 환경부 자료에 따르면 늘었다.", "me", ("aside",)),
        ("소관: 자치행정과, 환경부 지침에 따라 한다.", "me", ("owner",)),
        ("출처: 통계청, 환경부는 녹조를 줄인다.", "me", ("speaker",)),
        ("참여: 시민 100명, 환경부가 주관한다.", "me", ("in_charge",)),
        ("주관기관: 교육부, 환경부", "me", ("in_charge",)),
        ("후원: 환경부", "me", ("aside",)),
        ("보도자료: 환경부 대변인", "me", ("owner",)),
        ("환경부\n녹조를 살핀다", "me", ("",)),
        ("이 사업은 환경부와 무관하다.", "me", ("denied",)),
        ("환경부와는 아무 관계가 없다.", "me", ("denied",)),
        ("환경부가 아니라 우리 시가 한다.", "me", ("denied",)),
        ("환경부가 아니면 못 한다.", "me", ("",)),
        ("환경부의 사업이 아니며", "me", ("denied",)),
        ("환경부 보도는 사실이 아니다.", "me", ("owner",)),
        ("환경부 없이 시가 한다.", "me", ("denied",)),
        ("환경부 사칭 문자", "me", ("denied",)),
        ("환경부와 협력해 숲을 가꾼다.", "me", ("aside",)),
        ("환경부와 업무협약을 맺었다.", "me", ("aside",)),
        ("환경부 자료에 따르면 녹조가 늘었다.", "me", ("aside",)),
        ("환경부의 허가를 받아 짓는다.", "me", ("aside",)),
        ("환경부 국비를 지원받아 공원을 짓는다.", "me", ("aside",)),
        ("환경부, 교육부, 법무부가 참석한 회의", "me", ("issuer",)),
        ("회의에는 환경부, 교육부, 법무부가 참석했다.", "me", ("aside",)),
        ("환경부는 교육부와 협력한다. 환경부와 함께", "me", ("speaker", "aside")),
        ("환경부의 새 제도는 환영받았다.", "me", ("owner",)),
        ("환경부가 만든 앱을 빌려 쓴다.", "me", ("owner",)),
        ("환경부 장관 격려사", "me", ("",)),
        ("환경부에 그물망 설치를 건의합니다.", "me", ("asked",)),
        ("환경부도 비슷한 사업을 벌인다.", "me", ("beside",)),
        ("환경부만큼 힘쓴다.", "me", ("beside",)),
        ("환경부 공동주택 분리배출", "me", ("owner",)),
        ("환경부 다함께돌봄 안내", "me", ("owner",)),
        ("환경부 협력업체 대금", "me", ("owner",)),
        ("환경부 협력사업 안내", "me", ("aside",)),
        ("환경부 국민참여예산 접수", "me", ("owner",)),
        ("환경부 주민 참여 조사", "me", ("owner",)),
        ("공모에는 환경부 등이 참여했다.", "me", ("aside",)),
        ("환경부 부담금 돌려받는 길", "me", ("owner",)),
        ("환경부 확인서 발급받는 곳", "me", ("owner",)),
        ("환경부 보조금 못 받은 업체", "me", ("owner",)),
        ("환경부 보조금 받은 업체", "me", ("aside",)),
        ("환경부 공동연구", "me", ("aside",)),
        ("환경부 청년이 참여하는 모임", "me", ("owner",)),
        ("환경부 직원 참여", "me", ("aside",)),
        ("환경부 2023년 참여 기록", "me", ("aside",)),
        ("환경부 국민추천포상 모집", "me", ("owner",)),
        ("환경부 인허가 기간", "me", ("owner",)),
        ("환경부가 국민과 함께 새 과제를 만든다.", "me", ("",)),
        ("환경부에서 대학과 업무협약을 맺었다.", "me", ("",)),
        ("환경부가 국민과 함께 만든 앱을 쓴다.", "me", ("owner",)),
        ("환경부가 함께한 이번 점검", "me", ("aside",)),
    ],
)
def test_the_manner_of_a_mention(text: str, agency: str, manners: tuple[str, ...]) -> None:
    named = named_agencies(text, "2024-06-01")[agency]
    assert named.manners == manners
    assert set(manners) <= {*MANNERS, "denied", ""}


def test_the_text_model_of_agencies_reads_no_names(tokenizer: Tokenizer) -> None:
    body = "환경부와 숲을 가꾼다. 환경을 살핀다."
    (one,) = analyse([Document(id="1", text=body)], tokenizer, 700)
    names = sorted({f for block in BLOCKS for f in feature_names(one, block)})
    encoded = LexicalEncoder(names, np.ones(len(names), dtype=np.float32)).encode(one)
    left = nameless(encoded, named_agencies(body, None).values())
    assert 0 < len(left.index) < len(encoded.index)
    assert left.start.min() >= 3
    assert "m:환경/N" in {names[i] for i in left.index}
    (name,) = (m for one in named_agencies(body, None).values() for m in one.mentions)
    beside = Encoded(*(np.array(row, np.int32) for row in ([0, 1], [3, 2], [5, 3])), np.ones(2, np.float32))
    assert (name.start, name.end) == (0, 3)
    assert nameless(beside, named_agencies(body, None).values()).start.tolist() == [3]  # it only touches
    assert nameless(encoded, []) is encoded


def test_two_places_are_told_of_many(tokenizer: Tokenizer) -> None:
    body = "환경부는 밝혔다. 환경부와 함께 한다. 환경부도 한다."
    (one,) = analyse([Document(id="1", text=body)], tokenizer, 700)
    assert named_agencies(body, None)["me"].reasons(one) == [
        "글에 나옴: 환경부 (0-3)",
        "글에 나옴: 환경부 (10-13)",
        "글의 주어로 나옴",
        "글이 협업 기관으로 부름",
        "글이 다른 기관과 나란히 부름",
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("환경부 통계를 바탕으로 지도를 만든다.", ["글이 자료·지원·참여로만 부름"]),
        (
            "환경부 통계를 바탕으로 지도를 만든다. 환경부는 살핀다.",
            ["글의 주어로 나옴", "글이 자료·지원·참여로도 부름"],
        ),
        ("지도는 환경부. 환경부 통계를 바탕으로 한다.", ["글이 자료·지원·참여로도 부름"]),
        (
            "환경부와 협력한다. 환경부 통계를 바탕으로 한다.",
            ["글이 협업 기관으로 부름", "글이 자료·지원·참여로도 부름"],
        ),
        ("환경부와 무관하다.", ["글이 그 기관의 일로 부르지 않음"]),
    ],
)
def test_only_what_is_nothing_else_is_told_to_be_that_alone(
    tokenizer: Tokenizer, body: str, said: list[str]
) -> None:
    (one,) = analyse([Document(id="1", text=body)], tokenizer, 700)
    reasons = named_agencies(body, "2024-06-01")["me"].reasons(one)
    assert [reason for reason in reasons if not reason.startswith("글에 나옴")] == said


def test_one_agency_under_two_names_is_one() -> None:
    named = named_agencies("여성가족부는 밝혔다. 여가부와 협력한다.", "2024-06-01")
    assert list(named) == ["mogef"]
    assert [m.text for m in named["mogef"].mentions] == ["여성가족부", "여가부"]
