"""The nouns and the pure decisions: records, digests, statistics, comparison, gate.

Nothing here touches a file, a clock, the environment, the network, a terminal or unseeded chance.
"""
