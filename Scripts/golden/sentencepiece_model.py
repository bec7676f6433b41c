"""Writes SentencePiece models without the package for Protocol Buffers."""
import struct


def number(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def field(index, value):
    if isinstance(value, float):
        return number(index << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, bytes):
        return number(index << 3 | 2) + number(len(value)) + value
    return number(index << 3) + number(int(value))


def model(pieces, kind, *, charsmap=b"", byte_fallback=False, dummy_prefix=True, remove_spaces=True, escape=True, unk_id=0, suffix=False,
          surface=None):
    """A model of (text, score, type) pieces; kind 1 is Unigram, 2 BPE."""
    out = b""
    for text, score, type_ in pieces:
        out += field(1, field(1, text.encode()) + field(2, float(score)) + field(3, type_))
    trainer = field(3, kind) + field(24, suffix) + field(35, byte_fallback) + field(40, unk_id) + field(41, -1) + field(42, -1) + field(43, -1)
    if surface is not None:
        trainer += field(44, surface.encode())
    normalizer = field(2, charsmap) + field(3, dummy_prefix) + field(4, remove_spaces) + field(5, escape)
    return out + field(2, trainer) + field(3, normalizer)
