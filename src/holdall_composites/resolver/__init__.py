"""The service: composites by `type:name`, what they lead to, and changes of what they contain."""
