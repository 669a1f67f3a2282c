"""Writes the Python source of a decoder: one flat function for one message at one version.

The function is ``decode(data, p) -> (message, position behind it)``. What makes it fast:

- Neighbouring fields of fixed width, a length that follows them, and an empty tag section are one ``unpack_from``.
- Structs and arrays are written out in place: no call per struct or field. A varint of one byte, nearly all of
  them, costs an index; only longer ones a call.
- It checks only what would otherwise go unnoticed: that a variable length ends inside the frame and that a count
  can be true. A read past the end raises by itself, and ``codec`` finds out from the line it happened on which field
  it was: every line is recorded with the fields it reads and where these end, counted from ``p``.

In the function ``data`` is the buffer, ``p`` the position in it, ``limit`` its length, ``n`` the length or count just
read, ``e`` where a variable field ends, ``x0, x1 ...`` the structs by depth.
"""

from __future__ import annotations

from minikafka.protocol.schema import EMPTY, FIXED_FORMATS, FIXED_SIZES, Field, Message, Struct, has_records
from minikafka.protocol.source import Place, Source, default_expression, packer_name


def min_size_bytes(struct: Struct, version: int, flexible: bool) -> int:
    """The fewest bytes an instance of ``struct`` takes."""
    return flexible + sum(_min_field_size_bytes(field, version, flexible) for field in struct.plain_fields(version))


def _min_field_size_bytes(field: Field, version: int, flexible: bool) -> int:
    if field.is_array:
        return 1 if flexible else 4
    if field.struct is not None:
        return 1 if field.is_nullable(version) else min_size_bytes(field.struct, version, flexible)
    return _min_item_size_bytes(field, version, flexible)


def _min_item_size_bytes(field: Field, version: int, flexible: bool) -> int:
    if field.struct is not None:
        return min_size_bytes(field.struct, version, flexible)
    if field.type in FIXED_SIZES:
        return FIXED_SIZES[field.type]
    if flexible and field.is_compact:
        return 1
    return 2 if field.type == "string" else 4


class DecoderSource(Source):
    """The decoder of ``message`` at ``version``. ``formats``: those of the unpackers it uses, by name."""

    def __init__(self, message: Message, version: int) -> None:
        super().__init__()
        self._version = version
        self._flexible = message.is_flexible(version)
        self._records = has_records(message, version)
        self._run: list[tuple[str, str, str, int]] = []
        self._path: list[str] = []
        self.formats: dict[str, str] = {}
        self._write(message)

    def _write(self, message: Message) -> None:
        self.add("def decode(data, p=0):")
        self.indent()
        self.add("try:")
        self.indent()
        if self._records:
            self.add("view = memoryview(data)")
        else:
            # Slices of bytes become str fastest; a frame without records is small.
            self.add("if data.__class__ is not bytes: data = bytes(data)")
        self.add("limit = len(data)")
        self._struct(message, "x0")
        self._flush()
        self.add("return x0, p")
        self.dedent()
        self.add("except failures as failure:")
        self.add(" raise explain(failure) from None")

    def _place(self, name: str | None = None, end: int = 1) -> Place:
        path = self._path if name is None else [*self._path, name]
        return ((".".join(path), end),)

    # A run of fixed-width fields, read by one unpack_from.

    def _fixed(self, target: str, type_format: str, name: str, size: int) -> None:
        self._run.append((target, type_format, ".".join([*self._path, name]), size))

    def _flush(self, extra: str = "", extra_name: str = "") -> None:
        """Read the pending run, and with it the number ``n`` of format ``extra`` if given. A compact length ("B")
        leaves ``p`` on it, because it may go on; any other format moves ``p`` behind it."""
        run = self._run
        self._run = []
        if extra == "B" and not run:
            self.add("n = data[p]", self._place(extra_name))
            return
        if extra:
            size = {"B": 1, "b": 1, "h": 2, "i": 4}[extra]
            run.append(("n", extra, ".".join([*self._path, extra_name]), size))
        if not run:
            return
        end = 0
        place = []
        for _, _, path, size in run:
            end += size
            place.append((path, end))
        fields = "".join(type_format for _, type_format, _, _ in run)
        self.formats[packer_name(fields)] = fields
        targets = ", ".join(target for target, _, _, _ in run)
        self.add(f"{targets}{',' if len(run) == 1 else ''} = unpack_{packer_name(fields)}(data, p)", tuple(place))
        step = end - 1 if extra == "B" else end
        self.add(f"p += {step}")

    # Structs.

    def _struct(self, struct: Struct, x: str) -> None:
        self.add(f"{x} = new(struct_{struct.name})")
        self._defaults(struct, x)
        for field in struct.plain_fields(self._version):
            self._field(field, f"{x}.{field.name}")
        if self._flexible:
            self._tags(struct, x)

    def _defaults(self, struct: Struct, x: str) -> None:
        by_value: dict[str, list[str]] = {}
        for field in struct.absent_fields(self._version) + struct.tagged_fields(self._version):
            target = f"{x}.{field.name}"
            if field.default is EMPTY:
                self.add(f"{target} = {default_expression(field)}")
            else:
                by_value.setdefault(repr(field.default), []).append(target)
        for value, targets in by_value.items():
            self.add(f"{' = '.join(targets)} = {value}")

    def _tags(self, struct: Struct, x: str) -> None:
        fields = struct.tagged_fields(self._version)
        self._flush("B", "tagged fields")
        place = self._place("tagged fields")
        if not fields:
            self.add("if n: p = skip_tagged_fields(data, p, limit)", place)
            self.add("else: p += 1")
            return
        self.add("p += 1")
        self.add("if n:")
        self.indent()
        self.add("if n > 127: n, p = varint(data, p - 1)", place)
        tag, end = f"tag_{x}", f"end_{x}"
        self.add("for _ in range(n):")
        self.indent()
        self.add(f"{tag}, p = varint(data, p)", place)
        self.add("n, p = varint(data, p)", place)
        self.add(f"{end} = p + n")
        self.add(f"if {end} > limit: raise overrun(n, p, limit)", place)
        for index, field in enumerate(fields):
            self.add(f"{'elif' if index else 'if'} {tag} == {field.tag}:")
            self.indent()
            self._field(field, f"{x}.{field.name}")
            self._flush()
            self.add(f"if p != {end}: raise wrong_tag_size({end} - p)", self._place(field.name))
            self.dedent()
        self.add(f"else: p = {end}")
        self.dedent()
        self.dedent()

    # Fields.

    def _field(self, field: Field, target: str) -> None:
        if field.is_array:
            self._array(field, target)
        elif field.struct is not None:
            self._struct_field(field, target)
        elif field.type in FIXED_FORMATS:
            self._fixed(target, FIXED_FORMATS[field.type], field.name, FIXED_SIZES[field.type])
        else:
            self._variable(field, target, field.name, field.is_nullable(self._version))

    def _struct_field(self, field: Field, target: str) -> None:
        assert field.struct is not None
        x = f"x{len(self._path) + 1}"
        nullable = field.is_nullable(self._version)
        if nullable:
            self._flush("b", field.name)
            self.add(f"if n {'< 0' if field.tag is None else '== 0'}: {target} = None")
            self.add("else:")
            self.indent()
        self._path.append(field.name)
        self._struct(field.struct, x)
        self._path.pop()
        self._flush()
        self.add(f"{target} = {x}")
        if nullable:
            self.dedent()

    def _variable(self, field: Field, target: str, name: str, nullable: bool) -> None:
        """A string, bytes or records field: its length, then ``p`` to ``e``."""
        place = self._place(name)
        compact = self._flexible and field.is_compact
        # With a compact length n is one more than the length, and p still lies on its last byte.
        start = "p + 1" if compact else "p"
        if compact:
            self._flush("B", name)
            long = "long_string_length" if field.type == "string" else "long_varint"
            self.add(f"if n > 127: n, p = {long}(data, p)", place)
        else:
            self._flush("h" if field.type == "string" else "i", name)
        if nullable:
            self.add(f"if n {'== 0' if compact else '< 0'}:")
            self.add(f" {target} = None")
            if compact:
                self.add(" p += 1")
            self.add("else:")
            self.indent()
        self.add("e = p + n")
        within = "p < e <= limit" if compact else "p <= e <= limit"
        self.add(f"if not {within}: raise bad_length(n{' - 1' if compact else ''}, {start}, limit)", place)
        self._assign(target, self._value(field.type, f"{start}:e"), place)
        self.add("p = e")
        if nullable:
            self.dedent()

    def _assign(self, target: str, value: str, place: Place) -> None:
        if target == "append":
            self.add(f"items.append({value})", place)
        else:
            self.add(f"{target} = {value}", place)

    def _value(self, type_name: str, between: str) -> str:
        if type_name == "records":
            return f"view[{between}]"
        if type_name == "string":
            return f"str(data[{between}], 'utf-8')" if self._records else f"data[{between}].decode()"
        return f"bytes(data[{between}])" if self._records else f"data[{between}]"

    # Arrays.

    def _array(self, field: Field, target: str) -> None:
        place = self._place(field.name)
        if self._flexible:
            self._flush("B", field.name)
            self.add("if n > 127: n, p = long_varint(data, p)", place)
            self.add("p += 1")
            self.add("n -= 1")
        else:
            self._flush("i", field.name)
        nullable = field.is_nullable(self._version)
        if nullable:
            self.add(f"if n < 0: {target} = None")
            self.add("else:")
            self.indent()
        size = _min_item_size_bytes(field, self._version, self._flexible)
        room = "limit - p" if size == 1 else f"(limit - p) // {size}"
        self.add(f"if not 0 <= n <= {room}: raise bad_count(n, {size}, p, limit)", place)
        self._items(field, target, size, place)
        if nullable:
            self.dedent()

    def _items(self, field: Field, target: str, size: int, place: Place) -> None:
        if field.struct is not None:
            depth = len(self._path) + 1
            items, x = f"items{depth}", f"x{depth}"
            self.add(f"{target} = {items} = []")
            self.add("for _ in range(n):")
            self.indent()
            self._path.append(field.name)
            self._struct(field.struct, x)
            self._flush()
            self._path.pop()
            self.add(f"{items}.append({x})")
            self.dedent()
        elif field.type == "uuid":
            self.add(f"e = p + {size} * n")
            item = "bytes(data[i:i + 16])" if self._records else "data[i:i + 16]"
            self.add(f"{target} = [{item} for i in range(p, e, 16)]", place)
            self.add("p = e")
        elif field.type in FIXED_FORMATS:
            self.add(f"{target} = list(unpack_from(f'>{{n}}{FIXED_FORMATS[field.type]}', data, p))", place)
            self.add(f"p += {size} * n" if size > 1 else "p += n")
        else:
            self.add(f"{target} = items = []")
            self.add("for _ in range(n):")
            self.indent()
            self._variable(field, "append", field.name, nullable=False)
            self.dedent()
