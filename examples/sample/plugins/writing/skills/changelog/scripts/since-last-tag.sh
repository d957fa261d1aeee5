#!/bin/sh
# Print the subject of every commit since the newest tag, or of all commits if there is none.
set -eu
tag=$(git describe --tags --abbrev=0 2>/dev/null || true)
git log --no-merges --format='%h %s' ${tag:+"$tag"..HEAD}
