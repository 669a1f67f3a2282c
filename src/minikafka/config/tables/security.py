"""TLS, SASL, access control and delegation tokens."""

from typing import Final

TABLE: Final = """
authorizer.class.name | string | "" | @non-null | low | | no effect: not-yet
    Any value but an empty one turns access control on: requests are checked against the ACLs. Usually
    org.apache.kafka.metadata.authorizer.StandardAuthorizer.

super.users | string | "" | | medium | | unlisted, no effect: not-yet
    Principals that may do everything, as User:NAME, a semicolon between two of them.

allow.everyone.if.no.acl.found | boolean | false | | medium | | unlisted, no effect: not-yet
    Whether a resource without any ACL is open to everyone.

principal.builder.class | class | org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder |
    | medium | per-broker | no effect: java-class

security.providers | string | - | | low | | no effect: java-tls

sasl.enabled.mechanisms | list | GSSAPI | distinct | medium | per-broker | no effect: not-yet
    The SASL mechanisms clients may use: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER. GSSAPI (Kerberos) is not
    available.

sasl.jaas.config | password | - | | medium | per-broker | no effect: not-yet
    Users and options of a mechanism in JAAS form, usually as listener.name.NAME.MECHANISM.sasl.jaas.config.

sasl.server.max.receive.size | int | 524288 | | medium | | no effect: not-yet
    The largest SASL message that is accepted before a client has authenticated.

sasl.server.callback.handler.class | class | - | | medium | | no effect: java-class

sasl.mechanism.inter.broker.protocol | string | GSSAPI | | medium | per-broker | no effect: inter-broker

sasl.mechanism.controller.protocol | string | GSSAPI | | high | | no effect: inter-broker

sasl.client.callback.handler.class | class | - | | medium | | no effect: java-class

sasl.login.callback.handler.class | class | - | | medium | | no effect: java-class

sasl.login.class | class | - | | medium | | no effect: java-class

sasl.login.connect.timeout.ms | int | - | | low | | no effect: inter-broker

sasl.login.read.timeout.ms | int | - | | low | | no effect: inter-broker

sasl.login.refresh.buffer.seconds | short | 300 | | medium | per-broker | no effect: inter-broker

sasl.login.refresh.min.period.seconds | short | 60 | | medium | per-broker | no effect: inter-broker

sasl.login.refresh.window.factor | double | 0.8 | | medium | per-broker | no effect: inter-broker

sasl.login.refresh.window.jitter | double | 0.05 | | medium | per-broker | no effect: inter-broker

sasl.login.retry.backoff.max.ms | long | 10000 | | low | | no effect: inter-broker

sasl.login.retry.backoff.ms | long | 100 | | low | | no effect: inter-broker

sasl.kerberos.kinit.cmd | string | /usr/bin/kinit | | medium | per-broker | no effect: kerberos

sasl.kerberos.min.time.before.relogin | long | 60000 | | medium | per-broker | no effect: kerberos

sasl.kerberos.principal.to.local.rules | list | DEFAULT | distinct | medium | per-broker | no effect: kerberos

sasl.kerberos.service.name | string | - | | medium | per-broker | no effect: kerberos

sasl.kerberos.ticket.renew.jitter | double | 0.05 | | medium | per-broker | no effect: kerberos

sasl.kerberos.ticket.renew.window.factor | double | 0.8 | | medium | per-broker | no effect: kerberos

sasl.oauthbearer.assertion.algorithm | string | RS256 | ~{ES256,RS256} | medium | | no effect: inter-broker

sasl.oauthbearer.assertion.claim.aud | string | - | | medium | | no effect: inter-broker

sasl.oauthbearer.assertion.claim.exp.seconds | int | 300 | 0..86400 | low | | no effect: inter-broker

sasl.oauthbearer.assertion.claim.iss | string | - | | medium | | no effect: inter-broker

sasl.oauthbearer.assertion.claim.jti.include | boolean | false | | medium | | no effect: inter-broker

sasl.oauthbearer.assertion.claim.nbf.seconds | int | 60 | 0..3600 | low | | no effect: inter-broker

sasl.oauthbearer.assertion.claim.sub | string | - | | medium | | no effect: inter-broker

sasl.oauthbearer.assertion.file | string | - | | medium | | no effect: inter-broker

sasl.oauthbearer.assertion.private.key.file | string | - | | medium | | no effect: inter-broker

sasl.oauthbearer.assertion.private.key.passphrase | password | - | | medium | | no effect: inter-broker

sasl.oauthbearer.assertion.template.file | string | - | | medium | | no effect: inter-broker

sasl.oauthbearer.client.credentials.client.id | string | - | | medium | | no effect: inter-broker

sasl.oauthbearer.client.credentials.client.secret | password | - | | medium | | no effect: inter-broker

sasl.oauthbearer.scope | string | - | | medium | | no effect: inter-broker

sasl.oauthbearer.token.endpoint.url | string | - | | medium | | no effect: inter-broker

sasl.oauthbearer.jwt.retriever.class | class | org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever |
    | medium | | no effect: java-class

sasl.oauthbearer.jwt.validator.class | class | org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator |
    | medium | | no effect: java-class

sasl.oauthbearer.clock.skew.seconds | int | 30 | | low | | no effect: not-yet
    How far the clocks of the broker and of the issuer of a token may differ.

sasl.oauthbearer.expected.audience | list | "" | distinct | low | | no effect: not-yet
    Audiences of which a token must name one; empty accepts any.

sasl.oauthbearer.expected.issuer | string | - | | low | | no effect: not-yet
    The issuer a token must name; not set accepts any.

sasl.oauthbearer.scope.claim.name | string | scope | | low | | no effect: not-yet
    The claim of a token its scope is in.

sasl.oauthbearer.sub.claim.name | string | sub | | low | | no effect: not-yet
    The claim of a token the principal's name is in.

sasl.oauthbearer.jwks.endpoint.url | string | - | | medium | | no effect: not-yet
    Where the keys that tokens are signed with are found; a file: URL is read once, an https: URL again and again.

sasl.oauthbearer.jwks.endpoint.refresh.ms | long | 3600000 | | low | | no effect: not-yet
    How often those keys are fetched again.

sasl.oauthbearer.jwks.endpoint.retry.backoff.ms | long | 100 | | low | | no effect: not-yet
    How long to wait before a failed fetch of the keys is tried again, at first.

sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms | long | 10000 | | low | | no effect: not-yet
    How long to wait before a failed fetch of the keys is tried again, at the most.

ssl.keystore.location | string | - | | medium | per-broker | no effect: not-yet
    The file with the broker's certificate and key, of the type ssl.keystore.type.

ssl.keystore.type | string | JKS | | medium | per-broker | no effect: not-yet
    What the key store is: PEM, PKCS12 or JKS.

ssl.keystore.password | password | - | | medium | per-broker | no effect: not-yet
    The password of the key store; not used with PEM.

ssl.key.password | password | - | | medium | per-broker | no effect: not-yet
    The password of the private key.

ssl.keystore.key | password | - | | medium | per-broker | no effect: not-yet
    The private key itself, in PEM, in place of a file.

ssl.keystore.certificate.chain | password | - | | medium | per-broker | no effect: not-yet
    The certificate chain itself, in PEM, in place of a file.

ssl.truststore.location | string | - | | medium | per-broker | no effect: not-yet
    The file with the certificates of authorities that sign client certificates.

ssl.truststore.type | string | JKS | | medium | per-broker | no effect: not-yet
    What the trust store is: PEM, PKCS12 or JKS.

ssl.truststore.password | password | - | | medium | per-broker | no effect: not-yet
    The password of the trust store.

ssl.truststore.certificates | password | - | | medium | per-broker | no effect: not-yet
    The trusted certificates themselves, in PEM, in place of a file.

ssl.client.auth | string | none | {required,requested,none} | medium | per-broker | no effect: not-yet
    Whether clients show a certificate: none, requested, or required.

ssl.enabled.protocols | list | TLSv1.2,TLSv1.3 | distinct | medium | per-broker | no effect: not-yet
    The versions of TLS that are accepted.

ssl.protocol | string | TLSv1.3 | | medium | per-broker | no effect: not-yet
    The newest version of TLS that is offered.

ssl.cipher.suites | list | "" | distinct | medium | per-broker | no effect: not-yet
    The cipher suites that are accepted; empty accepts the system's choice.

ssl.principal.mapping.rules | string | DEFAULT | | low | | no effect: not-yet
    How the distinguished name of a client certificate becomes a principal's name: RULE:pattern/replacement/[LU],
    tried in order, or DEFAULT.

ssl.endpoint.identification.algorithm | string | https | | low | per-broker | no effect: inter-broker

ssl.allow.dn.changes | boolean | false | | low | | no effect: not-yet
    Whether a key store that is replaced while the broker runs may have another distinguished name.

ssl.allow.san.changes | boolean | false | | low | | no effect: not-yet
    Whether a key store that is replaced while the broker runs may have other alternative names.

ssl.engine.factory.class | class | - | | low | per-broker | no effect: java-class

ssl.keymanager.algorithm | string | SunX509 | | medium | per-broker | no effect: java-tls

ssl.trustmanager.algorithm | string | PKIX | | medium | per-broker | no effect: java-tls

ssl.provider | string | - | | medium | per-broker | no effect: java-tls

ssl.secure.random.implementation | string | - | | low | per-broker | no effect: java-tls

delegation.token.secret.key | password | - | | medium | | no effect: not-yet
    The secret delegation tokens are made with; without it they are turned off.

delegation.token.max.lifetime.ms | long | 604800000 | 1.. | medium | | no effect: not-yet
    The longest a delegation token can live, however often it is renewed.

delegation.token.expiry.time.ms | long | 86400000 | 1.. | medium | | no effect: not-yet
    How long a delegation token lives before it has to be renewed.

delegation.token.expiry.check.interval.ms | long | 3600000 | 1.. | low | | no effect: not-yet
    How often expired delegation tokens are removed.
"""
