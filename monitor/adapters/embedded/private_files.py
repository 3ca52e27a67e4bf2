"""Files and folders only their owner may read, written only when they change."""

from __future__ import annotations

from pathlib import Path

from monitor.adapters.state_files import write_atomic


def private_folder(path: Path) -> Path:
    """Make the folder if needed, for its owner alone."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Have exactly `text` in `path`, mode 0600, replaced whole or not at all."""
    try:
        same = path.read_text() == text and path.stat().st_mode & 0o777 == 0o600
    except (OSError, UnicodeDecodeError):
        same = False
    if not same:
        write_atomic(path, text.encode())
