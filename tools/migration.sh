#!/bin/sh
# Writes the SQL that takes a migrated database to the entities: sh tools/migration.sh add_badges
# It needs LYCEUM_TEST_DATABASE_URL, a superuser's, where it makes a scratch database; `make migration` starts
# a server for it.
set -eu

name=${1:?name the migration, such as add_badges}
server=${LYCEUM_TEST_DATABASE_URL:?a superuser URL of a server that may be filled}
go=${GO:-go}

host=$(printf '%s' "$server" | sed -E 's|^[a-z]+://([^@/]*@)?([^/?]+).*$|\2|')
scratch="$host/lyceum_scratch_$$?sslmode=disable"
export DATABASE_URL="postgres://lyceum_app:scratch@$scratch"
export LYCEUM_MIGRATE_DATABASE_URL="postgres://lyceum_owner:scratch@$scratch"

"$go" run ./cmd/lyceum migrate --create-roles="$server"
"$go" run ./ent/migrate/diff "$name" "$LYCEUM_MIGRATE_DATABASE_URL"

echo "Rename the new file to the next number, read it, and add what ent does not model:"
echo "row-level security, keys that carry the tenant, grants."
git status --short -- ent/migrate/sql
