"""S/MIME taken apart as far as it goes without a key: the content of an opaque signed message (RFC 5652, RFC 8551).

A signature is not checked here; signed text is read like any other. What is encrypted stays closed: it is flagged, and
a person asks for another way. A few lines of BER suffice; the libraries for it check certificates or have no upkeep.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_SIGNED = bytes.fromhex("2a864886f70d010702")
_MAX_DEPTH = 12
_MAX_ELEMENTS = 200_000  # a 25 MB message in pieces of 1,000 bytes has 25,000
_CONSTRUCTED = 0x20
_OCTETS = 0x04


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    start: int  # of the content
    end: int  # of the content; open-ended elements run to the end of what holds them
    open_ended: bool = False


def signed_content(data: bytes) -> bytes | None:
    """The MIME entity inside signed-data; None when this is something else, or the content is kept elsewhere."""
    try:
        outer = _children(data, _first(data, 0, len(data)))
        kind, wrapped = next(outer), next(outer)
        if data[kind.start : kind.end] != _SIGNED:
            return None
        inner = _children(data, _first(data, wrapped.start, wrapped.end))
        next(inner)  # version
        next(inner)  # digest algorithms
        content = _children(data, next(inner))
        next(content)  # what kind of content
        held = next(content)
        pieces = b"".join(_octets(data, _first(data, held.start, held.end), 0))
    except (StopIteration, IndexError, ValueError, RuntimeError):
        return None
    return pieces or None


def _octets(data: bytes, element: _Element, depth: int) -> Iterator[bytes]:
    if not element.tag & _CONSTRUCTED:
        yield data[element.start : element.end]
    elif depth < _MAX_DEPTH:
        for child in _children(data, element):
            if child.tag & ~_CONSTRUCTED != _OCTETS:
                return
            yield from _octets(data, child, depth + 1)


def _children(data: bytes, element: _Element) -> Iterator[_Element]:
    position = element.start
    for _ in range(_MAX_ELEMENTS):
        if position >= element.end or data[position : position + 2] == b"\x00\x00":
            return
        child = _first(data, position, element.end)
        yield child
        position = _after(data, child, 0)


def _after(data: bytes, element: _Element, depth: int) -> int:
    """Where the next element begins: behind the two zeros when the length was left open."""
    if not element.open_ended:
        return element.end
    if depth > _MAX_DEPTH:
        raise ValueError("nested deeper than any message")
    position = element.start
    for _ in range(_MAX_ELEMENTS):
        if position >= len(data):
            return position
        if data[position : position + 2] == b"\x00\x00":
            return position + 2
        position = _after(data, _first(data, position, element.end), depth + 1)
    raise ValueError("more elements than any message")


def _first(data: bytes, position: int, end: int) -> _Element:
    tag, length = data[position], data[position + 1]
    if tag & 0x1F == 0x1F:
        raise ValueError("long tags do not occur in CMS")
    position += 2
    if length == 0x80:
        return _Element(tag, position, end, open_ended=True)
    if length & 0x80:
        width = length & 0x7F
        if width > 8:
            raise ValueError("longer than any message")
        length = int.from_bytes(data[position : position + width], "big")
        position += width
    return _Element(tag, position, min(end, position + length))
