"""E-mails (EML) and web pages saved as one file (MHT): the body, and what the attachments hold."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email import policy
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.parser import BytesParser
from html import escape
from pathlib import Path, PurePosixPath

from hyeoksin.decoding import decode
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.readers import limits
from hyeoksin.readers.archives import Item, Read, placed, safe_name
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.forms import Content, documents
from hyeoksin.readers.markup import shown
from hyeoksin.readers.web import read_html

__all__ = ["mail_items"]

_UNREADABLE = (MessageError, LookupError, ValueError, AttributeError, TypeError, RecursionError)
_TEXTS = ("text/plain", "text/html")
_HEAD = re.compile(r"<title\b[^<>]*>[^<]*</title>|<(?:!doctype|meta|link|base)\b[^<>]*>", re.I)
_END = re.compile(r"</(?:body|html)\s*>", re.I)  # what follows would not be read
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
        parts = _body(mail, path)
        is_page = bool(parts) and _is_page(parts[0])
        text = _joined(parts, path, is_page)
        subject, sent = " ".join(str(mail["subject"] or "").split()), getattr(mail["date"], "datetime", None)
        files = [_file(part) for part in _files(mail) if _is_read(part) and part not in parts]
    except _UNREADABLE as error:
        raise InputError(
            f"{path.name}: 메일이 깨져 읽을 수 없습니다. 메일 프로그램에서 EML로 다시 저장하세요."
        ) from error
    content = Content((text,), text, subject, sent.date().isoformat() if sent else None)
    with tempfile.TemporaryDirectory() as folder:
        try:
            if is_page:
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
            own = _under_subject(own, content, is_form=item.id != page.stem)
        yield own


def _under_subject(item: Document, content: Content, is_form: bool) -> Document:
    """Return the document of a body with the mail's subject and date, where it is no form with a title and date of its own."""
    date = content.date or item.date
    if not (is_form and item.title):
        return replace(item, title=content.title or item.title, date=date)
    meta = {"메일 제목": content.title, **item.meta} if content.title else item.meta
    return replace(item, date=item.date or date, meta=meta)


def _body(mail: EmailMessage, path: Path) -> list[Message]:
    """Return the parts that the body consists of, blank ones left out; a text with a file name may be all of it."""
    alone = mail.get_body(("plain", "html"))
    parts = _texts(mail, path) or ([] if alone is None else [alone])
    return [part for part in parts if _text(part, path).strip()]


def _texts(part: Message, path: Path) -> list[Message]:
    """Return the texts without a file name in order; of alternatives, the plainest that says something."""
    kind, inner = part.get_content_type(), _inner(part)
    if kind in _TEXTS and part.get_filename() is None:
        return [part]
    if kind == "multipart/alternative":
        return min(
            (_texts(one, path) for one in inner),
            key=lambda texts: (not any(_shown(text, path) for text in texts), any(map(_is_page, texts))),
            default=[],
        )
    if kind == "multipart/related":
        inner = [one for one in inner if one["content-id"] == part.get_param("start", "")] or inner[:1]
    return [text for one in inner for text in _texts(one, path)]


def _files(part: Message) -> Iterator[Message]:
    """Yield the parts that may be files: all but alternatives of the body; a mail in the mail is one."""
    if part.get_content_maintype() != "multipart":
        yield part
    for one in _inner(part):
        is_text = one.get_content_type() in _TEXTS and one.get_content_disposition() != "attachment"
        if not (is_text and part.get_content_subtype() == "alternative"):
            yield from _files(one)


def _inner(part: Message) -> list[Message]:
    parts = part.get_payload() if part.get_content_maintype() == "multipart" else ()
    return [one for one in parts if isinstance(one, Message)]


def _is_page(part: Message) -> bool:
    return part.get_content_subtype() == "html"


def _shown(part: Message, path: Path) -> str:
    """Return what a reader of the mail sees of a part."""
    text = _text(part, path)
    return (shown(_HEAD.sub("", text)) if _is_page(part) else text).strip()


def _joined(parts: Sequence[Message], path: Path, on_page: bool) -> str:
    """Return the parts of a body as one text, or ``on_page``, as one page."""
    texts = [_text(part, path) for part in parts[:1]]
    for part in parts[1:]:
        if on_page and _is_page(part):
            texts.append(_HEAD.sub("", _text(part, path)))
        else:
            lines = _shown(part, path).split("\n")
            texts += [f"<p>{escape(line)}</p>" for line in lines] if on_page else lines
    return "\n".join(_END.sub("", text) for text in texts) if on_page else "\n".join(texts)


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
