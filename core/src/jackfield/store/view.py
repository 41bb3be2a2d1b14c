"""What a connector may read of its own account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.query.tree import Field
from jackfield.store import reading
from jackfield.store.searching import Search, search

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from jackfield.models import Account, Item
    from jackfield.store.database import Store


class AccountView:
    """Reads the stored items of one account and of no other.

    Args:
        store: The store.
        account: Whose items.
    """

    def __init__(self, store: Store, account: Account) -> None:
        self._store = store
        self._account = str(account)

    async def newest_from(self, address: str) -> datetime | None:
        """Tell when somebody last wrote, among the newest 50 items whose sender has the same words.

        Args:
            address: `Address.value` of the other.

        Returns:
            The time, or None.
        """
        wanted = Search(
            Field("from", address), ("message", "email"), (self._account,), left_out=frozenset()
        )
        found = await self._store.read(search, wanted)
        return next((item.time for item in found.items if item.sender.address == address), None)

    async def get(self, id: str) -> Item | None:
        """Read a stored item of this account.

        Args:
            id: An item's id.

        Returns:
            The item, or None.
        """
        return await self._store.read(self._get, id)

    def _get(self, db: sqlite3.Connection, id: str) -> Item | None:
        mine = any(account == self._account for account, *_ in reading.places(db, id))
        return next(iter(reading.by_ids(db, [id])), None) if mine else None
