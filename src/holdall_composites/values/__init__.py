"""Values of the plugin: records, requests, UUIDs, graphs, pages."""
