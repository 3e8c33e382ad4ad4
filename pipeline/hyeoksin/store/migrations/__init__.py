"""Alembic's folder: ``env`` runs the revisions of ``versions`` on the connection that the store hands over."""
