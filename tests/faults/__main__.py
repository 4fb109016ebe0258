"""`make faults`: run every fault. `make faults ARGS="worker_kill redis_stop"` runs only the named faults.

The faults run one after the other. Each takes some minutes.
"""

from __future__ import annotations

import sys
import time

from tests.bench.rows import merge
from tests.faults import apart, clocks, embedded, failover, pairs, resources, rolling, servers, slow, stores, upgrade, workers
from tests.faults.figures import TARGET, Figure, table

FAULTS = {
    "worker_kill": workers.kill_rows,
    "worker_kill_30": workers.kill_30_rows,
    "worker_stop": workers.stop_rows,
    "server_kill": servers.kill_rows,
    "server_stop": servers.stop_rows,
    "redis_restart": stores.redis_restart_rows,
    "redis_stop": stores.redis_stop_rows,
    "postgres": stores.postgres_rows,
    "drain": embedded.rows,
    "rolling": rolling.rows,
    "upgrade": upgrade.rows,
    "slow_client": slow.rows,
    "net_redis": apart.redis_rows,
    "net_postgres": apart.postgres_rows,
    "net_worker": apart.worker_rows,
    "net_users": apart.users_rows,
    "bad_redis": apart.bad_redis_rows,
    "bad_postgres": apart.bad_postgres_rows,
    "bad_worker": apart.bad_worker_rows,
    "bad_users": apart.bad_users_rows,
    "split_brain": apart.split_rows,
    "clock": clocks.rows,
    "descriptors": resources.descriptor_rows,
    "memory": resources.memory_rows,
    "disk_full": resources.disk_rows,
    "postgres_full": resources.postgres_disk_rows,
    "redis_failover": failover.redis_rows,
    "postgres_failover": failover.postgres_rows,
    "pairs": pairs.rows,
}


def main(names: list[str]) -> None:
    unknown = set(names) - set(FAULTS)
    if unknown:
        sys.exit(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    found: list[Figure] = []
    for name in names or FAULTS:
        began = time.monotonic()
        print(f"{name} …", flush=True)
        figures = FAULTS[name]()
        merge(list(figures), TARGET)
        found += figures
        print(f"{table(figures)}\n({time.monotonic() - began:.0f} s)\n", flush=True)
    print(table(found))
    print(f"\nmerged into {TARGET}")


if __name__ == "__main__":
    main(sys.argv[1:])
