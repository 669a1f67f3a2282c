"""From ``security.protocol``, ``ssl.*`` and ``sasl.*`` of a property file to what the client takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from minikafka.client.security import UNSECURED, Sasl, Security
from minikafka.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path
    from ssl import SSLContext

    from minikafka.config.client import ClientConfig
    from minikafka.security.sasl import SaslClient

_MECHANISMS: Final = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER"


def client_security(settings: Mapping[str, str]) -> Security:
    """Raises ConfigError: which setting is missing or cannot be used, and what to do."""
    own = {name: value for name, value in settings.items() if name.startswith(("security.protocol", "ssl.", "sasl."))}
    if not own:
        return UNSECURED
    # Most tools need no security, and do not wait for what it takes.
    from minikafka.config.client import ClientConfig

    config = ClientConfig.from_mapping("admin", own)
    protocol = config["security.protocol"].upper()
    return Security(
        tls=_tls(config) if protocol in ("SSL", "SASL_SSL") else None,
        sasl=_sasl(config) if protocol in ("SASL_PLAINTEXT", "SASL_SSL") else None,
    )


def _tls(config: ClientConfig) -> SSLContext:
    # The ssl module takes 20 ms to import.
    from minikafka.cli.toolkit.client_tls import tls_context

    return tls_context(config)


def _sasl(config: ClientConfig) -> Sasl:
    mechanism = config["sasl.mechanism"].upper()
    maker = _MAKERS.get(mechanism)
    if maker is None:
        said = "sasl.mechanism is not set, which means GSSAPI" if "sasl.mechanism" not in config else mechanism
        raise ConfigError(f"sasl.mechanism: {said}, and this client has no such mechanism; it has {_MECHANISMS}")
    for handler in ("sasl.client.callback.handler.class", "sasl.login.class"):
        if config[handler]:
            raise ConfigError(f"{handler}={config[handler]} names a Java class, and no Java runs here")
    return Sasl(mechanism, maker(mechanism, config))


def _options(config: ClientConfig, mechanism: str) -> dict[str, str]:
    text = config["sasl.jaas.config"]
    if not text:
        raise ConfigError(
            f"sasl.jaas.config is missing: it says who {mechanism} is to log in as, e.g. "
            "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
            'username="alice" password="secret";'
        )
    from minikafka.security.jaas import parse_jaas

    modules = parse_jaas(text)
    if len(modules) != 1:
        raise ConfigError(f"sasl.jaas.config has {len(modules)} login modules, and a client has one")
    return modules[0].options


def _user_and_password(config: ClientConfig, mechanism: str) -> tuple[str, str, dict[str, str]]:
    options = _options(config, mechanism)
    for name in ("username", "password"):
        if name not in options:
            raise ConfigError(f"sasl.jaas.config has no {name}, which {mechanism} needs")
    return options["username"], options["password"], options


def _plain(mechanism: str, config: ClientConfig) -> Callable[[], SaslClient]:
    from minikafka.security.plain_client import PlainClient

    user, password, _ = _user_and_password(config, mechanism)
    return lambda: PlainClient(user, password)


def _scram(mechanism: str, config: ClientConfig) -> Callable[[], SaslClient]:
    from minikafka.security.scram_client import ScramClient

    user, password, options = _user_and_password(config, mechanism)
    is_token = options.get("tokenauth", "").lower() == "true"
    return lambda: ScramClient(mechanism, user, password, is_delegation_token=is_token)


def _oauthbearer(mechanism: str, config: ClientConfig) -> Callable[[], SaslClient]:
    from minikafka.security.oauthbearer_client import OAuthBearerClient, extensions_of, unsecured_token

    url = config["sasl.oauthbearer.token.endpoint.url"]
    if url is None:
        options = _options(config, mechanism)
        return lambda: OAuthBearerClient(unsecured_token(options, time.time_ns() // 1_000_000), extensions_of(options))
    path = _token_file(url)
    return lambda: OAuthBearerClient(_read_token(path))


def _token_file(url: str) -> Path:
    # These modules take 20 ms to import.
    from pathlib import Path
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    parts = urlsplit(url)
    if parts.scheme != "file":
        raise ConfigError(
            f"sasl.oauthbearer.token.endpoint.url={url}: tokens are not fetched here; let another program write one to "
            "a file, and name that as file:///PATH"
        )
    return Path(url2pathname(parts.path))


def _read_token(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"the token file {path} cannot be read: {error.strerror}") from None


_MAKERS: Final = {
    "PLAIN": _plain,
    "SCRAM-SHA-256": _scram,
    "SCRAM-SHA-512": _scram,
    "OAUTHBEARER": _oauthbearer,
}
