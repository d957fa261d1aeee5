#!/bin/sh
# Collect, compose, deploy and rename, on the sample beside this script, in ./.demo.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
demo=$(dirname "$here")/.demo
rm -rf "$demo"
mkdir -p "$demo/project"
cd "$demo"
unset HOLDALL_COLLECTION HOLDALL_DATABASE_URL HOLDALL_PLUGINS
cp -R "$here/sample" sample

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}
say() {
    printf '\n# %s\n' "$*"
}

say "What is in the sample? (nothing is written)"
run holdall scan sample

say "Take it into a collection: every artifact gets a permanent UUID."
run holdall init my-kit
cd my-kit
run holdall collect ../sample
run holdall list

say "Bundle some of it, and deploy the bundle into a project."
run holdall composite create starter \
    --member skill:plain-prose --member skill:commit-message \
    --member command:git-care:git:commit --member agent:reviewer
run holdall tree starter
run holdall deploy composite:starter --to ../project
run find ../project/.claude -type f
run cat ../project/.claude/.skillmeat-deployed.toml

say "Rename a member. Its UUID, the bundle and the project follow."
run holdall rename skill:plain-prose skill:clear-prose
run holdall tree starter
run holdall associations skill:clear-prose
run holdall deploy --to ../project
run find ../project/.claude/skills -type f
run holdall status --to ../project

say "Deploying again touches nothing."
run holdall deploy composite:starter --to ../project
