from . import test_failover
