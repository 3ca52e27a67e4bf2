"""Every key in the bucket is spelled here, and nowhere else.

The layout is DESIGN section 6. `prefix` is the folder inside the bucket that belongs to this install,
empty where the whole bucket does; `workspace` is a workspace's name.
"""

from __future__ import annotations

from monitor.domain.key_escape import BadKey, check_key, escape_segment, unescape_segment

FORMAT = "FORMAT"
WRITER = "writer"
SEQ_DIGITS = 20


def under(prefix: str, *parts: str) -> str:
    """Parts joined by `/` below `prefix` (which may be empty)."""
    return "/".join((prefix, *parts) if prefix else parts)


def format_key(prefix: str) -> str:
    """What says which format this repository has, and its id."""
    return under(prefix, FORMAT)


def writer_key(prefix: str) -> str:
    """Who writes here: install id, epoch, nonce."""
    return under(prefix, WRITER)


def workspace_prefix(prefix: str, workspace: str) -> str:
    """Where everything of one workspace is, with the closing `/`."""
    return under(prefix, workspace, "")


def history_prefix(prefix: str, workspace: str) -> str:
    return under(prefix, workspace, "history", "")


def packs_prefix(prefix: str, workspace: str) -> str:
    return under(prefix, workspace, "history", "packs", "")


def pack_key(prefix: str, workspace: str, sha256: str) -> str:
    return packs_prefix(prefix, workspace) + sha256


def bases_prefix(prefix: str, workspace: str) -> str:
    return under(prefix, workspace, "history", "bases", "")


def base_key(prefix: str, workspace: str, sha256: str) -> str:
    return bases_prefix(prefix, workspace) + sha256


def revisions_prefix(prefix: str, workspace: str) -> str:
    return under(prefix, workspace, "history", "revisions", "")


def revision_key(prefix: str, workspace: str, seq: int) -> str:
    """20 digits, so that the order of keys is the order of revisions."""
    if not 0 <= seq < 10**SEQ_DIGITS:
        raise ValueError(f"a revision number has at most {SEQ_DIGITS} digits and no sign: {seq}")
    return f"{revisions_prefix(prefix, workspace)}{seq:0{SEQ_DIGITS}}"


def revision_seq(key: str) -> int:
    """The number in a revision's key; raises `ValueError` for any other key."""
    digits = key.rpartition("/")[2]
    if len(digits) != SEQ_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"not the key of a revision: {key!r}")
    return int(digits)


def names_prefix(prefix: str, workspace: str) -> str:
    return under(prefix, workspace, "history", "names", "")


def name_key(prefix: str, workspace: str, name: str) -> str:
    """A snapshot's name as one segment: a `/` in it is escaped too."""
    segment = "%2F".join(map(escape_segment, name.split("/")))
    key = names_prefix(prefix, workspace) + segment
    check_key(key)
    return key


def name_of(key: str) -> str:
    """The snapshot's name in a `name_key`."""
    return unescape_segment(key.rpartition("/")[2])


def mirror_state_key(prefix: str, workspace: str) -> str:
    """Which revision the mirror has reached."""
    return under(prefix, workspace, "history", "mirror")


def condemned_key(prefix: str, workspace: str) -> str:
    """What may be removed soon, and must not be relied on any more."""
    return under(prefix, workspace, "history", "condemned")


def confirmed_key(prefix: str, workspace: str) -> str:
    """Up to which revision a person has confirmed mass deletions."""
    return under(prefix, workspace, "history", "confirmed")


def mirror_prefix(prefix: str, workspace: str) -> str:
    return under(prefix, workspace, "live", "")


def mirror_key(prefix: str, workspace: str, path: str) -> str:
    """Where the mirror keeps the file `path` (relative, `/` between segments, `os.fsdecode`d).

    Raises `BadKey` where no key can hold it (longer than 1,024 bytes once escaped, or not a plain
    relative path): it then is in the history only.
    """
    segments = path.split("/")
    if not all(segments) or not {".", ".."}.isdisjoint(segments):
        raise BadKey(f"{path!r} cannot be mirrored: it is not a plain relative path.")
    key = mirror_prefix(prefix, workspace) + "/".join(map(escape_segment, segments))
    check_key(key)
    return key


def mirror_path(prefix: str, workspace: str, key: str) -> str:
    """The path `mirror_key` was given; raises `ValueError` for a key outside this mirror.

    A key some other tool put there is read generously, and may not turn back into the same key. A name
    that unescapes to `..` or to something with a `/` in it is refused: it would leave its folder.
    """
    start = mirror_prefix(prefix, workspace)
    segments = [unescape_segment(s) for s in key.removeprefix(start).split("/")]
    odd = any(not s or s in {".", ".."} or "/" in s or "\0" in s for s in segments)
    if odd or not key.startswith(start):
        raise ValueError(f"not the key of a mirrored file: {key!r}")
    return "/".join(segments)
