"""Whether what is remembered of a workspace's remote is about the folder that has its name now.

A folder may be replaced while no monitor runs. What the earlier one had pulled would decide which of the new one's
files are removed, and a push would put the new one in the earlier one's place at the remote.
"""

from __future__ import annotations

from monitor.services.git.means import Means

ANOTHER = "another folder is called {} now: it does not follow the remote of the one before"


async def replaced(means: Means, name: str, identity: tuple[int, int, int]) -> bool:
    """Forget what was of another folder; whether it was. A folder moved to another disk still follows its remote,
    but what it began with is unknown then."""
    known = means.book.of(name)
    device, inode, born = identity
    if not known.folder or known.folder[1:] == (inode, born):
        return False
    if known.folder[0] != device:
        means.book.note(name, folder=identity, pulled=None)
        return False
    means.book.forget(name)
    await means.git.forget(name)
    return True
