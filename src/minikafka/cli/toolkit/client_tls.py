"""From the ``ssl.*`` settings of a client to a TLS context.

Java's key stores (JKS, PKCS12) cannot be read by OpenSSL as Python has it; who names one is told how to convert it.
"""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from pathlib import Path
from typing import Final

from minikafka.config.client import ClientConfig
from minikafka.errors import ConfigError

_VERSIONS: Final = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
_PEM_BLOCK: Final = re.compile(r"(-----BEGIN ([A-Z0-9 ]+)-----)(.*?)(-----END \2-----)", re.DOTALL)
_JKS_MAGIC: Final = b"\xfe\xed\xfe\xed"


def tls_context(config: ClientConfig) -> ssl.SSLContext:
    """Raises ConfigError: which setting cannot be used, and what to do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _choose_versions(context, config)
    if config["ssl.cipher.suites"]:
        raise ConfigError(
            "ssl.cipher.suites: it cannot be chosen here; leave it out, and OpenSSL's secure ones are used"
        )
    _check_algorithm(context, config)
    _load_trusted(context, config)
    _load_own(context, config)
    return context


def _choose_versions(context: ssl.SSLContext, config: ClientConfig) -> None:
    names = config["ssl.enabled.protocols"]
    unknown = [name for name in names if name not in _VERSIONS]
    versions = [_VERSIONS[name] for name in names if name in _VERSIONS]
    if unknown and not versions:
        raise ConfigError(f"ssl.enabled.protocols={','.join(names)}: only {' and '.join(_VERSIONS)} are offered")
    if versions:
        context.minimum_version, context.maximum_version = min(versions), max(versions)


def _check_algorithm(context: ssl.SSLContext, config: ClientConfig) -> None:
    algorithm = config["ssl.endpoint.identification.algorithm"] or ""
    if algorithm.strip().lower() not in ("", "https"):
        raise ConfigError(f"ssl.endpoint.identification.algorithm={algorithm}: it is https, or empty")
    context.check_hostname = bool(algorithm.strip())


def _load_trusted(context: ssl.SSLContext, config: ClientConfig) -> None:
    """The authorities: given in the settings, in a file, or else those of the system."""
    inline, path = config["ssl.truststore.certificates"], config["ssl.truststore.location"]
    if inline is None and path is None:
        context.load_default_certs()
        return
    where = "ssl.truststore.certificates" if inline is not None else f"ssl.truststore.location={path}"
    text = _line_broken(inline) if inline is not None else _read_pem(path, where, "truststore")
    try:
        context.load_verify_locations(cadata="".join(block[0] for block in _PEM_BLOCK.finditer(text)))
    except (ssl.SSLError, ValueError) as error:
        raise ConfigError(f"{where}: it holds no certificate that can be read ({error})") from None


def _load_own(context: ssl.SSLContext, config: ClientConfig) -> None:
    """The client's own certificate and key, where it has any."""
    key, chain = config["ssl.keystore.key"], config["ssl.keystore.certificate.chain"]
    path = config["ssl.keystore.location"]
    password = config["ssl.key.password"]
    if key is not None or chain is not None:
        if key is None or chain is None:
            raise ConfigError("ssl.keystore.key and ssl.keystore.certificate.chain have to be set both")
        _load_text(context, f"{_line_broken(key)}\n{_line_broken(chain)}\n", password)
    elif path is not None:
        _read_pem(path, f"ssl.keystore.location={path}", "keystore")
        _load_file(context, path, f"ssl.keystore.location={path}", password)


def _load_text(context: ssl.SSLContext, text: str, password: str | None) -> None:
    """OpenSSL reads keys from files only; this one is nobody else's, and gone at once."""
    descriptor, path = tempfile.mkstemp(suffix=".pem")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        _load_file(context, path, "ssl.keystore.key and ssl.keystore.certificate.chain", password)
    finally:
        os.unlink(path)


def _load_file(context: ssl.SSLContext, path: str, where: str, password: str | None) -> None:
    try:
        # Without a password OpenSSL would ask for one on the terminal.
        context.load_cert_chain(path, password=password or "")
    except ssl.SSLError as error:
        hint = "" if password is None else ", or ssl.key.password is not its password"
        raise ConfigError(
            f"{where}: a private key and the certificate that belongs to it cannot be read from it{hint} "
            f"({error.reason or error})"
        ) from None


def _read_pem(path: str, where: str, store: str) -> str:
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{where} cannot be read: {error.strerror}") from None
    if b"-----BEGIN " not in content:
        raise ConfigError(
            f"{where} is {_kind_of_store(content)}, and only PEM can be read. {_how_to_convert(path, store)}"
        )
    return content.decode("ascii", "replace")


def _kind_of_store(content: bytes) -> str:
    if content.startswith(_JKS_MAGIC):
        return "a JKS store of Java"
    # A PKCS12 store is a DER sequence.
    return "a PKCS12 store" if content.startswith(b"\x30") else "no PEM file"


def _how_to_convert(path: str, store: str) -> str:
    target = f"{Path(path).stem}.pem"
    if store == "truststore":
        command = f"keytool -list -rfc -keystore {path} > {target}"
    else:
        command = (
            f"keytool -importkeystore -srckeystore {path} -destkeystore {target}.p12 -deststoretype PKCS12, then "
            f"openssl pkcs12 -in {target}.p12 -nodes -out {target}"
        )
    return f"Convert it: {command}; then set ssl.{store}.location={target} and ssl.{store}.type=PEM"


def _line_broken(text: str) -> str:
    """PEM that a property file holds in one line, with the line breaks that OpenSSL wants."""

    def broken(match: re.Match[str]) -> str:
        body = "".join(match[3].split())
        lines = [body[start : start + 64] for start in range(0, len(body), 64)]
        return "\n".join([match[1], *lines, match[4]]) + "\n"

    # An encrypted key of the old form has headers, which are lines already.
    return text if "Proc-Type" in text else _PEM_BLOCK.sub(broken, text)
