"""Values of the plugin: records, requests, UUIDs, pages."""
