"""The version of Penstock, written once."""

VERSION = "0.1.0"
