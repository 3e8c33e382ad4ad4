"""The REST interface: ``/api/v1``, spoken in the JSON record, with errors as RFC 9457 problem details."""
