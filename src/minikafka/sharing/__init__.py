"""Share groups, the broker's side (KIP-932): which record of a partition is in whose hands, and what became of it.

A share group reads a partition together: a record is acquired by one member, for a time (a delivery lock), and then
accepted, rejected, or given back for another. ``SharePartition`` keeps that for one group and partition; what outlives
the broker goes to the persister (``Persister``), which the share coordinator is.
"""
