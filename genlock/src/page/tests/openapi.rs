//! `docs/openapi.json` and the server, held against each other.
