#!/bin/sh
# Runs every fuzz target of the repository, one after the other: sh tools/fuzz.sh 20s
# A finding is written under the package's testdata/fuzz; commit it with the fix.
set -eu

duration=${1:?how long each target runs, such as 20s}
go=${GO:-go}

# One line a target: directory and name.
targets=$(
	grep -rE --include='*_test.go' --exclude-dir=node_modules --exclude-dir=testdata --exclude-dir='.?*' \
		'^func Fuzz[A-Za-z0-9_]+\(' . |
		sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]+)\(.*|\1 \2|' | sort
)
if [ -z "$targets" ]; then
	echo "No fuzz target was found." >&2
	exit 1
fi

failed=
while read -r directory name; do
	echo "== $directory $name"
	"$go" test -run '^$' -fuzz "^$name\$" -fuzztime "$duration" "$directory" </dev/null || failed="$failed $directory/$name"
done <<EOF
$targets
EOF

if [ -n "$failed" ]; then
	echo "Failed:$failed" >&2
	exit 1
fi
