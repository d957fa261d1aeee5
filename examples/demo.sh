#!/bin/sh
# Collect, compose, deploy and rename, on the sample beside this script, in ./.demo.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
demo=$(dirname "$here")/.demo
rm -rf "$demo"
mkdir -p "$demo/project"
cd "$demo"
unset KITBAG_COLLECTION KITBAG_DATABASE_URL KITBAG_PLUGINS
cp -R "$here/sample" sample

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}
say() {
    printf '\n# %s\n' "$*"
}

say "What is in the sample? (nothing is written)"
run kitbag scan sample

say "Take it into a collection: every artifact gets a permanent UUID."
run kitbag init my-kit
cd my-kit
run kitbag collect ../sample
run kitbag list

say "Bundle some of it, and deploy the bundle into a project."
run kitbag composite create starter \
    --member skill:plain-prose --member skill:commit-message \
    --member command:git:commit --member agent:reviewer
run kitbag tree starter
run kitbag deploy composite:starter --to ../project
run find ../project/.claude -type f
run cat ../project/.claude/.skillmeat-deployed.toml

say "Rename a member. Its UUID, the bundle and the project follow."
run kitbag rename skill:plain-prose skill:clear-prose
run kitbag tree starter
run kitbag associations skill:clear-prose
run kitbag deploy --to ../project
run find ../project/.claude/skills -type f
run kitbag status --to ../project

say "Deploying again touches nothing."
run kitbag deploy composite:starter --to ../project
