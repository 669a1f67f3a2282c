"""Writes the Python source of an encoder: one flat function for one message at one version.

The function is ``encode(x0, out, splices)``; it appends to the bytearray ``out``. Neighbouring fields of fixed width, a
length that follows them and an empty tag section are one ``pack``. A field that the version lacks is checked as
Kafka's generated ``write`` does: anything but the default is refused, unless the field is ignorable.

In the function ``n`` is the length or count to be written (compact: one more), ``b`` encoded text, ``v`` the value of
a variable field, ``t`` the number of tagged fields, ``x0, x1 ...`` the structs by depth, ``out1 ...`` tagged fields.
"""

from __future__ import annotations

from minikafka.protocol.schema import EMPTY, FIXED_FORMATS, FIXED_SIZES, Field, Message, Struct
from minikafka.protocol.source import Place, Source, default_expression, packer_name


class EncoderSource(Source):
    """The encoder of ``message`` at ``version``. ``formats``: those of the packers it uses, by name."""

    def __init__(self, message: Message, version: int) -> None:
        super().__init__()
        self._version = version
        self._flexible = message.is_flexible(version)
        self._run: list[tuple[str, str, str]] = []
        self._path: list[str] = []
        self._out = "out"
        self.formats: dict[str, str] = {}
        self._write(message)

    def _write(self, message: Message) -> None:
        self.add("def encode(x0, out, splices):")
        self.indent()
        self.add("try:")
        self.indent()
        self._struct(message, "x0")
        self._flush()
        if len(self.lines) == 2:
            self.add("pass")
        self.dedent()
        self.add("except failures as failure:")
        self.add(" raise explain(failure) from failure")

    def _place(self, name: str) -> Place:
        return ((".".join([*self._path, name]), 0),)

    # A run of fixed-width values, written by one pack.

    def _fixed(self, value: str, value_format: str, name: str) -> None:
        self._run.append((value, value_format, ".".join([*self._path, name])))

    def _pack(self, run: list[tuple[str, str, str]]) -> str:
        fields = "".join(value_format for _, value_format, _ in run)
        if not fields.strip("x"):
            return repr(bytes(len(fields)))
        self.formats[packer_name(fields)] = fields
        return f"pack_{packer_name(fields)}({', '.join(value for value, _, _ in run if value)})"

    def _flush(self) -> None:
        run, self._run = self._run, []
        if run:
            self.add(f"{self._out} += {self._pack(run)}", tuple((path, 0) for _, _, path in run if path))

    def _length(self, name: str, fixed_format: str, compact: bool) -> None:
        """Write the pending run and then ``n``."""
        if not compact:
            self._fixed("n", fixed_format, name)
            self._flush()
            return
        run, self._run = self._run, []
        place = (*((path, 0) for _, _, path in run if path), *self._place(name))
        if run:
            self.add(f"if n < 128: {self._out} += {self._pack([*run, ('n', 'B', '')])}", place)
            self.add(f"else: {self._out} += {self._pack(run)} + uvarint(n)", place)
        else:
            self.add(f"if n < 128: {self._out}.append(n)")
            self.add(f"else: {self._out} += uvarint(n)")

    # Structs.

    def _struct(self, struct: Struct, x: str) -> None:
        for field in struct.absent_fields(self._version):
            if not field.ignorable:
                value = f"{x}.{field.name}"
                self.add(
                    f"if {self._is_set(field, value)}: raise unsupported({field.name!r}, {value})",
                    self._place(field.name),
                )
        for field in struct.plain_fields(self._version):
            self._field(field, f"{x}.{field.name}")
        if self._flexible:
            self._tags(struct, x)

    def _is_set(self, field: Field, value: str) -> str:
        """Python for: ``value`` differs from the field's default."""
        default = field.default
        if default is None:
            return f"{value} is not None"
        if field.is_array:
            return f"({value} is None or len({value}) > 0)"
        if default is EMPTY:
            expression = default_expression(field)
            return f"({value} is not {expression} and {value} != {expression})"
        if field.type == "boolean":
            return f"not {value}" if default else value
        return f"{value} != {default!r}"

    def _tags(self, struct: Struct, x: str) -> None:
        fields = struct.tagged_fields(self._version)
        if not fields:
            self._fixed("", "x", "")
            return
        tests = [self._is_set(field, f"{x}.{field.name}") for field in fields]
        place = self._place("tagged fields")
        run = self._run
        self.add(f"if {' or '.join(tests)}:", place)
        self.indent()
        self.add("t = " + " + ".join(f"bool({test})" for test in tests), place)
        self._run = [*run, ("t", "B", "")]
        self._flush()
        for field, test in zip(fields, tests, strict=True):
            self.add(f"if {test}:", self._place(field.name))
            self.indent()
            self._tag(field, f"{x}.{field.name}")
            self.dedent()
        self.dedent()
        self.add("else:")
        self.indent()
        self._run = [*run, ("", "x", "")]
        self._flush()
        self.dedent()

    def _tag(self, field: Field, value: str) -> None:
        if field.type in FIXED_FORMATS and not field.is_array:
            head = bytes((field.tag or 0, FIXED_SIZES[field.type]))
            self._field(field, value)
            packed = self._pack(self._run)
            place = self._place(field.name)
            self._run = []
            self.add(f"{self._out} += {head!r} + {packed}", place)
            return
        outer, self._out = self._out, f"out{len(self._path) + 1}"
        self.add(f"{self._out} = bytearray()")
        self._field(field, value)
        self._flush()
        inner, self._out = self._out, outer
        self.add(f"{outer} += {bytes((field.tag or 0,))!r} + uvarint(len({inner}))")
        self.add(f"{outer} += {inner}")

    # Fields.

    def _field(self, field: Field, value: str) -> None:
        nullable = field.is_nullable(self._version)
        if field.is_array:
            self._array(field, value, nullable)
        elif field.struct is not None:
            self._struct_field(field, value, nullable)
        elif field.type in FIXED_FORMATS:
            if field.type == "uuid":
                self.add(f"if len({value}) != 16: raise wrong_uuid({value})", self._place(field.name))
            self._fixed(value, FIXED_FORMATS[field.type], field.name)
        elif field.type == "records":
            self._records(field, value, nullable)
        else:
            self._variable(field, value, field.name, nullable)

    def _struct_field(self, field: Field, value: str, nullable: bool) -> None:
        assert field.struct is not None
        x = f"x{len(self._path) + 1}"
        self.add(f"{x} = {value}")
        if nullable:
            self._flush()
            # Kafka's generator gives a tagged struct an unsigned varint, 0 for null, where others have a signed byte.
            null = b"\xff" if field.tag is None else b"\0"
            self.add(f"if {x} is None: {self._out} += {null!r}")
            self.add("else:")
            self.indent()
            self._fixed("1", "b", "")
        self._path.append(field.name)
        self._struct(field.struct, x)
        self._path.pop()
        self._flush()
        if nullable:
            self.dedent()

    def _variable(self, field: Field, value: str, name: str, nullable: bool) -> None:
        """Text or bytes."""
        compact = self._flexible and field.is_compact
        place = self._place(name)
        text = field.type == "string"
        plus_one = " + 1" if compact else ""
        if nullable:
            self.add(f"v = {value}")
            self.add(f"if v is None: b = b''; n = {0 if compact else -1}")
            self.add(f"else: b = {'v.encode()' if text else 'v'}; n = len(b){plus_one}", place)
        else:
            self.add(f"b = {value}{'.encode()' if text else ''}", place)
            self.add(f"n = len(b){plus_one}", place)
        if text and compact:
            self.add("if n > 32768: raise too_long(n - 1)", place)
        self._length(name, "h" if text else "i", compact)
        self.add(f"{self._out} += b", place)

    def _records(self, field: Field, value: str, nullable: bool) -> None:
        """Record batches: bytes, or something of ``size_bytes`` that the connection splices in."""
        place = self._place(field.name)
        plus_one = " + 1" if self._flexible else ""
        self.add(f"v = {value}")
        self.add(f"if v.__class__ in raw: n = len(v){plus_one}")
        if nullable:
            self.add(f"elif v is None: n = {0 if self._flexible else -1}")
        self.add(f"else: n = v.size_bytes{plus_one}", place)
        self._length(field.name, "i", self._flexible)
        self.add(f"if v.__class__ in raw: {self._out} += v")
        self.add("elif v is not None: add_splice(splices, out, v)", place)

    # Arrays.

    def _array(self, field: Field, value: str, nullable: bool) -> None:
        place = self._place(field.name)
        plus_one = " + 1" if self._flexible else ""
        items = f"items{len(self._path) + 1}"
        self.add(f"{items} = {value}")
        if nullable:
            self.add(f"if {items} is None: {items} = (); n = {0 if self._flexible else -1}")
            self.add(f"else: n = len({items}){plus_one}", place)
        else:
            self.add(f"n = len({items}){plus_one}", place)
        self._length(field.name, "i", self._flexible)
        if field.struct is not None:
            x = f"x{len(self._path) + 1}"
            self.add(f"for {x} in {items}:")
            self.indent()
            self._path.append(field.name)
            before = len(self.lines)
            self._struct(field.struct, x)
            self._flush()
            if len(self.lines) == before:
                self.add("pass")
            self._path.pop()
            self.dedent()
        elif field.type == "uuid":
            self.add(f"for v in {items}:")
            self.add(" if len(v) != 16: raise wrong_uuid(v)", place)
            self.add(f" {self._out} += v", place)
        elif field.type in FIXED_FORMATS:
            self.add(
                f"if {items}: {self._out} += pack(f'>{{len({items})}}{FIXED_FORMATS[field.type]}', *{items})", place
            )
        else:
            self.add(f"for v in {items}:")
            self.indent()
            self._variable(field, "v", field.name, nullable=False)
            self.dedent()
