"""Sending: written down before the first byte leaves, and never twice by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from jackfield.base import Allow, Deny, Hold
from jackfield.errors import (
    AuthenticationError,
    ConfigError,
    ConnectorError,
    InvalidRequest,
    JackfieldError,
    NotSupported,
    PermissionDenied,
    RateLimited,
)
from jackfield.locks import only_sender
from jackfield.models import Account, SendResult
from jackfield.services.access import require_access
from jackfield.services.service import Service
from jackfield.store import outbox

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jackfield.hooks import AccountHooks
    from jackfield.models import Draft
    from jackfield.store.database import Store
    from jackfield.store.outbox import OutboxEntry, OutboxState

SEND_SECONDS = 300.0
"""How long a send may take; a connector has shorter deadlines for each of its steps."""

COPY_SECONDS = 30.0
"""How long making the copy among what was sent may take; it is tried again later."""

_NOTHING_LEFT = (
    NotSupported, AuthenticationError, PermissionDenied, RateLimited, InvalidRequest, ConfigError,
)  # fmt: skip
_UNSENT: tuple[OutboxState, ...] = ("pending", "rejected")


class SendService(Service):
    """Sends drafts by way of the outbox."""

    @property
    def _outbox(self) -> Store:
        if self.session.outbox is None:
            raise ConfigError(
                "nothing can be sent without an outbox on disk",
                fix="name a file for it: AssistantOrchestrator(store=None, outbox=PATH)",
            )
        return self.session.outbox

    @property
    def _folder(self) -> Path:
        path = self._outbox.path
        if path is None:
            raise ConfigError("an outbox in memory would forget what left")
        return path.parent

    def sender(self, account: str | None) -> Account:
        """Find the account that sends.

        Args:
            account: ``imap:work``, ``imap`` or ``work``; None where there is only one.

        Returns:
            The account.

        Raises:
            ConfigError: Several may be meant, or none.
        """
        meant = self.chosen(None if account is None else [account])
        able = [each for each in meant if self._can_send(each)]
        if len(able) != 1:
            listed = ", ".join(map(str, able or meant)) or "none"
            several = f"several accounts can send: {listed}"
            raise ConfigError(
                several if able else f"no account can send; known: {listed}",
                fix="say by which: account=… or -a" if able else "",
            )
        return able[0]

    def _can_send(self, account: Account) -> bool:
        with suppress(JackfieldError):
            declared = self.session.hooks(account).connector.declared
            return any(each.send for each in declared.values())
        return False

    async def send(self, draft: Draft, *, seconds: float = SEND_SECONDS) -> SendResult:
        """Send a draft, once for each key.

        Args:
            draft: What. Without a key it is given one of its own.
            seconds: How long it may take.

        Returns:
            What became of it. A draft whose key was sent before is not sent again: what became
            of it then is the answer; where nothing had left, it is tried again.

        Raises:
            ConfigError: There is no such account, no outbox, or sending is not allowed.
            InvalidRequest: The key was given to another draft.
        """
        return await self._try(await self._enter(draft), _UNSENT, None, seconds)

    async def _enter(self, draft: Draft) -> OutboxEntry:
        account = self._known(draft.account)
        require_access(self.session.configuration, account, "send")
        now = self.session.clock.now()
        draft = draft.model_copy(update={"key": draft.key or uuid4().hex, "created_at": now})
        return await self._outbox.write(outbox.enter, draft, now)

    async def hold(self, draft: Draft) -> SendResult:
        """Keep a draft in the outbox until a person releases it.

        Args:
            draft: What.

        Returns:
            ``held``; or what became of it, where its key was sent before.
        """
        entry, now = await self._enter(draft), self.session.clock.now()
        held = SendResult(state="held", reason="held by the user")
        await self._outbox.write(outbox.change, entry.id, _UNSENT, "held", now, held)
        return (await self._outbox.read(outbox.get, entry.id)).result

    async def release(self, prefix: str, *, seconds: float = SEND_SECONDS) -> SendResult:
        """Send what is held, or what was rejected before, because a person says so.

        Args:
            prefix: Its id in the outbox, or the beginning of it.
            seconds: How long it may take.

        Returns:
            What became of it; a plugin may still deny it.

        Raises:
            ConfigError: There is no such entry, or it must not be sent.
        """
        entry = await self.entry(prefix)
        require_access(self.session.configuration, self._known(entry.draft.account), "send")
        if entry.state not in {"held", *_UNSENT}:
            raise ConfigError(
                f"{entry.id} is {entry.state}: it may have left and is not sent again",
                fix=f"jackfield outbox settle {entry.id}",
            )
        return await self._try(entry, ("held", *_UNSENT), Allow(), seconds)

    def _known(self, name: str) -> Account:
        found = [each for each in self.session.accounts if str(each) == name]
        if not found:
            raise ConfigError(f"there is no account {name!r}", fix="jackfield accounts list")
        return found[0]

    async def _try(
        self,
        entry: OutboxEntry,
        before: Sequence[OutboxState],
        released: Allow | None,
        seconds: float,
    ) -> SendResult:
        with only_sender(self._folder, entry.id) as alone:
            entry = await self._outbox.read(outbox.get, entry.id)
            if not alone:
                return entry.result.model_copy(update={"reason": "it is being sent just now"})
            entry = await self._left_behind(entry)
            if entry.state not in before:
                return entry.result
            hooks, refused = await self._ready(entry, released)
            result = refused or await self._leave(hooks, entry, before, seconds)
            if refused is not None:
                await self._record(entry.id, before, result)
            hooks.tell(entry.draft, result)
        if result.state == "accepted":
            await self.keep_copies(entry.draft.account)
        return (await self._outbox.read(outbox.get, entry.id)).result

    async def _ready(
        self, entry: OutboxEntry, released: Allow | None
    ) -> tuple[AccountHooks, SendResult | None]:
        """Ask the plugins, then sign in; whatever fails here, nothing has left."""
        account = self._known(entry.draft.account)
        decision = self.session.hooks(account).decide(entry.draft)
        if isinstance(decision, Hold) and released is None:
            held = SendResult(state="held", reason=decision.reason)
            return self.session.hooks(account), held
        if isinstance(decision, Deny):
            denied = SendResult(state="rejected", reason=decision.reason)
            return self.session.hooks(account), denied
        try:
            return await self.session.open(account), None
        except JackfieldError as error:
            return self.session.hooks(account), _rejected(error)

    async def _leave(
        self,
        hooks: AccountHooks,
        entry: OutboxEntry,
        before: Sequence[OutboxState],
        seconds: float,
    ) -> SendResult:
        """Write down that it may be leaving, let it leave, write down what became of it."""
        now = self.session.clock.now()
        if not await self._outbox.write(outbox.change, entry.id, before, "sending", now):
            return (await self._outbox.read(outbox.get, entry.id)).result
        result = await _attempt(hooks, entry.draft, seconds)
        await self._record(entry.id, ("sending",), result)
        return result

    async def _record(self, id: str, before: Sequence[OutboxState], result: SendResult) -> None:
        now = self.session.clock.now()
        await self._outbox.write(outbox.change, id, before, result.state, now, result)

    async def keep_copies(self, account: str) -> None:
        """Make the copies that are missing among what was sent; what fails is tried again later.

        Args:
            account: ``source:name``.
        """
        for entry in await self._outbox.read(outbox.uncopied, account):
            try:
                async with asyncio.timeout(COPY_SECONDS):
                    hooks = await self.session.open(self._known(account))
                    await hooks.connector.keep_copy(entry.draft)
            except (JackfieldError, TimeoutError) as error:
                said = getattr(error, "message", "") or "no answer in time"
                await self._note(
                    entry,
                    f"it left; no copy among what was sent yet: {said};"
                    f" jackfield outbox settle {entry.id} tries again",
                )
            else:
                await self._outbox.write(outbox.finish, entry.id)
                await self._note(entry, "")

    async def _note(self, entry: OutboxEntry, reason: str) -> None:
        result = entry.result.model_copy(update={"reason": reason})
        if entry.reason != reason:
            await self._record(entry.id, ("accepted",), result)

    async def entry(self, prefix: str) -> OutboxEntry:
        """Read one entry of the outbox.

        Args:
            prefix: Its id, or the beginning of it.

        Returns:
            The entry; ``unknown`` where its sender's process ended in the middle.

        Raises:
            ConfigError: Nothing, or more than one entry, has that id.
        """
        found = await self._outbox.read(outbox.find, prefix) if prefix else []
        if len(found) != 1:
            several = f"{prefix!r} may be any of {', '.join(found)}; give more of it"
            nothing = f"nothing in the outbox has the id {prefix!r}"
            raise ConfigError(several if found else nothing, fix="jackfield outbox")
        return await self._look_after(await self._outbox.read(outbox.get, found[0]))

    async def entries(self, *, settled: bool = False) -> list[OutboxEntry]:
        """List the outbox.

        Args:
            settled: Also what was accepted or discarded.

        Returns:
            Entries, oldest first.
        """
        found = await self._outbox.read(outbox.entries, settled=settled)
        return [await self._look_after(entry) for entry in found]

    async def _look_after(self, entry: OutboxEntry) -> OutboxEntry:
        """Find out whether what is being sent still has a sender."""
        if entry.state != "sending":
            return entry
        with only_sender(self._folder, entry.id) as alone:
            return await self._left_behind(entry) if alone else entry

    async def _left_behind(self, entry: OutboxEntry) -> OutboxEntry:
        """Call unknown what is being sent and has no sender; the caller holds its lock."""
        if entry.state == "sending":
            ended = SendResult(state="unknown", reason="its process ended while it was being sent")
            await self._record(entry.id, ("sending",), ended)
        return await self._outbox.read(outbox.get, entry.id)

    async def settle(self, prefix: str, *, sent: bool | None = None) -> SendResult:
        """Find out what became of an uncertain send, or take a person's word for it.

        Nothing is sent. Of what was accepted and has no copy yet, the copy is made.

        Args:
            prefix: Its id in the outbox, or the beginning of it.
            sent: A person knows that it left, or that it did not; None asks the provider.

        Returns:
            What is known now.

        Raises:
            ConfigError: There is no such entry, or it is not uncertain.
        """
        entry = await self.entry(prefix)
        if entry.state == "accepted" and not entry.copied:
            await self.keep_copies(entry.draft.account)
            return (await self._outbox.read(outbox.get, entry.id)).result
        if entry.state != "unknown":
            raise ConfigError(f"{entry.id} is {entry.state}; there is nothing to settle")
        if sent is None:
            result = await self._reconcile(entry)
        else:
            state: OutboxState = "accepted" if sent else "rejected"
            result = SendResult(state=state, reason="said by a person", retryable=not sent)
        await self._record(entry.id, ("unknown",), result)
        if result.state == "accepted":
            await self.keep_copies(entry.draft.account)
        return (await self._outbox.read(outbox.get, entry.id)).result

    async def _reconcile(self, entry: OutboxEntry) -> SendResult:
        try:
            async with asyncio.timeout(COPY_SECONDS):
                hooks = await self.session.open(self._known(entry.draft.account))
                return await hooks.connector.reconcile(entry.draft)
        except (JackfieldError, TimeoutError) as error:
            said = getattr(error, "message", "") or "no answer in time"
            return SendResult(state="unknown", reason=f"{entry.reason}; not settled: {said}")

    async def discard(self, prefix: str) -> None:
        """Never send what is held or was rejected.

        Args:
            prefix: Its id in the outbox, or the beginning of it.

        Raises:
            ConfigError: There is no such entry, or it may have left.
        """
        entry = await self.entry(prefix)
        now, unsent = self.session.clock.now(), ("held", *_UNSENT)
        if not await self._outbox.write(outbox.change, entry.id, unsent, "discarded", now):
            raise ConfigError(f"{entry.id} is {entry.state}; only what did not leave can go")
        await self._outbox.write(outbox.finish, entry.id)


async def _attempt(hooks: AccountHooks, draft: Draft, seconds: float) -> SendResult:
    """Let a connector send once; what it raises is certain only where it can mean one thing."""
    try:
        async with asyncio.timeout(seconds):
            return await hooks.send(draft, Allow())
    except _NOTHING_LEFT as error:
        return _rejected(error)
    except TimeoutError as error:
        said = getattr(error, "cause", "") or f"no answer in {seconds:g} s"
        return SendResult(state="unknown", reason=f"{said}; it may have left")
    except JackfieldError as error:
        return SendResult(state="unknown", reason=f"{error.message}; it may have left")
    except Exception as error:  # noqa: BLE001  a stranger's code
        said = f"{type(error).__name__}: {error}"
        return SendResult(state="unknown", reason=f"{said}; it may have left")


def _rejected(error: JackfieldError) -> SendResult:
    said = error.cause if isinstance(error, ConnectorError) else error.message
    reason = f"{said}: {error.fix}" if error.fix else said
    return SendResult(state="rejected", reason=reason, retryable=getattr(error, "retryable", False))
