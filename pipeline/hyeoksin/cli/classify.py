"""``hyeoksin classify`` and ``hyeoksin explain``."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyeoksin.cli.extras import need, need_for
from hyeoksin.cli.failed import failed_place, list_failed, show_failed
from hyeoksin.cli.options import (
    Careful,
    DateColumn,
    IdColumn,
    Model,
    PlanName,
    RegionColumn,
    TextColumn,
    TitleColumn,
)
from hyeoksin.cli.outputs import check_form, refuse_inputs
from hyeoksin.errors import InputError, RowError

if TYPE_CHECKING:
    from hyeoksin.classifier import Classifier
    from hyeoksin.domain import Document, Prediction
    from hyeoksin.readers import Columns, Item

Text = Annotated[str | None, typer.Option("--text", help="파일 대신 이 글 하나를 분류합니다.")]


def classify(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="파일, 폴더, ZIP (CSV XLSX HWPX HWP DOCX PDF HTML EML JSON JSONL TXT Parquet …); '-' 는 표준 입력(JSON, JSONL 또는 한 줄에 글 하나)."
        ),
    ] = None,
    text: Text = None,
    plan: PlanName = "2019",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="결과 파일 (.jsonl .csv .xlsx .parquet).")
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option("--format", "-f", help="화면 출력 꼴: table 또는 jsonl (기본: 터미널이면 table)."),
    ] = None,
    model: Model = None,
    title_column: TitleColumn = None,
    text_column: TextColumn = None,
    id_column: IdColumn = None,
    date_column: DateColumn = None,
    region_column: RegionColumn = None,
    failed: Annotated[
        Path | None,
        typer.Option(
            help="못 읽은 줄을 적을 파일 (기본: 결과 옆, 결과 파일이 없으면 지금 폴더의 *.failed.jsonl)."
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=-1, help="형태소 분석 스레드 수 (-1: 코어 수).")] = -1,
    duplicates: Annotated[
        bool, typer.Option("--duplicates/--no-duplicates", help="거의 같은 글을 묶어 한 번만 판정.")
    ] = False,
    careful: Careful = True,
) -> None:
    """파일이나 글을 분류합니다. 못 쓰는 줄이 있으면 따로 적고 1로 끝납니다."""
    from hyeoksin.cli.screen import show_notes
    from hyeoksin.readers import Columns
    from hyeoksin.sinks import SINKS, write

    if bool(files) == (text is not None):
        raise typer.BadParameter("파일이나 --text 가운데 하나를 주세요.")
    if format not in (None, "table", "jsonl"):
        raise typer.BadParameter("--format 은 table 또는 jsonl 입니다.")
    check_form(output, SINKS)
    given = [Path(name) for name in files or [] if name != "-"]
    left = _refuse_places(output, failed, given, [plan, model])
    need_for(output)
    if duplicates:
        need("batch", "rensa")
    show_notes()
    columns = Columns(id_column, title_column, text_column, date_column, region_column)
    errors: list[RowError] = []
    documents: list[Document] = []
    for item in _items(files or [], text, columns, left):
        if isinstance(item, RowError):
            errors.append(item)
        else:
            documents.append(item)
    if documents:
        predictions = _predict(documents, plan, model, workers, duplicates, careful)
        if output is not None:
            write(predictions, output)
            typer.echo(f"{len(documents):,}건을 {output} 에 적었습니다.", err=True)
        else:
            _show(predictions, format or ("table" if sys.stdout.isatty() else "jsonl"))
    show_failed(errors)
    if output is not None and not documents and output.exists():
        typer.secho(
            f"결과를 새로 적지 않았습니다. {output} 은(는) 앞선 실행의 것 그대로입니다. 까닭을 고친 뒤 다시 하세요.",
            fg=typer.colors.YELLOW,
            err=True,
        )
    list_failed(errors, output, given, failed)


def _refuse_places(
    output: Path | None, failed: Path | None, given: list[Path], others: Sequence[Path | str | None]
) -> frozenset[Path]:
    """Refuse to write over an input, and return what a former run left among them."""
    from hyeoksin.sinks import is_failed_list, is_result

    if failed is not None and output is not None and failed.resolve() == output.resolve():
        raise typer.BadParameter("--failed 가 --output 과 같습니다. 다른 이름을 주세요.")
    left = refuse_inputs(output, [*given, *others], own=is_result)
    left |= refuse_inputs(failed, [*given, *others], "--failed", own=is_failed_list)
    return left | refuse_inputs(failed_place(output, given), given, own=is_failed_list)


def _items(
    files: Iterable[str], text: str | None, columns: Columns, left: frozenset[Path] = frozenset()
) -> Iterator[Item]:
    """Yield documents and row errors of all inputs; a file that cannot be read at all becomes one error."""
    from hyeoksin.decoding import readable
    from hyeoksin.domain import Document
    from hyeoksin.normalise import is_blank
    from hyeoksin.readers import checked, read_told
    from hyeoksin.readers.notes import named

    if text is not None:
        yield RowError("--text", "글이 비어 있습니다.") if is_blank(text) else Document(id="text", text=text)
    for name in files:
        path = Path(name)
        if name == "-":
            yield from map(checked, _standard_input(columns))
        elif path.is_dir():
            yield from read_told(path, columns, left=left)
        else:
            yield from named(read_told(path, columns), path.name, readable(name))


def _standard_input(columns: Columns) -> Iterator[Item]:
    from hyeoksin.domain import Document
    from hyeoksin.readers.kinds import is_json
    from hyeoksin.readers.lines import documents_from_json, documents_from_lines
    from hyeoksin.tabular import decode

    try:
        text, _ = decode(sys.stdin.buffer.read(), Path("표준 입력"))
        # splitlines() would also cut at U+2028 and the like, which JSON strings may hold
        lines = text.split("\n")
        filled = [line.strip() for line in lines if line.strip()]
        if not filled:
            yield RowError("-", "읽을 글이 한 줄도 없습니다.")
        elif is_json(text) and (len(filled) == 1 or (filled[0][0], filled[0][-1]) != ("{", "}")):
            yield from documents_from_json(text, "stdin", columns)
        elif filled[0].startswith("{"):
            yield from documents_from_lines(lines, "stdin", columns)
        else:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield Document(id=f"stdin#row={number}", text=line.strip(), source=f"stdin#row={number}")
    except InputError as error:
        yield RowError("-", str(error).removeprefix("stdin: "))


def _predict(
    documents: list[Document],
    plan: str,
    model: Path | None,
    workers: int,
    duplicates: bool = False,
    careful: bool = True,
) -> Iterator[Prediction]:
    from tqdm import tqdm

    from hyeoksin.classifier import load_classifier

    classifier = load_classifier(model, plan, workers, careful=careful)
    gc.freeze()  # what is loaded stays: garbage collection need not walk through it again and again
    if not classifier.trained:
        typer.secho(
            f"알림: 계획 '{classifier.plan.id}' 은 학습하지 않은 계획입니다. 제목과 정의만으로 추천합니다.",
            err=True,
        )
    return iter(
        tqdm(
            _grouped(classifier, documents) if duplicates else classifier.classify(documents),
            total=len(documents),
            unit="건",
            desc="분류",
            file=sys.stderr,
            disable=len(documents) < 50 or not sys.stderr.isatty(),
        )
    )


def _grouped(classifier: Classifier, documents: list[Document]) -> Iterator[Prediction]:
    from hyeoksin.batch.judge import predict
    from hyeoksin.duplicates import group

    return predict(classifier, group(documents))


def _show(predictions: Iterable[Prediction], form: str) -> None:
    from hyeoksin.cli.screen import print_table
    from hyeoksin.sinks import json_line

    if form == "table":
        print_table(predictions)
    else:
        for prediction in predictions:
            line = json_line(prediction)
            try:
                line.encode(sys.stdout.encoding)
            except UnicodeEncodeError:  # a cp949 pipe: escape rather than lose letters
                line = json.dumps(prediction.to_record())
            typer.echo(line)


def explain(
    text: Annotated[str, typer.Argument(help="설명할 글.")],
    plan: PlanName = "2019",
    model: Model = None,
    careful: Careful = True,
) -> None:
    """글 하나의 분류를 근거, 조항, 경쟁 항목, 기관의 까닭과 함께 풀어 보여 줍니다."""
    from hyeoksin.cli.screen import print_explanation
    from hyeoksin.domain import Document
    from hyeoksin.normalise import is_blank

    if is_blank(text):
        raise typer.BadParameter("글이 비어 있습니다.")
    for prediction in _predict([Document(id="text", text=text)], plan, model, -1, careful=careful):
        print_explanation(prediction)
