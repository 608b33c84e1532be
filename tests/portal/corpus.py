"""Small generated files: valid ones of every type, and hostile ones for every refusal."""

import io
import itertools
import stat
import struct
import zipfile
import zlib

import pikepdf
from PIL import Image

SECTOR, MINI, FREE, END = 512, 64, 0xFFFFFFFF, 0xFFFFFFFE
IDLE_SCRIPT = (
    "var Documents = XHwpDocuments;\r\nvar Document = Documents.Active_XHwpDocument;\r\n",
    "function OnDocument_New()\r\n{\r\n\t//todo : \r\n}\r\n\r\n",
)

# --- PDF -----------------------------------------------------------------------------------------


def pdf(*extra: bytes, catalog: bytes = b"", trailer: bytes = b"") -> bytes:
    """One empty page, with further objects, catalogue entries and trailer entries."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        *extra,
    ]
    out, offsets = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(objects) + 1, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def packed_objects(*bodies: bytes, name: bytes = b"/ObjStm", filters: bytes = b"/FlateDecode"):
    """An object stream that holds `bodies`, as PDF 1.5 packs them."""
    heads, data = [], b""
    for number, body in enumerate(bodies, 10):
        heads.append(b"%d %d" % (number, len(data)))
        data += body + b" "
    first = b" ".join(heads) + b" "
    stream = zlib.compress(first + data)
    if b"ASCIIHex" in filters:
        stream = stream.hex().encode() + b">"
    return b"<< /Type %s /N %d /First %d /Filter %s /Length %d >>\nstream\n%s\nendstream" % (
        name,
        len(bodies),
        len(first),
        filters,
        len(stream),
        stream,
    )


def packed_pdf(things: list[dict], **catalog) -> bytes:
    """One page and further objects, all packed into object streams as a library does it."""
    out, document = io.BytesIO(), pikepdf.new()
    document.add_blank_page()
    document.Root.Things = pikepdf.Array(
        [document.make_indirect(pikepdf_object(thing)) for thing in things]
    )
    for name, value in catalog.items():
        document.Root[f"/{name}"] = pikepdf_object(value)
    document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def pikepdf_object(value):
    """A plain value as an object of a PDF; a text that begins with "/" is a name."""
    if isinstance(value, dict):
        return pikepdf.Dictionary({f"/{key}": pikepdf_object(part) for key, part in value.items()})
    if isinstance(value, list):
        return pikepdf.Array([pikepdf_object(part) for part in value])
    if isinstance(value, str):
        return pikepdf.Name(value) if value.startswith("/") else pikepdf.String(value)
    return value


def locked_pdf(*, user: str) -> bytes:
    """One page that only its owner may change; with a `user` password also to open."""
    out, document = io.BytesIO(), pikepdf.new()
    document.add_blank_page()
    locks = pikepdf.Encryption(owner="owner", user=user, allow=pikepdf.Permissions(extract=False))
    document.save(out, encryption=locks)
    return out.getvalue()


# --- OLE -----------------------------------------------------------------------------------------


def ole(streams: dict[str, bytes]) -> bytes:
    """A compound file of version 3 with these streams ("Storage/Name" for one in a storage)."""
    nodes = [["Root Entry", 5, b"", []]]
    storages: dict[str, int] = {}
    for path, data in streams.items():
        *folders, name = path.split("/")
        parent = 0
        if folders:
            if folders[0] not in storages:
                storages[folders[0]] = len(nodes)
                nodes[0][3].append(len(nodes))
                nodes.append([folders[0], 1, b"", []])
            parent = storages[folders[0]]
        nodes[parent][3].append(len(nodes))
        nodes.append([name, 2, data, []])
    mini, mini_table, big, table, starts = b"", [], b"", [], {}
    for number, (_, kind, data, _) in enumerate(nodes):
        if kind == 2 and data:
            size, unit, chain = (
                (len(mini) // MINI, MINI, mini_table)
                if len(data) < 4096
                else (len(big) // SECTOR, SECTOR, table)
            )
            starts[number] = size
            count = -(-len(data) // unit)
            chain += [*range(size + 1, size + count), END]
            padded = data.ljust(count * unit, b"\x00")
            if unit == MINI:
                mini += padded
            else:
                big += padded

    def place(data: bytes) -> tuple[int, int]:
        nonlocal big
        first, count = len(table), -(-len(data) // SECTOR)
        if not count:
            return END, 0
        table.extend([*range(first + 1, first + count), END])
        big += data.ljust(count * SECTOR, b"\x00")
        return first, count

    starts[0], _ = place(mini)
    mini_fat = struct.pack(f"<{len(mini_table)}I", *mini_table)
    mini_start, mini_count = place(mini_fat.ljust(-(-len(mini_fat) // SECTOR) * SECTOR, b"\xff"))
    entries = b""
    follows = {a: b for _, _, _, kids in nodes for a, b in itertools.pairwise(kids)}
    for number, (name, kind, data, kids) in enumerate(nodes):
        wide = (name + "\x00").encode("utf-16-le")
        size = len(mini) if number == 0 else len(data)
        entries += wide.ljust(64, b"\x00") + struct.pack("<HBB", len(wide), kind, 1)
        entries += struct.pack("<3I", FREE, follows.get(number, FREE), kids[0] if kids else FREE)
        entries += bytes(36) + struct.pack("<IQ", starts.get(number, END if size else 0), size)
    directory, _ = place(entries.ljust(-(-len(entries) // SECTOR) * SECTOR, b"\x00"))
    fat_start = len(table)
    fat_count = -(-(len(table) + 1) // 127)
    table += [0xFFFFFFFD] * fat_count
    fat = struct.pack(f"<{len(table)}I", *table).ljust(fat_count * SECTOR, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    header += struct.pack("<4I", fat_count, directory, 0, 4096)
    header += struct.pack("<4I", mini_start if mini_count else END, mini_count, END, 0)
    header += struct.pack("<109I", *[*range(fat_start, fat_start + fat_count), *[FREE] * 109][:109])
    return header + big + fat


def deflated(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


def hancom_script(*texts: str) -> bytes:
    code = b"".join(
        struct.pack("<I", len(text)) + text.encode("utf-16-le") for text in (*texts, "", "")
    )
    return deflated(code + b"\xff\xff\xff\xff")


def hwp(flags: int = 1, **streams: bytes) -> bytes:
    """A HWP 5.0 document; further streams by name with "__" for "/" and "_dot_" for "."."""
    header = b"HWP Document File".ljust(32, b"\x00") + struct.pack("<2I", 0x05010001, flags)
    parts = {
        "FileHeader": header.ljust(256, b"\x00"),
        "DocInfo": deflated(bytes(300)),
        "BodyText/Section0": deflated("사업계획서".encode("utf-16-le") * 20),
        "Scripts/DefaultJScript": hancom_script(*IDLE_SCRIPT),
        "Scripts/JScriptVersion": deflated(b"\x01\x00\x00\x00\x00\x00\x00\x00"),
        "PrvText": "사업계획서".encode("utf-16-le"),
    }
    parts |= {key.replace("__", "/").replace("_dot_", "."): value for key, value in streams.items()}
    return ole({path: data for path, data in parts.items() if data})


# --- ZIP -----------------------------------------------------------------------------------------


def zipped(parts: dict[str, bytes | str], *, stored: tuple[str, ...] = ("mimetype",)) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in parts.items():
            method = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            container.writestr(name, data, compress_type=method)
    return out.getvalue()


XML = '<?xml version="1.0" encoding="UTF-8"?>'
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def office(root: str, content_type: str, **extra: bytes | str) -> bytes:
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": f'{XML}<Types xmlns="{_TYPES}">'
        f'<Override PartName="/{root}" ContentType="{content_type}"/></Types>',
        "_rels/.rels": f'{XML}<Relationships xmlns="{_RELS}"/>',
        root: f"{XML}<document>사업계획서</document>",
    }
    parts |= {key.replace("__", "/").replace("_dot_", "."): value for key, value in extra.items()}
    return zipped(parts)


def docx(content_type: str = _WORD, **extra: bytes | str) -> bytes:
    return office("word/document.xml", content_type, **extra)


def xlsx(content_type: str = _SHEET, **extra: bytes | str) -> bytes:
    return office("xl/workbook.xml", content_type, **extra)


def remote(kind: str, target: str) -> str:
    return (
        f'{XML}<Relationships xmlns="{_RELS}"><Relationship Id="r1" Type="{_OFFICE}/{kind}"'
        f' Target="{target}" TargetMode="External"/></Relationships>'
    )


def hwpx(**extra: bytes | str) -> bytes:
    parts: dict[str, bytes | str] = {
        "mimetype": "application/hwp+zip",
        "version.xml": f"{XML}<version/>",
        "Contents/header.xml": f"{XML}<head/>",
        "Contents/section0.xml": f"{XML}<sec>사업계획서</sec>",
        "Scripts/headerScripts.js": IDLE_SCRIPT[0].encode("utf-16-le"),
        "Scripts/sourceScripts.js": IDLE_SCRIPT[1].encode("utf-16-le"),
        "Contents/content.hpf": f"{XML}<package/>",
        "META-INF/manifest.xml": f"{XML}<manifest/>",
    }
    parts |= {key.replace("__", "/").replace("_dot_", "."): value for key, value in extra.items()}
    return zipped(parts)


def entry(name: str, data: bytes = b"x", *, mode: int = 0) -> bytes:
    """An archive of one entry whose name is taken as it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as container:
        info = zipfile.ZipInfo("placeholder.txt".ljust(len(name.encode()), "x"))
        info.external_attr = (mode or stat.S_IFREG | 0o644) << 16
        container.writestr(info, data)
    return out.getvalue().replace(info.filename.encode(), name.encode())


def bomb(octets: int) -> bytes:
    return zipped({"zeros.txt": bytes(octets)})


def forged_size(claimed: int, real: int) -> bytes:
    """An archive whose directory claims fewer bytes than unpacking yields."""
    data = bytearray(zipped({"a.txt": b"0" * real}))
    struct.pack_into("<I", data, 22, claimed)
    struct.pack_into("<I", data, data.rfind(b"PK\x01\x02") + 24, claimed)
    checksum = zlib.crc32(b"0" * claimed)
    struct.pack_into("<I", data, 14, checksum)
    struct.pack_into("<I", data, data.rfind(b"PK\x01\x02") + 16, checksum)
    return bytes(data)


def forged_count(entries: int, claimed: int) -> bytes:
    data = bytearray(zipped({f"{number}.txt": "1" for number in range(entries)}))
    struct.pack_into("<2H", data, len(data) - 22 + 8, claimed, claimed)
    return bytes(data)


def overlapping() -> bytes:
    """Two directory entries that point at the same bytes, as a non-recursive bomb does."""
    data = bytearray(zipped({"a.txt": b"1" * 100, "b.txt": b"1" * 100}))
    second = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, second + 42, 0)
    return bytes(data)


def flagged(data: bytes, bits: int) -> bytes:
    out = bytearray(data)
    struct.pack_into("<H", out, 6, struct.unpack_from("<H", out, 6)[0] | bits)
    at = out.find(b"PK\x01\x02")
    struct.pack_into("<H", out, at + 8, struct.unpack_from("<H", out, at + 8)[0] | bits)
    return bytes(out)


def differing_names() -> bytes:
    data = bytearray(zipped({"a.txt": b"1"}))
    data[30:31] = b"b"
    return bytes(data)


# --- Pictures ------------------------------------------------------------------------------------


def picture(kind: str, size: tuple[int, int] = (64, 48), **options) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pixel_flood(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims a vast surface."""
    head = struct.pack(">2I5B", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + png_chunk(b"IDAT", body)
        + png_chunk(b"IEND", b"")
    )


def broken_pixels() -> bytes:
    """A PNG whose chunks are right and whose packed pixels are not."""
    data = picture("PNG")
    at = data.index(b"IDAT")
    size = struct.unpack_from(">I", data, at - 4)[0]
    pixels = bytearray(data[at + 4 : at + 4 + size])
    pixels[size // 2] ^= 0xFF
    return data[: at - 4] + png_chunk(b"IDAT", bytes(pixels)) + data[at + 8 + size :]


def printer_settings() -> bytes:
    """As Photoshop keeps them on a Macintosh: a property list with its document type."""
    settings = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" '
        b'"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0"><dict/></plist>'
    )
    return b"Photoshop 3.0\x008BIM\x03\xe9\x00\x00" + struct.pack(">I", len(settings)) + settings


def jpg_segment(marker: int, data: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def with_segment(data: bytes, marker: int, content: bytes) -> bytes:
    return data[:2] + jpg_segment(marker, content) + data[2:]
