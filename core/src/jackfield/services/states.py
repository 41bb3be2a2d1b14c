"""How one account answers: what it gave within its deadline, and what was wrong otherwise."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from jackfield.errors import AuthenticationError, ConnectorError, JackfieldError, PluginError
from jackfield.results import SourceState

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from jackfield.batches import Batch
    from jackfield.hooks import AccountHooks
    from jackfield.models import Account, Kind
    from jackfield.session import Session

OFFLINE = "offline: nobody was asked"

DEADLINE = 10.0
"""Seconds that a source may take."""


async def gather(
    session: Session,
    account: Account,
    kind: Kind,
    deadline: float,
    ask: Callable[[AccountHooks], AsyncGenerator[Batch, None]],
    take: Callable[[AccountHooks, Batch, int], Awaitable[bool]],
) -> SourceState:
    """Ask one account, until it is done, fails, has given enough, or its time is over.

    Args:
        session: The accounts.
        account: Whom.
        kind: For the state.
        deadline: Seconds for all of it, signing in included.
        ask: Makes the generator of batches.
        take: Takes a batch, and how many items it had before plugins looked at it; says whether
            that was enough.

    Returns:
        ``complete``, ``partial`` where something came before it failed, or ``failed``.

    Raises:
        CancelledError: The caller was cancelled.
    """
    state = SourceState(str(account), kind, "complete")
    partial = False
    try:
        async with asyncio.timeout(deadline):
            hooks = await session.open(account)
            async with aclosing(ask(hooks)) as batches:
                async for batch in batches:
                    enough = await take(hooks, hooks.ingest(batch), len(batch.items))
                    partial = partial or bool(batch.items)
                    await asyncio.sleep(0)  # a generator that never waits would starve all
                    if enough:
                        break
    except JackfieldError as error:
        return source_failed(state, error, partial=partial)
    except TimeoutError:
        late = f"no answer in {deadline:g} s"
        return replace(state, state="partial" if partial else "failed", error=late)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        cancelled = PluginError(str(account), "raised CancelledError though nobody cancelled")
        return source_failed(state, cancelled, partial=partial)
    except Exception as error:  # noqa: BLE001  a stranger's code
        broken = PluginError(str(account), f"{type(error).__name__}: {error}")
        return source_failed(state, broken, partial=partial)
    return state


def source_failed(
    state: SourceState, error: JackfieldError, *, partial: bool = False
) -> SourceState:
    """Put an error into a source's state.

    Args:
        state: The state so far.
        error: What went wrong.
        partial: Something was given before.

    Returns:
        The state with the cause (without the account), the fix, and when to try again.
    """
    cause = error.cause if isinstance(error, ConnectorError) else error.message
    return replace(
        state,
        state="partial" if partial else "failed",
        error=cause,
        fix=error.fix,
        retry_after=getattr(error, "retry_after", None),
        sign_in=isinstance(error, AuthenticationError),
    )
