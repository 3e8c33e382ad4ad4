"""The web: pages for officers and a REST interface for programs."""
