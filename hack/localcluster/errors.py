"""The one error that the local cluster reports to its user."""


class ClusterError(Exception):
    """Something the user has to know or decide; the message says what and which ways out there are."""
