"""Packed files (.zip, and the parts of .xlsx and .docx): names as people wrote them, nothing unpacked beyond limits."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from crawler.samples.document import MAX_PARTS, MAX_UNPACKED, Unreadable

MAX_MEMBERS = 300
"""Files of one archive that are read."""
_UTF8_NAMES = 0x800
_ENCRYPTED = 0x1


def open_packed(data: bytes) -> zipfile.ZipFile:
    """The archive. Raises Unreadable if it is none, has too many members or is encrypted."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise Unreadable("broken", f"the archive can't be opened: {error}") from None
    if len(archive.infolist()) > MAX_PARTS:
        raise Unreadable("too_many_members", f"the archive has {len(archive.infolist()):,} members")
    return archive


def check_parts(data: bytes) -> None:
    """Raises Unreadable if an office file declares to unpack to more than the limit."""
    with open_packed(data) as archive:
        size = sum(info.file_size for info in archive.infolist())
    if size > MAX_UNPACKED:
        raise Unreadable("too_large", f"the file unpacks to {size:,} bytes; the limit is {MAX_UNPACKED:,}")


def read_part(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int = MAX_UNPACKED) -> bytes:
    """One member, at most `most` bytes whatever its header declares. Raises Unreadable."""
    if info.flag_bits & _ENCRYPTED:
        raise Unreadable("encrypted", f"{name_of(info)} is protected by a password")
    try:
        with archive.open(info) as file:
            data = file.read(most + 1)
    except (zipfile.BadZipFile, NotImplementedError, zlib.error, OSError, EOFError, ValueError, RuntimeError) as error:
        raise Unreadable("broken", f"{name_of(info)} can't be unpacked: {error}") from None
    if len(data) > most:
        raise Unreadable("too_large", f"{name_of(info)} unpacks to more than {most:,} bytes")
    return data


def name_of(info: zipfile.ZipInfo) -> str:
    """The name of a member: UTF-8 where it is, else GB18030, in which Chinese tools write without saying so."""
    if info.flag_bits & _UTF8_NAMES:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def files_in(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """The files of an archive with their names, without folders and what systems leave behind."""
    for info in archive.infolist():
        name = name_of(info)
        base = name.rstrip("/").rpartition("/")[2]
        if not info.is_dir() and not base.startswith((".", "~$", "Thumbs.db")) and not name.startswith("__MACOSX/"):
            yield name, info
