"""E-mails (EML) and web pages saved as one file (MHT): the body, and what the attachments hold."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from email import policy
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.parser import BytesParser
from pathlib import Path, PurePosixPath

from hyeoksin.decoding import decode
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.readers import limits
from hyeoksin.readers.archives import Item, Read, placed, safe_name
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.forms import Content, documents
from hyeoksin.readers.web import read_html

__all__ = ["mail_items"]

_UNREADABLE = (MessageError, LookupError, ValueError, AttributeError, TypeError, RecursionError)
_NO_TEXT = re.compile(r"image/|audio/|video/|text/calendar|application/(?:x-)?p(?:kcs7|gp)-signature")


def mail_items(path: Path, columns: Columns, read: Read, depth: int) -> Iterator[Item]:
    """Yield the documents of a mail's body, under its subject and date, then what ``read`` finds in its attachments.

    Raises:
        InputError: the mail is broken, too large, or within too many others.
    """
    if depth >= limits.MAX_DEPTH:
        raise InputError(f"{path.name}: 메일과 압축이 {limits.MAX_DEPTH}겹을 넘습니다. 풀어서 넣으세요.")
    if path.stat().st_size > limits.MAX_MAIL_BYTES:
        raise InputError(
            f"{path.name}: 메일이 {limits.MAX_MAIL_BYTES >> 20}MB를 넘습니다. 본문과 붙임을 따로 저장해 넣으세요."
        )
    try:
        mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        body = mail.get_body(("plain", "html"))
        text = "" if body is None else _text(body, path)
        subject, sent = " ".join(str(mail["subject"] or "").split()), getattr(mail["date"], "datetime", None)
        files = [_file(part) for part in mail.iter_attachments() if _is_read(part)]
    except _UNREADABLE as error:
        raise InputError(
            f"{path.name}: 메일이 깨져 읽을 수 없습니다. 메일 프로그램에서 EML로 다시 저장하세요."
        ) from error
    content = Content((text,), text, subject, sent.date().isoformat() if sent else None)
    with tempfile.TemporaryDirectory() as folder:
        try:
            if body is not None and body.get_content_subtype() == "html":
                yield from _page(content, path, Path(folder), columns)
            elif text.strip() or not files:
                yield from documents(content, path, columns)
        except (InputError, MissingExtraError) as error:
            yield RowError(path.name, str(error).partition(": ")[2] or str(error))
        for number, (name, raw) in enumerate(files):
            target = Path(folder, str(number), safe_name(name))
            target.parent.mkdir()
            target.write_bytes(raw)
            yield from placed(read, target, depth + 1, PurePosixPath(path.name))


def _page(content: Content, path: Path, folder: Path, columns: Columns) -> Iterator[Item]:
    """Yield the documents of a body that is a web page, as those of the mail."""
    page = folder / f"{path.stem}.html"
    page.write_text(content.text, encoding="utf-8", errors="replace")
    for item in read_html(page, columns):
        source = path.name + item.source.removeprefix(page.name)
        if isinstance(item, RowError):
            yield RowError(source, item.reason)
            continue
        own = replace(item, source=source, id=source if item.id == item.source else item.id)
        if item.source == page.name:  # all of the body, no row of a table in it
            own = replace(own, title=content.title or item.title, date=content.date or item.date)
        yield own


def _text(part: Message, path: Path) -> str:
    """Return what a part says: mail that declares EUC-KR holds letters of cp949 as well."""
    raw = part.get_payload(decode=True)
    try:
        return decode(raw if isinstance(raw, bytes) else b"", path)[0].replace("\r\n", "\n")
    except InputError:
        return str(part.get_content()) if isinstance(part, EmailMessage) else ""


def _is_read(part: Message) -> bool:
    """Tell whether an attachment is a file that may hold text: no picture in the body, invitation or signature."""
    if part.get_content_type() == "message/rfc822":
        return True
    return part.get_filename() is not None and not _NO_TEXT.match(part.get_content_type())


def _file(part: Message) -> tuple[str, bytes]:
    """Return name and content of an attachment; a mail in a mail is one too."""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload(0)
        return part.get_filename() or "전달.eml", inner.as_bytes() if isinstance(inner, Message) else b""
    raw = part.get_payload(decode=True)
    return part.get_filename() or "붙임", raw if isinstance(raw, bytes) else b""
