"""Published collections: releases in a folder that any web server, bucket or share serves."""
