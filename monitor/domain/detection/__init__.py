"""Detection: from a folder's paths and manifests to what it is and how it runs, with the evidence.

`wanted_paths(tree)` says what to read, `detect(tree, texts, config)` answers. Pure: nothing is read, run or imported.
"""

from monitor.domain.detection.decide import detect
from monitor.domain.detection.reading import MAX_BYTES, MAX_TEXTS, wanted, wanted_paths
from monitor.domain.detection.result import Detection
from monitor.domain.detection.table import TABLE

__all__ = ["MAX_BYTES", "MAX_TEXTS", "TABLE", "Detection", "detect", "wanted", "wanted_paths"]
