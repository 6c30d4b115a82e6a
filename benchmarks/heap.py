"""Memory of this process and of its JVM while something runs."""

import resource
import sys
import threading
from types import TracebackType
from typing import Any, Self

from pyspark.sql import SparkSession

# Linux counts the peak in kilobytes, macOS in bytes.
UNIT = 1024 if sys.platform != "darwin" else 1


def python_peak() -> int:
    """The most bytes that this process ever held, without its JVM."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT


class HeapWatch(threading.Thread):
    """Bytes of the JVM's heap, looked at five times a second until the block ends.

    Units: highest counts garbage too; after_collection is the most that was in use right after a collection.
    """

    def __init__(self, spark: SparkSession) -> None:
        super().__init__(daemon=True)
        self._java: Any = spark.sparkContext._jvm
        self._over = threading.Event()
        self.highest = self.after_collection = 0

    def __enter__(self) -> Self:
        self._java.java.lang.System.gc()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.join()
        self._java.java.lang.System.gc()
        self._look()

    def run(self) -> None:
        """Look until the block ends."""
        while not self._over.wait(0.2):
            self._look()

    def _look(self) -> None:
        now = after = 0
        for pool in self._java.java.lang.management.ManagementFactory.getMemoryPoolMXBeans():
            if pool.getCollectionUsage() is not None:
                now += pool.getUsage().getUsed()
                after += pool.getCollectionUsage().getUsed()
        self.highest, self.after_collection = max(self.highest, now), max(self.after_collection, after)
