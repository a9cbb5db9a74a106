"""logsumexp: what it refuses; its values are compared in test_core_network.py."""

import refused_arguments


@refused_arguments.each("rules.logsumexp")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)
