"""``hyeoksin embed``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hyeoksin.cli.options import Corpus
from hyeoksin.cli.outputs import refuse_file, refuse_inputs


def embed(
    external: Annotated[Path, typer.Option(help="공개 자료 폴더 (corpus/external.yaml의 files가 있는 곳).")],
    corpus: Corpus = Path("corpus"),
    output: Annotated[Path, typer.Option("--output", "-o", help="새 임베딩 폴더.")] = Path("models/morpheme"),
    labels: Annotated[
        bool,
        typer.Option(
            help="2019·2024 분류 표시로 한 번 더 학습 (분류기의 교차검증이 후하게 나오므로 기본은 안 함)."
        ),
    ] = False,
) -> None:
    """공개 자료의 제목과 본문으로 형태소 임베딩을 학습합니다."""
    from hyeoksin.errors import MissingExtraError

    refuse_file(output)
    refuse_inputs(output, [corpus, external])

    try:
        from hyeoksin.training.embedding import embedding
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "sentence-transformers", "neural") from error
    card = embedding(corpus, external, output, labels=labels)
    found = card["held_out_title_finds_body"]
    typer.echo(
        f"형태소 {card['keys']:,}개를 제목·본문 {card['pairs']:,}쌍으로 학습해 {output} 에 적었습니다. "
        f"따로 둔 {found['of']:,}쌍에서 제목이 제 본문을 찾은 비율: {found['start']:.3f} -> {found['trained']:.3f}"
    )
