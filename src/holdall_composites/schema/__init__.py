"""The schema's history: migrations, and drift between models and database."""
