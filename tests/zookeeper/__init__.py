"""Tests of the stand-in for ZooKeeper."""
