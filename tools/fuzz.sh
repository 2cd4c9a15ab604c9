#!/bin/sh
# Runs the fuzz targets of the repository, two at a time: sh tools/fuzz.sh 20s
# A second argument narrows them to those whose directory or name it matches: sh tools/fuzz.sh 60s author/olx
#
# Each target says in one line what it did. A finding is written under the package's testdata/fuzz, and its file is
# named; commit it with the fix, so that every test run tries it again.
set -eu

go=${GO:-go}
at_once=2

# run_one runs the target, prints its line, and fails when it found something.
run_one() {
	duration=$1 directory=$2 name=$3
	if [ -z "$(ls "$directory/testdata/fuzz/$name" 2>/dev/null)" ]; then
		echo "FAIL $directory $name: no corpus is committed in $directory/testdata/fuzz/$name" >&2
		return 1
	fi
	said=$(mktemp)
	trap 'rm -f "$said"' EXIT
	started=$(date +%s)
	failed=
	# Shortening an input that does not behave the same twice would take a minute of the time each.
	"$go" test -run '^$' -fuzz "^$name\$" -fuzztime "$duration" -fuzzminimizetime 100x -parallel 1 "$directory" </dev/null >"$said" 2>&1 || failed=yes
	seconds=$(($(date +%s) - started))
	execs=$(sed -nE 's/.*, execs: ([0-9]+) .*/\1/p' "$said" | tail -1)
	interesting=$(sed -nE 's/.*new interesting: ([0-9]+) .*/\1/p' "$said" | tail -1)
	line="$directory $name: ${execs:-0} execs, ${interesting:-0} new interesting, $seconds s"
	if [ -z "$failed" ] && [ "${execs:-0}" -gt 0 ]; then
		echo "ok   $line"
		return
	fi
	# The Go fuzzer at times takes the end of its own time for a failure; of what it was given, nothing failed.
	if [ "${execs:-0}" -gt 0 ] && grep -qx '    context deadline exceeded' "$said" && ! grep -q 'Failing input' "$said"; then
		echo "ok   $line, ended by the clock"
		return
	fi
	finding=$(sed -nE 's/.*Failing input written to ([^ ]+).*/\1/p' "$said" | tail -1)
	{
		echo "FAIL $line${finding:+, found $directory/$finding}"
		cat "$said"
	} >&2
	return 1
}

if [ "${1:-}" = --one ]; then
	shift
	run_one "$@"
	exit
fi

duration=${1:?how long each target runs, such as 20s}

# One line a target: directory and name.
targets=$(
	grep -rE --include='*_test.go' --exclude-dir=node_modules --exclude-dir=testdata --exclude-dir='.?*' \
		'^func Fuzz[A-Za-z0-9_]+\(' . |
		sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]+)\(.*|\1 \2|' | sort | grep -E -e "${2:-.}"
) || {
	echo "No fuzz target was found." >&2
	exit 1
}

echo "$targets" | GO="$go" xargs -P "$at_once" -L 1 sh "$0" --one "$duration" || {
	echo "Fuzzing failed." >&2
	exit 1
}
