"""The coordinators of a broker, each started when a client first asks for it, or at once where its topic has records.

Their code is a third of all that would be loaded at start-up, and many brokers, in tests above all, never need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.state.topic_names import GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC

if TYPE_CHECKING:
    from minikafka.server.group_service import GroupService
    from minikafka.server.services import BrokerServices
    from minikafka.server.share_partition_service import SharePartitionService
    from minikafka.server.share_state_service import ShareStateService
    from minikafka.server.transaction_service import TransactionService


class Coordinators:
    """Starts and stops them.

    :param services: with all else that coordinators need; gets ``groups``, ``transactions``, ``transaction_markers``,
        ``share_states``, ``share_partitions``.
    """

    def __init__(self, services: BrokerServices) -> None:
        self._services = services
        self._groups: GroupService | None = None
        self._transactions: TransactionService | None = None
        self._share_states: ShareStateService | None = None
        self._share_partitions: SharePartitionService | None = None
        self._is_stopped = False

    def start(self) -> None:
        """When the logs are attached to the controller: load what there is, leave the rest to the first who asks."""
        services = self._services
        services.provide("groups", lambda: self._start_groups().coordinator)
        services.provide("transactions", lambda: self._start_transactions().coordinator)
        services.provide("transaction_markers", lambda: self._start_transactions().markers)
        services.provide("share_states", lambda: self._start_share_states().coordinator)
        services.provide("share_partitions", lambda: self._start_share_partitions().partitions)
        if self._has_records(GROUP_METADATA_TOPIC):
            self._start_groups()
        if self._has_records(TRANSACTION_STATE_TOPIC):
            self._start_transactions()

    @property
    def groups(self) -> GroupService | None:
        """None while nobody has asked for it."""
        return self._groups

    @property
    def transactions(self) -> TransactionService | None:
        """None while nobody has asked for it."""
        return self._transactions

    @property
    def share_states(self) -> ShareStateService | None:
        """None while nobody has asked for it."""
        return self._share_states

    def stop(self) -> None:
        """Answer whoever waits, and refuse what comes after."""
        self._is_stopped = True
        if self._share_partitions is not None:
            self._share_partitions.stop()
        if self._share_states is not None:
            self._share_states.stop()
        if self._transactions is not None:
            self._transactions.stop()
        if self._groups is not None:
            self._groups.stop()

    def _has_records(self, topic: str) -> bool:
        return any(
            partition_log.topic == topic and partition_log.log_end_offset > partition_log.log_start_offset
            for partition_log in self._services.logs.all()
        )

    def _start_groups(self) -> GroupService:
        if self._groups is None:
            from minikafka.server.group_service import GroupService

            services = self._services
            self._groups = GroupService(
                services.controller,
                services.logs,
                services.clock,
                services.timers,
                services.run_blocking,
                share_states=lambda: services.share_states,
            )
            self._begin(self._groups)
        return self._groups

    def _start_transactions(self) -> TransactionService:
        """After the groups, whose offsets may be part of transactions."""
        if self._transactions is None:
            from minikafka.server.transaction_service import TransactionService

            services = self._services
            self._transactions = TransactionService(
                services.controller,
                services.logs,
                self._start_groups().runtime,
                services.producer_ids,
                services.clock,
                services.timers,
                services.run_blocking,
            )
            self._begin(self._transactions)
        return self._transactions

    def _start_share_states(self) -> ShareStateService:
        """Also where there are records on the first request only, which waits for them."""
        if self._share_states is None:
            from minikafka.server.share_state_service import ShareStateService

            services = self._services
            self._share_states = ShareStateService(
                services.controller, services.logs, services.clock, services.timers, services.run_blocking
            )
            self._begin(self._share_states)
        return self._share_states

    def _start_share_partitions(self) -> SharePartitionService:
        if self._share_partitions is None:
            from minikafka.server.share_partition_service import SharePartitionService

            self._share_partitions = SharePartitionService(self._services)
            self._begin(self._share_partitions)
        return self._share_partitions

    def _begin(self, service: GroupService | TransactionService | ShareStateService | SharePartitionService) -> None:
        service.start()
        if self._is_stopped:
            # Connections outlast the coordinators by a moment: what is first asked for then is refused, too.
            service.stop()
