"""The stand-in's process: a loop for the connections, and one thread that asks the brokers and answers.

What a client sends is answered on that thread, one request after the other, and goes back through the loop: so the
events of watches and the answers come in the order in which things happened. Pings are answered by the loop itself, and
a broker that keeps everybody waiting ends no session.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from minikafka.client.cluster import Cluster
from minikafka.clock import SystemClock
from minikafka.named_tuple import NamedTuple
from minikafka.zookeeper import four_letter_words, jute, messages
from minikafka.zookeeper.four_letter_words import ANSWERS, Statistics
from minikafka.zookeeper.framing import Framing, FramingError
from minikafka.zookeeper.jute import JuteError, JuteReader
from minikafka.zookeeper.live_tree import LiveTree
from minikafka.zookeeper.messages import ConnectRequest, RequestHeader
from minikafka.zookeeper.service import Service
from minikafka.zookeeper.sessions import PASSWORD_BYTES, Session, Sessions
from minikafka.zookeeper.znodes import Event

_WORDS = frozenset(ANSWERS)
_LOOK_FOR_CHANGES_S = 0.5
_SESSION_TIMEOUT_S = 30.0
"""How long who connects may take to say what it wants."""


class Settings(NamedTuple):
    """``host`` to listen on, None for all; ``configuration`` is what the word ``conf`` shows."""

    host: str | None
    port: int
    cluster: Cluster
    chroot: str
    tick_ms: int
    configuration: Mapping[str, object]


def run_until_signalled(settings: Settings, on_ready: Callable[[int], None], on_warning: Callable[[str], None]) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP; ``on_ready`` is told the port. Raises OSError: it cannot listen."""
    asyncio.run(_serve(settings, on_ready, on_warning))


async def _serve(settings: Settings, on_ready: Callable[[int], None], on_warning: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()
    server = Server(settings, on_warning, loop)
    listener = await loop.create_server(lambda: _Connection(server), settings.host, settings.port)
    stop_requested = asyncio.Event()
    _listen_to_signals(loop, stop_requested)
    on_ready(listener.sockets[0].getsockname()[1])
    looking = loop.create_task(server.look_for_changes())
    await stop_requested.wait()
    looking.cancel()
    listener.close()
    server.close()


def _listen_to_signals(loop: asyncio.AbstractEventLoop, stop_requested: asyncio.Event) -> None:
    numbers = [signal.SIGTERM, signal.SIGINT]
    # With nohup the terminal's hang-up is ignored, and has to stay so.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    for number in numbers:
        try:
            loop.add_signal_handler(number, stop_requested.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop_requested.set))


class Server:
    """What the connections share. Everything but ``service`` belongs to the loop; that, to the one worker thread."""

    def __init__(self, settings: Settings, on_warning: Callable[[str], None], loop: asyncio.AbstractEventLoop) -> None:
        clock = SystemClock()
        self._live = LiveTree(settings.cluster, clock, chroot=settings.chroot, on_warning=on_warning)
        self.service = Service(self._live, on_warning)
        self.sessions = Sessions(clock, settings.tick_ms)
        self.loop = loop
        self._worker = ThreadPoolExecutor(1, "zookeeper")
        self.on_warning = on_warning
        self.connections: dict[_Connection, None] = {}
        self.received = 0
        self.sent = 0
        self._configuration = settings.configuration

    async def look_for_changes(self) -> None:
        """Every now and then, for those who watch."""
        while True:
            await asyncio.sleep(_LOOK_FOR_CHANGES_S)
            for session_id in self.sessions.take_expired():
                self.submit(self.service.end_session, session_id)
            await self.loop.run_in_executor(self._worker, self.service.look_for_changes)

    def submit(self, function: Callable[..., None], *arguments: object) -> None:
        """Run ``function`` on the worker, behind what it has to do already."""
        self._worker.submit(function, *arguments).add_done_callback(self._report)

    def statistics(self, connections: Sequence[_Connection], sessions: list[Session]) -> Statistics:
        """For the worker; what belongs to the loop is handed over."""
        watches = self.service.watches
        return Statistics(
            self.received,
            self.sent,
            self.service.zxid,
            self.service.node_count,
            self.service.data_bytes,
            [connection.described(watches.of(connection)) for connection in connections],
            sessions,
            self.service.ephemeral_nodes(),
            self._configuration,
        )

    def close(self) -> None:
        for connection in list(self.connections):
            connection.close()
        self._worker.submit(self._live.close)
        self._worker.shutdown()

    def _report(self, done: Future[None]) -> None:
        error = done.exception()
        if error is not None:
            context = {"message": "a request to the ZooKeeper stand-in failed", "exception": error}
            self.loop.call_soon_threadsafe(self.loop.call_exception_handler, context)


class _Connection(asyncio.Protocol):
    """A client: first a word, or a session and then its requests."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._framing = Framing(_WORDS)
        self._session: Session | None = None
        self._received = 0
        self._sent = 0

    # --- from the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._host, self._port = transport.get_extra_info("peername")[:2]
        self._server.connections[self] = None
        self._silence = self._server.loop.call_later(_SESSION_TIMEOUT_S, self.close)

    def data_received(self, data: bytes) -> None:
        self._framing.receive(data)
        word = self._framing.word()
        if word is not None:
            self._count_received()
            server = self._server
            server.submit(self._answer_word, word, list(server.connections), server.sessions.all())
            return
        try:
            for frame in self._framing.frames():
                self._count_received()
                if self._session is None:
                    self._begin_session(frame)
                else:
                    self._take_request(frame, self._session)
        except (FramingError, JuteError) as error:
            self._server.on_warning(f"The connection from {self._host}:{self._port} is closed: it sent {error}")
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._silence.cancel()
        del self._server.connections[self]
        self._server.submit(self._server.service.forget, self)

    def pause_writing(self) -> None:
        """Who does not read its answers is not asked for more."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def close(self) -> None:
        self._transport.close()

    def described(self, watched_paths: list[str]) -> four_letter_words.Connection:
        return four_letter_words.Connection(
            self._host, self._port, self._received, self._sent, self._session, watched_paths
        )

    def _begin_session(self, frame: bytes) -> None:
        asked = ConnectRequest.read(frame)
        sessions = self._server.sessions
        if asked.session_id:
            session = sessions.resume(asked.session_id, asked.password, asked.timeout_ms)
        else:
            session = sessions.open(asked.timeout_ms)
        if session is None:
            self._write(asked.answer(0, 0, bytes(PASSWORD_BYTES)))
            self.close()
            return
        self._session = session
        self._server.submit(self._server.service.begin_session)
        self._heard_of(session)
        self._write(asked.answer(session.session_id, session.timeout_ms, session.password))

    def _take_request(self, frame: bytes, session: Session) -> None:
        self._heard_of(session)
        reader = JuteReader(frame)
        header = RequestHeader.read(reader)
        # Names and passwords count for nothing here: everybody may do what anybody may do.
        if header.operation in (messages.PING, messages.AUTH):
            self._write(messages.reply(header.xid, self._server.service.zxid, messages.OK))
        else:
            self._server.submit(self._answer, header, reader, session)

    def _heard_of(self, session: Session) -> None:
        self._server.sessions.heard_of(session)
        self._silence.cancel()
        self._silence = self._server.loop.call_later(session.timeout_ms / 1000, self.close)

    def _count_received(self) -> None:
        self._received += 1
        self._server.received += 1

    def _write(self, message: bytes) -> None:
        self._write_raw(messages.frame(message))

    def _write_raw(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._sent += 1
            self._server.sent += 1
            self._transport.write(data)

    # --- from the worker

    @property
    def session_id(self) -> int:
        return 0 if self._session is None else self._session.session_id

    def send_event(self, event: Event) -> None:
        self._from_worker(self._write, messages.event(event.kind, event.path))

    def _answer(self, header: RequestHeader, reader: JuteReader, session: Session) -> None:
        if header.operation == messages.CLOSE_SESSION:
            self._server.service.end_session(session.session_id)
            self._from_worker(self._end_session, header, session)
            return
        if header.operation == messages.WHO_AM_I:
            client = jute.vector([jute.string("ip") + jute.string(str(self._host))])
            reply = messages.reply(header.xid, self._server.service.zxid, messages.OK, client)
        else:
            try:
                reply = self._server.service.answer(header, reader, self)
            except JuteError as error:
                self._server.on_warning(f"The connection from {self._host}:{self._port} is closed: it sent {error}")
                self._from_worker(self.close)
                return
            except Exception:
                # Who gets no answer is told at least that there will be none.
                self._from_worker(self.close)
                raise
        self._from_worker(self._write, reply)

    def _answer_word(self, word: bytes, connections: Sequence[_Connection], sessions: list[Session]) -> None:
        answer = ANSWERS[word](self._server.statistics(connections, sessions)).encode()
        self._from_worker(self._write_raw, answer)
        self._from_worker(self.close)

    def _end_session(self, header: RequestHeader, session: Session) -> None:
        self._server.sessions.close(session)
        self._write(messages.reply(header.xid, self._server.service.zxid, messages.OK))
        self.close()

    def _from_worker(self, function: Callable[..., None], *arguments: object) -> None:
        if not self._server.loop.is_closed():
            self._server.loop.call_soon_threadsafe(function, *arguments)
