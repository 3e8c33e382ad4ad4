"""Breaks the sample files in every way we know and reads them.

Prints files tried, what came of them, crashes (any exception that is not ours) and hangs. The test-suite runs a smaller
number of the same files.
"""

from __future__ import annotations

import argparse
import io
import random
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hyeoksin.errors import HyeoksinError, RowError
from hyeoksin.readers import limits, read

SAMPLES = Path(__file__).parents[1] / "tests" / "data" / "office"
SUFFIXES = (
    ".csv", ".tsv", ".txt", ".jsonl", ".xlsx", ".xls", ".xlsb", ".ods", ".parquet", ".html", ".pdf", ".docx", ".hwpx", ".hwp", ".zip", "",
)  # fmt: skip
BOMB_BYTES = 64 << 20
SLOW_SECONDS = 20.0  # from which a file counts as a hang


@dataclass(frozen=True)
class Outcome:
    """What reading one broken file came to."""

    name: str
    documents: int
    errors: tuple[str, ...]
    crash: str
    seconds: float


def truncated(raw: bytes, rng: random.Random) -> bytes:
    return raw[: rng.randrange(len(raw))]


def flipped(raw: bytes, rng: random.Random) -> bytes:
    out = bytearray(raw)
    for _ in range(rng.choice((1, 3, 10, 100))):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def blanked(raw: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(raw))
    end = min(len(raw), start + rng.choice((16, 64, 512)))
    return raw[:start] + bytes(end - start) + raw[end:]


def repeated(raw: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(raw))
    piece = raw[start : start + rng.choice((8, 128, 1024))]
    return raw[:start] + piece * rng.choice((2, 10)) + raw[start:]


def inner(raw: bytes, rng: random.Random) -> bytes:
    """Break one member of a ZIP and pack it again with a right checksum, so that the parser behind sees it."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile:
        return compound(raw, rng)
    name = rng.choice([name for name, content in members.items() if content])
    if rng.random() < 0.1:
        del members[name]
    else:
        members[name] = rng.choice((truncated, flipped, blanked, repeated))(members[name], rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def compound(raw: bytes, rng: random.Random) -> bytes:
    """Break one unpacked stream of an HWP 5 file; anything else gets random bytes."""
    from hwpx.hwp5.cfb import CompoundFile, build_compound_file

    if not raw.startswith(b"\xd0\xcf\x11\xe0") or (
        b"\0F\0i\0l\0e\0H" not in raw and b"F\0i\0l\0e\0H" not in raw
    ):
        return flipped(raw, rng)
    file = CompoundFile(raw)
    streams = {path: file.read(path) for path in file.stream_paths()}
    name = rng.choice(["DocInfo", "BodyText/Section0", "FileHeader"])
    change = rng.choice((truncated, flipped, blanked, repeated))
    if name == "FileHeader":
        streams[name] = change(streams[name], rng)
    else:
        packer = zlib.compressobj(wbits=-15)
        streams[name] = packer.compress(change(zlib.decompress(streams[name], -15), rng)) + packer.flush()
    return bytes(build_compound_file(list(streams.items())))


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    truncated, flipped, blanked, repeated, inner, inner, inner,
)  # fmt: skip


def mutants(folder: Path, n_files: int, seed: int) -> Iterator[Path]:
    """Yield ``n_files`` broken files, written to ``folder`` one after another: the made ones, then changed samples."""
    rng = random.Random(seed)
    samples = sorted(SAMPLES.iterdir())
    for number in range(n_files):
        if number < len(MADE):
            name, make = MADE[number]
            path = folder / name
            path.write_bytes(make())
        else:
            sample = samples[number % len(samples)]
            raw = sample.read_bytes()
            suffix = sample.suffix
            kind = rng.random()
            if kind < 0.08:  # nothing but another suffix
                suffix = rng.choice(SUFFIXES)
            elif kind < 0.14:  # half of another file behind it
                other = rng.choice(samples).read_bytes()
                raw = raw[: rng.randrange(len(raw))] + other[rng.randrange(len(other)) :]
            else:
                raw = rng.choice(CHANGES)(raw, rng)
            path = folder / f"{number:05}_{sample.stem}{suffix}"
            path.write_bytes(raw)
        yield path
        path.unlink()


def _zip(*members: tuple[str | zipfile.ZipInfo, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def _changed(sample: str, member: str, change: Callable[[str], str]) -> bytes:
    with zipfile.ZipFile(SAMPLES / sample) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    return _zip(*((n, change(c.decode()).encode() if n == member else c) for n, c in members))


def _entities(xml: str) -> str:
    steps = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
    head, _, rest = xml.partition("?>")
    start = rest.index("<")
    root = rest[start + 1 :].split(maxsplit=1)[0].rstrip(">")
    return (
        f'{head}?><!DOCTYPE {root} [<!ENTITY e0 "폭탄">{steps}<!ENTITY x SYSTEM "file:///etc/passwd">]>{rest}'
    )


def _nested(depth: int) -> bytes:
    raw = _zip(("글.txt", "이동 진료버스"))
    for _ in range(depth):
        raw = _zip(("속.zip", raw))
    return raw


def _link() -> bytes:
    info = zipfile.ZipInfo("링크.txt")
    info.external_attr = 0o120777 << 16
    return _zip((info, "/etc/passwd"))


def _locked(raw: bytes) -> bytes:
    out = bytearray(raw)
    out[out.index(b"PK\x03\x04") + 6] |= 1
    out[out.index(b"PK\x01\x02") + 8] |= 1
    return bytes(out)


def _lying(raw: bytes, size: int) -> bytes:
    out = bytearray(raw)
    at = out.index(b"PK\x01\x02")
    out[at + 24 : at + 28] = size.to_bytes(4, "little")
    return bytes(out)


def _far_cell(xml: str) -> str:
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>끝</t></is></c></row></sheetData>'
    return xml.replace("</sheetData>", far)


HEAD = "과제명,내용\n"
MADE: tuple[tuple[str, Callable[[], bytes]], ...] = (
    ("빈.csv", lambda: b""),
    ("공백.xlsx", lambda: b" \n"),
    ("영.hwp", lambda: bytes(5_000)),
    ("폭탄.zip", lambda: _zip(("영.txt", bytes(BOMB_BYTES)))),
    ("폭탄.docx", lambda: _lying(_zip(("word/document.xml", bytes(BOMB_BYTES))), 0x7FFFFFFF)),
    ("거짓크기.zip", lambda: _lying(_zip(("글.txt", "진료버스 " * 1_000)), 10)),
    ("겹겹.zip", lambda: _nested(6)),
    ("밖으로.zip", lambda: _zip(("../../밖.txt", "이동 진료버스"), ("/etc/밖.txt", "투표"), ("C:\\밖.txt", "예산"))),
    ("링크.zip", _link),
    ("암호.zip", lambda: _locked(_zip(("글.txt", "진료버스")))),
    ("많음.zip", lambda: _zip(*((f"{n}.txt", "가") for n in range(10_500)))),
    ("같은이름.zip", lambda: _zip(("가/글.txt", "진료버스"), ("나/글.txt", "투표"))),
    ("긴이름.zip", lambda: _zip((f"{'가' * 3_000}.txt", "진료버스"), ("a\0b.txt", "투표"), ("..", "셋"))),
    ("개체.docx", lambda: _changed("story.docx", "word/document.xml", lambda x: _entities(x).replace("이동", "&e9;&x;"))),
    ("개체.hwpx", lambda: _changed("story.hwpx", "Contents/section0.xml", lambda x: _entities(x).replace("이동", "&e9;&x;"))),
    ("개체.xlsx", lambda: _changed("list.xlsx", "xl/sharedStrings.xml", lambda x: _entities(x).replace("연번", "&e9;&x;"))),
    ("개체.ods", lambda: _changed("list.ods", "content.xml", lambda x: _entities(x).replace("연번", "&e9;&x;"))),
    ("먼칸.xlsx", lambda: _changed("list.xlsx", "xl/worksheets/sheet1.xml", _far_cell)),
    ("깊은.docx", lambda: _changed("story.docx", "word/document.xml", lambda x: x.replace("<w:body>", "<w:body>" + "<w:p>" * 50_000))),
    ("큰칸.csv", lambda: (HEAD + "버스," + "가" * 5_000_000 + "\n투표,둘\n").encode()),
    ("한줄.csv", lambda: (HEAD + "가," * 8_000_000).encode()),
    ("따옴표.csv", lambda: (HEAD + '"가,나\n' * 20_001).encode()),
    ("따옴표끝.csv", lambda: (HEAD + '버스,"섬으로\n' + "투표,둘\n" * 5_000).encode()),
    ("열많음.csv", lambda: (HEAD + "," * 200_000 + "\n버스,섬\n").encode()),
    ("깊은.jsonl", lambda: b"[" * 1_000_000),
    ("긴수.jsonl", lambda: b'{"text": "' + "버스".encode() + b'", "n": ' + b"9" * 10_000 + b"}"),
    ("무한.jsonl", lambda: b'{"text": "a", "n": NaN, "m": Infinity, "k": 1e999}\n'),
    ("반쪽.txt", lambda: "이동 진료버스".encode("utf-16")[:-1]),
    ("큰.txt", lambda: "이동 진료버스 ".encode() * 300_000),
    ("깊은.html", lambda: ("<html><body>" + "<div>" * 100_000 + "이동 진료버스가 섬에 왔다").encode()),
    ("넓은.html", lambda: ("<html><table>" + "<tr><td colspan=999999999 rowspan=999999999>과제명</td><td>내용</td></tr>" * 200).encode()),
    ("많은표.html", lambda: ("<html><body>" + "<table><tr><td>과제명<td>내용<tr><td>버스<td>섬</table>" * 5_000).encode()),
    ("참조.html", lambda: ("<html><body><p>" + "&#0;&#xD800;&#x110000;" * 1_000 + "이동 진료버스가 섬에 왔다고 한다").encode()),
    ("맴도는.pdf", lambda: b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 9999999/Kids[2 0 R]>>endobj\ntrailer<</Root 1 0 R>>"),
    ("머리만.pdf", lambda: b"%PDF-1.7\n"),
    ("머리만.hwp", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000)),
    ("머리만.parquet", lambda: b"PAR1" + bytes(100) + b"PAR1"),
    ("머리만.zip", lambda: b"PK\x05\x06" + bytes(18)),
)  # fmt: skip


def outcome(path: Path) -> Outcome:
    """Read one file as the command line does and say what came of it."""
    n_documents, errors, crash = 0, list[str](), ""
    start = time.perf_counter()
    try:
        for item in read(path):
            if isinstance(item, RowError):
                errors.append(f"{item.source}: {item.reason}")
            else:
                n_documents += 1
    except HyeoksinError as error:
        errors.append(str(error))
    except BaseException as error:  # noqa: BLE001 - to find what nobody foresaw is what this file is for
        crash = repr(error)[:200]
    return Outcome(path.name, n_documents, tuple(errors), crash, time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=int, nargs="?", default=1_000)
    parser.add_argument("seed", type=int, nargs="?", default=1)
    given = parser.parse_args()
    n_files, seed = given.files, given.seed
    limits.SILENT_SECONDS, limits.MAX_UNPACKED_BYTES = SLOW_SECONDS, BOMB_BYTES // 2
    found: Counter[str] = Counter()
    slowest = Outcome("", 0, (), "", 0.0)
    with tempfile.TemporaryDirectory() as folder:
        for path in mutants(Path(folder), n_files, seed):
            it = outcome(path)
            ended = any("읽지 못했습니다 (" in error for error in it.errors)
            hung = it.seconds >= SLOW_SECONDS or any("초 안에" in error for error in it.errors)
            found["crashes"] += bool(it.crash)
            found["hangs"] += hung
            found["parser process ended, file refused"] += ended
            found["refused or failed rows"] += bool(it.errors)
            found["read whole"] += not it.errors and not it.crash
            if it.crash or hung or ended:
                print(f"{it.name}: {it.crash or it.errors[0][:300]} ({it.seconds:.1f} s)")
            slowest = max(slowest, it, key=lambda outcome: outcome.seconds)
    print(f"files {n_files}, seed {seed}: " + ", ".join(f"{name} {n}" for name, n in sorted(found.items())))
    print(f"slowest {slowest.name}: {slowest.seconds:.1f} s")


if __name__ == "__main__":
    main()
