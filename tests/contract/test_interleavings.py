"""The laws of sync: order between collections does not matter, and what is there is stored."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.batches import Batch, Keys, Patch, Ref
from jackfield.store import rounds
from jackfield.store.database import commit
from jackfield.store.files import open_file
from tests.contract.story import Story, canonical, shelf
from tests.contract.words import BEGINNING, mail, mail_keys

if TYPE_CHECKING:
    import sqlite3

    from jackfield.batches import Entry
    from tests.contract.story import Shelf

FOLDERS = ("INBOX", "Archive", "Projects")
WORDS = ("budget", "budget~b", "budget~c", "lunch", "!scan")
FLAGS = st.frozensets(st.sampled_from(["seen", "flagged"]))


@dataclass
class FolderHistory:
    """Generates what one folder reports, batch by batch, and remembers what is in it."""

    folder: str
    strong: bool
    next: int = 1
    there: dict[int, str] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)

    def entry(self, uid: int, flags: frozenset[str], *, whole: bool) -> Entry:
        word = self.there[uid]
        keys = Keys(strong=(f"id:{word}",)) if self.strong else mail_keys(word)
        made = mail(Ref(self.folder, str(uid)), word, flags, keys)
        if whole or self.strong:
            return made
        headers = mail_keys(word.partition("~")[0])
        keys = Keys(digest=headers.digest, size=headers.size, joins=headers.joins)
        item = made.item.model_copy(update={"raw": None})
        return type(made)(made.ref, item, keys, made.received, "headers")


@st.composite
def folder_histories(draw: Any, folder: str, *, strong: bool) -> list[Batch]:
    """Additions, flag changes and removals; at the end every mail was seen whole."""
    history = FolderHistory(folder, strong)
    for _ in range(draw(st.integers(1, 5))):
        removed: tuple[Ref, ...] = ()
        patches: tuple[Patch, ...] = ()
        if history.there and draw(st.booleans()):
            uid = draw(st.sampled_from(sorted(history.there)))
            del history.there[uid]
            removed = (Ref(folder, str(uid)),)
        if history.there and draw(st.booleans()):
            uid = draw(st.sampled_from(sorted(history.there)))
            patches = (Patch(Ref(folder, str(uid)), read=draw(st.booleans())),)
        words = st.sampled_from(WORDS[:1] + WORDS[3:4] if strong else WORDS)
        items = []
        for word in draw(st.lists(words, max_size=3, unique=strong)):
            if strong and word in history.there.values():
                continue
            history.there[history.next] = word
            items.append(history.entry(history.next, draw(FLAGS), whole=draw(st.booleans())))
            history.next += 1
        history.batches.append(Batch(tuple(items), patches, removed))
    last = tuple(history.entry(uid, draw(FLAGS), whole=True) for uid in history.there)
    return [*history.batches, Batch(last)]


@st.composite
def two_orders(draw: Any) -> tuple[dict[str, list[Batch]], list[str], list[str]]:
    """The same commits of three folders in two interleavings."""
    strong = draw(st.booleans())
    histories = {name: draw(folder_histories(name, strong=strong)) for name in FOLDERS}
    turns = [name for name, batches in histories.items() for _ in batches]
    return histories, draw(st.permutations(turns)), draw(st.permutations(turns))


def _end(histories: dict[str, list[Batch]], turns: list[str]) -> Shelf:
    db = open_file(None)
    try:
        _play(db, histories, turns)
        return [item for item in shelf(db) if item[1]]
    finally:
        db.close()


def _play(db: sqlite3.Connection, histories: dict[str, list[Batch]], turns: list[str]) -> None:
    rounds.register(db, "fake:default", "me@example.org")
    left = {name: iter(batches) for name, batches in histories.items()}
    for name in turns:
        commit(db, "fake:default", name, "email", next(left[name]), BEGINNING)


@given(two_orders())
@settings(max_examples=400, deadline=None)
def test_any_interleaving_of_commits_gives_the_same_end_state(
    orders: tuple[dict[str, list[Batch]], list[str], list[str]],
) -> None:
    histories, one, other = orders

    assert canonical(_end(histories, one)) == canonical(_end(histories, other))


@st.composite
def imap_stories(draw: Any) -> list[str]:
    """Things that happen at an IMAP server, and rounds that may die."""
    place = st.tuples(st.sampled_from(["INBOX", "Archive"]), st.integers(0, 9))
    event = st.one_of(
        st.tuples(st.just("append"), st.sampled_from(["INBOX", "Archive"]), st.sampled_from(WORDS)),
        st.tuples(st.sampled_from(["expunge", "seen", "unseen", "flag"]), place),
        st.tuples(st.sampled_from(["move", "copy"]), place, st.sampled_from(["INBOX", "Archive"])),
        st.tuples(st.just("reset"), st.sampled_from(["INBOX", "Archive"])),
        _rounds(["INBOX", "Archive"]),
    )
    return draw(st.lists(event, min_size=3, max_size=20))  # type: ignore[no-any-return]


def _rounds(folders: list[str]) -> st.SearchStrategy[Any]:
    fate = st.one_of(st.just(""), st.tuples(st.sampled_from(["stop", "lose"]), st.integers(1, 4)))
    return st.tuples(st.just("sync"), st.permutations(folders), fate)


async def _play_at_random(story: Story, events: list[Any]) -> None:
    for verb, *rest in events:
        if verb == "sync":
            order, fate = rest
            words = [*order, "/", fate[0], str(fate[1])] if fate else order
            await story.sync(list(words))
        else:
            _happen(story.server, verb, rest)
    await story.sync([])
    await story.sync([])


def _happen(server: Any, verb: str, rest: list[Any]) -> None:
    """Let an event happen to a mail that is there, else not at all."""
    if verb in {"append", "reset"}:
        getattr(server, verb)(*rest)
        return
    (folder, number), *more = rest
    uids = sorted(server.folders[folder].mails)
    if uids:
        getattr(server, verb)(folder, str(uids[number % len(uids)]), *more)


@given(imap_stories())
@settings(max_examples=60, deadline=None)
def test_what_is_on_a_server_without_deltas_is_what_is_stored(events: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story("imap", Path(folder) / "store.db")
        asyncio.run(_play_at_random(story, events))
        found: Shelf = asyncio.run(story.read(shelf))

    assert _by_place(found) == _model(story.server)
    assert all(len(_folders(places)) == len(places) for _, places, _ in found)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_what_is_behind_delta_links_is_what_is_stored(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        story = Story("graph", Path(folder) / "store.db")
        asyncio.run(_play_graph(story, data))
        found: Shelf = asyncio.run(story.read(shelf))

    assert _by_place(found) == _model(story.server)
    assert len(found) == len(story.server.mails)


async def _play_graph(story: Story, data: st.DataObject) -> None:
    server, folders = story.server, ["inbox", "archive"]
    for number in range(data.draw(st.integers(3, 20))):
        verb = data.draw(st.sampled_from(["put", "move", "delete", "read", "expire", "sync"]))
        if verb == "put":
            server.put(data.draw(st.sampled_from(folders)), f"g{number}", f"mail{number}")
        elif verb == "expire":
            server.expire(data.draw(st.sampled_from(folders)))
        elif verb == "sync":
            _, order, fate = data.draw(_rounds(folders))
            await story.sync([*order, "/", fate[0], str(fate[1])] if fate else list(order))
        elif server.mails:
            id = data.draw(st.sampled_from(sorted(server.mails)))
            to = [data.draw(st.sampled_from(folders))] if verb == "move" else []
            getattr(server, verb)(id, *to)
    await story.sync([])
    await story.sync([])


def _by_place(found: Shelf) -> dict[str, tuple[str, frozenset[str]]]:
    """Word and flags at every place; a place that two items claim would show in the counts."""
    return {
        place: (word, frozenset(f.partition("+")[2] for f in flags if f.startswith(f"{place} ")))
        for word, places, flags in found
        for place in places
    }


def _model(server: Any) -> dict[str, tuple[str, frozenset[str]]]:
    return {f"{folder}/{key}": (word, flags) for word, folder, key, flags in server.places()}


def _folders(places: tuple[str, ...]) -> set[str]:
    return {place.rpartition("/")[0] for place in places}
