"""Keys that producers, consumers and admin clients share, with the same types and ranges."""

from typing import Final

TABLE: Final = """
bootstrap.servers | list | - | distinct nonempty | high
    Addresses to find the cluster with, as host:port, a comma between two of them. One that answers is enough; the
    rest of the cluster is learned from it.

client.dns.lookup | string | use_all_dns_ips | {use_all_dns_ips,resolve_canonical_bootstrap_servers_only} | medium
    Whether every address of a host name is tried (use_all_dns_ips), or names are first resolved to canonical ones.

client.id | string | "" | | medium
    A name the client sends with its requests; it appears in the broker's logs and decides its quota.

config.providers | list | "" | distinct | low
    Names of providers that fill in values written as ${provider:path:key}.

metadata.max.age.ms | long | 300000 | 0.. | low
    How old the client's view of topics and brokers may become before it asks again.

metadata.recovery.strategy | string | rebootstrap | ~{REBOOTSTRAP,NONE} | low
    What the client does when no broker it knows answers: rebootstrap begins anew with bootstrap.servers, none
    fails.

metadata.recovery.rebootstrap.trigger.ms | long | 300000 | 0.. | low
    How long the client looks for its brokers before it begins anew with bootstrap.servers.

metric.reporters | list | org.apache.kafka.common.metrics.JmxReporter | distinct | low
    Java classes the client's metrics are given to.

metrics.num.samples | int | 2 | 1.. | low
    How many samples a metric is made of.

metrics.recording.level | string | INFO | {INFO,DEBUG,TRACE} | low
    How detailed metrics are: INFO, DEBUG or TRACE.

metrics.sample.window.ms | long | 30000 | 0.. | low
    The time one sample covers.

auto.include.jmx.reporter | boolean | true | | low | | until 3.9
    Whether metrics appear in JMX without being asked for.

reconnect.backoff.ms | long | 50 | 0.. | low
    How long to wait before connecting again to a broker that refused, at first.

reconnect.backoff.max.ms | long | 1000 | 0.. | low
    How long to wait before connecting again to a broker that refused, at the most.

request.timeout.ms | int | 30000 | 0.. | medium
    How long to wait for an answer before the request counts as failed.

retry.backoff.ms | long | 100 | 0.. | low
    How long to wait before a failed request is sent again, at first.

retry.backoff.max.ms | long | 1000 | 0.. | low
    How long to wait before a failed request is sent again, at the most.

send.buffer.bytes | int | 131072 | -1.. | medium
    SO_SNDBUF of the client's connections; -1 leaves it to the system.

socket.connection.setup.timeout.ms | long | 10000 | | medium
    How long a connection may take to be made, at first.

socket.connection.setup.timeout.max.ms | long | 30000 | | medium
    How long a connection may take to be made after repeated failures.

security.protocol | string | PLAINTEXT | ~{SASL_SSL,PLAINTEXT,SSL,SASL_PLAINTEXT} | medium
    How to talk to the broker: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL. It has to be that of the listener.

security.providers | string | - | | low
    Java security providers to load.

sasl.mechanism | string | GSSAPI | | medium
    The SASL mechanism to log in with, e.g. PLAIN or SCRAM-SHA-256.

sasl.jaas.config | password | - | | medium
    User name and password, or other options of the mechanism, in JAAS form.

sasl.client.callback.handler.class | class | - | | medium
    A Java class that answers the mechanism's questions.

sasl.login.callback.handler.class | class | - | | medium
    A Java class that obtains credentials at login.

sasl.login.class | class | - | | medium
    A Java class that performs the login.

sasl.login.connect.timeout.ms | int | - | | low
    How long connecting to the server that issues tokens may take.

sasl.login.read.timeout.ms | int | - | | low
    How long the answer of the server that issues tokens may take.

sasl.login.refresh.buffer.seconds | short | 300 | 0..3600 | low
    How long before it expires a token is renewed at the latest.

sasl.login.refresh.min.period.seconds | short | 60 | 0..900 | low
    The least time between two renewals of a token.

sasl.login.refresh.window.factor | double | 0.8 | 0.5..1.0 | low
    The share of a token's life after which it is renewed.

sasl.login.refresh.window.jitter | double | 0.05 | 0.0..0.25 | low
    The random part of that share.

sasl.login.retry.backoff.ms | long | 100 | | low
    How long to wait before a failed login is tried again, at first.

sasl.login.retry.backoff.max.ms | long | 10000 | | low
    How long to wait before a failed login is tried again, at the most.

sasl.kerberos.kinit.cmd | string | /usr/bin/kinit | | low
    The path of kinit.

sasl.kerberos.min.time.before.relogin | long | 60000 | | low
    How long to wait between attempts to renew a Kerberos ticket.

sasl.kerberos.service.name | string | - | | medium
    The Kerberos name of the broker's service.

sasl.kerberos.ticket.renew.jitter | double | 0.05 | | low
    The random part of the time a ticket is renewed at.

sasl.kerberos.ticket.renew.window.factor | double | 0.8 | | low
    The share of a ticket's life after which it is renewed.

sasl.oauthbearer.assertion.algorithm | string | RS256 | ~{ES256,RS256} | medium
    The algorithm an assertion is signed with.

sasl.oauthbearer.assertion.claim.aud | string | - | | medium
    The audience claim of the assertion.

sasl.oauthbearer.assertion.claim.exp.seconds | int | 300 | 0..86400 | low
    How long the assertion is valid.

sasl.oauthbearer.assertion.claim.iss | string | - | | medium
    The issuer claim of the assertion.

sasl.oauthbearer.assertion.claim.jti.include | boolean | false | | medium
    Whether the assertion has an id.

sasl.oauthbearer.assertion.claim.nbf.seconds | int | 60 | 0..3600 | low
    How long before now the assertion becomes valid.

sasl.oauthbearer.assertion.claim.sub | string | - | | medium
    The subject claim of the assertion.

sasl.oauthbearer.assertion.file | string | - | | medium
    A file with a ready-made assertion.

sasl.oauthbearer.assertion.private.key.file | string | - | | medium
    The private key assertions are signed with.

sasl.oauthbearer.assertion.private.key.passphrase | password | - | | medium
    The passphrase of that key.

sasl.oauthbearer.assertion.template.file | string | - | | medium
    A file with further headers and claims of the assertion.

sasl.oauthbearer.client.credentials.client.id | string | - | | medium
    The client id shown to the server that issues tokens.

sasl.oauthbearer.client.credentials.client.secret | password | - | | medium
    The client secret shown to the server that issues tokens.

sasl.oauthbearer.clock.skew.seconds | int | 30 | | low
    How far the clocks of the client and of the issuer may differ.

sasl.oauthbearer.expected.audience | list | "" | distinct | low
    Audiences of which a token must name one.

sasl.oauthbearer.expected.issuer | string | - | | low
    The issuer a token must name.

sasl.oauthbearer.header.urlencode | boolean | false | | low
    Whether client id and secret are URL-encoded in the authorization header.

sasl.oauthbearer.jwks.endpoint.refresh.ms | long | 3600000 | | low
    How often the issuer's keys are fetched again.

sasl.oauthbearer.jwks.endpoint.retry.backoff.ms | long | 100 | | low
    How long to wait before a failed fetch of the keys is tried again, at first.

sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms | long | 10000 | | low
    How long to wait before a failed fetch of the keys is tried again, at the most.

sasl.oauthbearer.jwks.endpoint.url | string | - | | medium
    Where the issuer's keys are found.

sasl.oauthbearer.jwt.retriever.class | class | org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever |
    | medium
    A Java class that obtains tokens.

sasl.oauthbearer.jwt.validator.class | class | org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator |
    | medium
    A Java class that checks tokens.

sasl.oauthbearer.scope | string | - | | medium
    The scope to ask for.

sasl.oauthbearer.scope.claim.name | string | scope | | low
    The claim of a token its scope is in.

sasl.oauthbearer.sub.claim.name | string | sub | | low
    The claim of a token the subject is in.

sasl.oauthbearer.token.endpoint.url | string | - | | medium
    Where tokens are issued.

ssl.cipher.suites | list | "" | distinct | low
    The cipher suites to offer; empty offers all the system has.

ssl.enabled.protocols | list | TLSv1.2,TLSv1.3 | distinct | medium
    The versions of TLS to offer.

ssl.endpoint.identification.algorithm | string | https | | low
    https checks that the broker's certificate is for its host name; empty does not.

ssl.engine.factory.class | class | - | | low
    A Java class that makes TLS engines.

ssl.key.password | password | - | | high
    The password of the client's private key.

ssl.keymanager.algorithm | string | SunX509 | | low
    Java's algorithm for keys.

ssl.keystore.certificate.chain | password | - | | high
    The client's certificate chain itself, in PEM.

ssl.keystore.key | password | - | | high
    The client's private key itself, in PEM.

ssl.keystore.location | string | - | | high
    The file with the client's certificate and key.

ssl.keystore.password | password | - | | high
    The password of the key store.

ssl.keystore.type | string | JKS | | medium
    What the key store is: PEM, PKCS12 or JKS.

ssl.protocol | string | TLSv1.3 | | medium
    The newest version of TLS to use.

ssl.provider | string | - | | medium
    The Java provider of TLS.

ssl.secure.random.implementation | string | - | | low
    Java's source of random numbers.

ssl.trustmanager.algorithm | string | PKIX | | low
    Java's algorithm for trust.

ssl.truststore.certificates | password | - | | high
    The trusted certificates themselves, in PEM.

ssl.truststore.location | string | - | | high
    The file with the certificates of authorities that sign the broker's.

ssl.truststore.password | password | - | | high
    The password of the trust store.

ssl.truststore.type | string | JKS | | medium
    What the trust store is: PEM, PKCS12 or JKS.
"""
